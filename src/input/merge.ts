import type { CaptureComment } from '../capture/decoder.ts';
import type { InterfaceDescription } from '../capture/interface.ts';
import type { NameTable } from '../capture/names.ts';
import { compareRecords } from '../capture/order.ts';
import { RecordView } from '../capture/record.ts';
import { type LastackError, UnreadableInputError } from '../errors.ts';
import { CaptureFile, type CaptureFileOptions, type InputSummary } from './capture-file.ts';
import type { CaptureSource } from './capture-source.ts';
import type { Ledger } from './ledger.ts';

/**
 * Several captures as one, merged by timestamp; a file whose own times go back gives its records in its own order.
 *
 * A file is opened when its first record is due and closed after its last, so that a directory of rotated files needs one
 * window at a time.
 */
export class MergedCaptures implements CaptureSource {
  /** In the order of their paths. */
  private readonly all: readonly MergeInput[];
  /** Not yet open (again), the latest first, so that the next one is the last. */
  private readonly waiting: MergeInput[] = [];
  /** Open, with the next record of each read: a binary heap, the earliest at the root. */
  private readonly heap: MergeInput[] = [];
  /** The root's record was given, so its next one must be read before anything else. */
  private given = false;
  private frame = 0;
  private readonly options: CaptureFileOptions;
  private readonly ledger: Ledger;

  /** @param inputs each with its first record read, in the order of their paths */
  constructor(inputs: readonly MergeInput[], options: CaptureFileOptions, ledger: Ledger) {
    this.options = options;
    this.ledger = ledger;
    this.all = inputs.filter((input) => input.readable);
    this.all.forEach((input, index) => {
      input.index = index;
      if (input.first === null) this.retire(input);
      else if (input.hasToStayOpen) this.adopt(input);
      else {
        input.park();
        this.waiting.push(input);
      }
    });
    for (const input of inputs) if (!input.readable && input.problem) ledger.problems.push(input.problem);
    this.waiting.sort((a, b) => compareTimes(b.first!, a.first!) || b.index - a.index);
  }

  next(record: RecordView): boolean {
    const root = this.heap[0];
    if (this.given) {
      if (!root!.readNext()) return false;
      this.given = false;
      this.siftDown();
    }
    const earliest = this.heap[0];
    if (earliest === undefined || this.isDue(earliest)) return false;
    record.copy(earliest.head);
    record.file = earliest.index;
    this.frame += record.fileFrame - earliest.counted;
    earliest.counted = record.fileFrame;
    record.frame = this.frame;
    this.given = true;
    return true;
  }

  interfaceOf(record: RecordView): InterfaceDescription {
    return this.all[record.file]!.file!.decoder.interfaceOf(record);
  }

  async fill(): Promise<boolean> {
    const root = this.heap[0];
    if (this.given && root) {
      if (await root.fill()) return true;
      this.given = false;
      this.removeRoot();
      this.retire(root);
    } else if (this.waiting.length > 0) await this.openNext();
    return this.heap.length > 0 || this.waiting.length > 0;
  }

  /** Whether a file must be opened before the record of `earliest` can be given. */
  private isDue(earliest: MergeInput): boolean {
    const next = this.waiting.at(-1);
    return next !== undefined && compareTimes(next.first!, earliest.head) <= 0;
  }

  private async openNext(): Promise<void> {
    const input = this.waiting.pop()!;
    try {
      await input.reopen(this.options);
    } catch (error) {
      if (!(error instanceof UnreadableInputError)) throw error;
      this.ledger.problems.push(error);
      return;
    }
    if (input.first === null) this.retire(input);
    else this.adopt(input);
  }

  private adopt(input: MergeInput): void {
    this.ledger.adopt(input.file!.decoder, input.index);
    this.heap.push(input);
    this.siftUp();
  }

  private retire(input: MergeInput): void {
    this.frame += input.records - input.counted;
    input.counted = input.records;
    if (input.problem) this.ledger.problems.push(input.problem);
    input.close();
  }

  private removeRoot(): void {
    const last = this.heap.pop()!;
    if (this.heap.length === 0) return;
    this.heap[0] = last;
    this.siftDown();
  }

