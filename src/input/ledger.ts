import type { CaptureComment, CaptureDecoder } from '../capture/decoder.ts';
import { NameTable } from '../capture/names.ts';
import type { LastackError } from '../errors.ts';

/** What is known about captures besides their records, gathered from all of them. */
export class Ledger {
  readonly problems: LastackError[] = [];
  readonly skipped: string[] = [];
  readonly names: NameTable = new NameTable();
  readonly comments: CaptureComment[] = [];

  /** Lets `decoder`, of the input at `file`, write its names and comments here; takes what it has gathered already. */
  adopt(decoder: CaptureDecoder, file: number): void {
    this.names.addAll(decoder.names);
    for (const comment of decoder.comments) this.comments.push({ ...comment, file });
    decoder.file = file;
    decoder.names = this.names;
    decoder.comments = this.comments;
  }
}
