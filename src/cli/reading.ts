import { RecordView } from '../capture/record.ts';
import { DamagedCaptureError } from '../errors.ts';
import type { CaptureSource } from '../input/capture-source.ts';
import { startProgress } from './progress.ts';

/** Who wants the records: the analysis, or whoever goes over them with it. */
export interface RecordTaker {
  take(record: RecordView): void;
  /** How many were taken. */
  readonly records: number;
  /** There are no more, or no more are wanted. */
  end(): void;
}

/**
 * Gives every record of the source to the taker, with a progress bar where one is wanted, until the end or Ctrl-C, or
 * until there is no more memory, which is a problem of the source then. Answers whether it was interrupted. The taker's `end` was called then, so that every flow has been handed on.
 */
export async function readAll(source: CaptureSource, taker: RecordTaker, progressWanted: boolean): Promise<boolean> {
  // Once all is loaded: what V8 compiled beforehand it takes only with the flags it started with.
  const octets = unpackedOctets(source);
  const limits = octets > FEW ? await import('./v8-limits.ts') : null;
  limits?.limitByOctets(octets);
  const record = new RecordView();
  const interruption = new Interruption();
  const progress = await startProgress(progressWanted);
  let limited = limits === null;
  try {
    for (;;) {
      while (source.next(record)) taker.take(record);
      progress.update(source.position, source.totalBytes, taker.records);
      if (!limited && taker.records > 0) {
        limited = true;
        limits?.limitByRecords(expectedRecords(source, taker.records));
      }
      if (!(await interruption.or(source.fill()))) break;
    }
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    const { file, fileFrame, offset } = record;
    const { path } = source.inputs[file]!;
    source.stop(new DamagedCaptureError('not enough memory to go on', { file: path, record: fileFrame, offset }));
  } finally {
    progress.stop();
    interruption.forget();
    source.close();
  }
  taker.end();
  return interruption.happened;
}

/** Whether the system had no room for an array to grow: so many flows are open at once. */
function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof RangeError && /^(Array buffer allocation failed|Invalid typed array length)/.test(error.message)
  );
}

/** Octets that are read before V8 compiles anything. */
const FEW = 1 << 16;

/** What is to be read in all, roughly; Infinity for a stream. */
function unpackedOctets({ totalBytes, inputs }: CaptureSource): number {
  if (totalBytes === null) return Number.POSITIVE_INFINITY;
  return inputs.some((input) => input.compression !== 'none') ? totalBytes * USUAL_COMPRESSION : totalBytes;
}

/** So many times less room do captures take when they are compressed. */
const USUAL_COMPRESSION = 4;

/** Roughly how many records there are in all, by the octets that the first ones took; Infinity for a stream. */
function expectedRecords({ position, totalBytes }: CaptureSource, records: number): number {
  return totalBytes === null ? Number.POSITIVE_INFINITY : (records * totalBytes) / position;
}

/** From the first wait on, the first Ctrl-C ends reading; a second one ends the program, as it would without us. */
export class Interruption {
  happened = false;
  private stop: (value: false) => void = () => {};
  private listener: (() => void) | undefined;

  /**
   * What the work resolves to, or false when the interruption comes first. One wait at a time. A race with one promise of
   * the interruption would keep something of every wait until the end.
   */
  or<T>(work: T | Promise<T>): Promise<T | false> {
    this.listen();
    return new Promise((resolve, reject) => {
      this.stop = resolve;
      if (this.happened) resolve(false);
      Promise.resolve(work).then(resolve, reject);
    });
  }

  forget(): void {
    if (this.listener) process.removeListener('SIGINT', this.listener);
  }

  private listen(): void {
    if (this.listener) return;
    this.listener = () => {
      this.happened = true;
      this.stop(false);
    };
    process.once('SIGINT', this.listener);
  }
}