  private siftDown(): void {
    const heap = this.heap;
    const input = heap[0]!;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compareInputs(heap[child + 1]!, heap[child]!) < 0) child++;
      if (compareInputs(input, heap[child]!) <= 0) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = input;
  }

  private siftUp(): void {
    const heap = this.heap;
    let place = heap.length - 1;
    const input = heap[place]!;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (compareInputs(heap[parent]!, input) <= 0) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = input;
  }

  get inputs(): readonly InputSummary[] {
    return this.all.map((input) => input.summary);
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
    return this.all.reduce((sum, input) => sum + input.dropped, 0);
  }

  get position(): number {
    return this.all.reduce((sum, input) => sum + input.position, 0);
  }

  get totalBytes(): number | null {
    return this.all.reduce<number | null>((sum, { size }) => (sum === null || size === null ? null : sum + size), 0);
  }

  close(): void {
    this.waiting.length = 0;
    this.heap.length = 0;
    this.given = false;
    for (const input of this.all) input.close();
  }

  stop(problem: LastackError): void {
    this.ledger.problems.push(problem);
    this.close();
  }
}

/** One of several captures: open, or to be opened when its time has come, or done with. */
export class MergeInput {
  readonly path: string;
  /** Position among the inputs. */
  index = 0;
  /** The time of the first record; null when there is none. */
  first: RecordTime | null = null;
  /** The next record, in the file's window. */
  readonly head: RecordView = new RecordView();
  /** `fileFrame` up to which the records are in the merged capture's count. */
  counted = 0;
  /** Null while not open. */
  file: CaptureFile | null;
  /** What is still to be known of a file that is not open. */
  private last: Known;

  constructor(file: CaptureFile) {
    this.path = file.path;
    this.file = file;
    this.last = known(file);
  }

  /** Reads the file up to its first record. */
  async readFirst(): Promise<void> {
    const file = this.file!;
    let there = file.decoder.next(this.head);
    while (!there && (await file.fill())) there = file.decoder.next(this.head);
    this.first = there ? { seconds: this.head.seconds, nanoseconds: this.head.nanoseconds } : null;
  }

  async reopen(options: CaptureFileOptions): Promise<void> {
    this.file = await CaptureFile.open(this.path, options);
    await this.readFirst();
  }

  readNext(): boolean {
    return this.file!.decoder.next(this.head);
  }

  fill(): Promise<boolean> {
    return this.file!.fill();
  }

  /** Whether at least the header of the file could be read. */
  get readable(): boolean {
    return this.problem?.code !== 'unreadable-input';
  }

  get hasToStayOpen(): boolean {
    return this.file !== null && !this.file.rereadable;
  }

  private get now(): Known {
    return this.file ? known(this.file) : this.last;
  }

  get problem(): LastackError | null {
    return this.now.problem;
  }

  get summary(): InputSummary {
    return this.now.summary;
  }

  get records(): number {
    return this.now.summary.records;
  }

  get dropped(): number {
    return this.now.dropped;
  }

  get position(): number {
    return this.now.position;
  }

  get size(): number | null {
    return this.now.size;
  }

  /** Closes the file and lets its window go. */
  close(): void {
    if (!this.file) return;
    this.last = known(this.file);
    this.file.close();
    this.file = null;
  }

  /** Closes a file of which only the first record was read: it is to be read again from its start. */
  park(): void {
    this.close();
    const summary = { ...this.last.summary, records: 0, sha256: null };
    this.last = { ...this.last, summary, dropped: 0, position: 0, problem: null };
  }
}

/** What is to be known of a file after it was closed. */
interface Known {
  readonly summary: InputSummary;
  readonly problem: LastackError | null;
  readonly dropped: number;
  readonly position: number;
  readonly size: number | null;
}

function known(file: CaptureFile): Known {
  const { decoder, position, size } = file;
  return { summary: file.summary(), problem: decoder.failed, dropped: decoder.dropped, position, size };
}

/** When a record was captured: as in RecordView. */
interface RecordTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

function compareTimes(a: RecordTime, b: RecordTime): number {
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds;
}

/** Records that are equal in all come in the order of their files' paths. */
function compareInputs(a: MergeInput, b: MergeInput): number {
  return compareRecords(a.head, b.head) || a.index - b.index;
}
