import type { CaptureComment, CaptureDecoder } from '../capture/decoder.ts';
import type { InterfaceDescription } from '../capture/interface.ts';
import type { NameTable } from '../capture/names.ts';
import type { RecordView } from '../capture/record.ts';
import type { LastackError } from '../errors.ts';
import type { CaptureFile, InputSummary } from './capture-file.ts';
import type { CaptureSource } from './capture-source.ts';
import type { Ledger } from './ledger.ts';

/** One capture in its own order, even where its time goes back. */
export class SingleCapture implements CaptureSource {
  private readonly file: CaptureFile;
  private readonly decoder: CaptureDecoder;
  private readonly ledger: Ledger;
  private over = false;

  constructor(file: CaptureFile, ledger: Ledger) {
    this.file = file;
    this.decoder = file.decoder;
    this.ledger = ledger;
    ledger.adopt(file.decoder, 0);
  }

  next(record: RecordView): boolean {
    return this.decoder.next(record);
  }

  interfaceOf(record: RecordView): InterfaceDescription {
    return this.decoder.interfaceOf(record);
  }

  async fill(): Promise<boolean> {
    if (this.over) return false;
    if (await this.file.fill()) return true;
    this.close();
    if (this.file.problem) this.ledger.problems.push(this.file.problem);
    return false;
  }

  /** A file whose header can't be read is no input. */
  get inputs(): readonly InputSummary[] {
    return this.file.problem?.code === 'unreadable-input' ? [] : [this.file.summary()];
  }

  get problems(): readonly LastackError[] {
    return this.ledger.problems;
  }

  get skipped(): readonly string[] {
    return this.ledger.skipped;
  }

  get names(): NameTable {
    return this.ledger.names;
  }

  get comments(): readonly CaptureComment[] {
    return this.ledger.comments;
  }

  get dropped(): number {
    return this.decoder.dropped;
  }

  get position(): number {
    return this.file.position;
  }

  get totalBytes(): number | null {
    return this.file.size;
  }

  close(): void {
    this.over = true;
    this.file.close();
  }

  stop(problem: LastackError): void {
    this.ledger.problems.push(problem);
    this.close();
  }
}
