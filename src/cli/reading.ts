import type { Analysis } from '../analyze.ts';
import { RecordView } from '../capture/record.ts';
import type { CaptureSource } from '../input/capture-source.ts';
import { startProgress } from './progress.ts';

/**
 * Gives every record of the source to the analysis, with a progress bar where one is wanted, until the end or Ctrl-C.
 * Answers whether it was interrupted. The analysis is over afterwards: every flow has been handed on.
 */
export async function readAll(source: CaptureSource, analysis: Analysis, progressWanted: boolean): Promise<boolean> {
  const record = new RecordView();
  const interruption = new Interruption();
  const progress = await startProgress(progressWanted);
  try {
    for (;;) {
      while (source.next(record)) analysis.take(record);
      progress.update(source.position, source.totalBytes, analysis.records);
      if (!(await Promise.race([source.fill(), interruption.promise]))) break;
    }
  } finally {
    progress.stop();
    interruption.forget();
    source.close();
  }
  analysis.end();
  return interruption.happened;
}

/** The first Ctrl-C ends reading; a second one ends the program, as it would without us. */
class Interruption {
  happened = false;
  /** Resolves to false when it happens, which `fill` answers at the end of the capture too. */
  readonly promise: Promise<false>;
  private readonly listener: () => void;

  constructor() {
    let resolve: (value: false) => void = () => {};
    this.promise = new Promise<false>((resolved) => {
      resolve = resolved;
    });
    this.listener = () => {
      this.happened = true;
      resolve(false);
    };
    process.once('SIGINT', this.listener);
  }

  forget(): void {
    process.removeListener('SIGINT', this.listener);
  }
}
