import { closeSync, openSync, statSync } from 'node:fs';
import { ByteWriter } from '../bytes/writer.ts';
import { UsageError } from '../errors.ts';
import { reasonOf } from '../input/reason.ts';
import { systemPath } from '../input/system-path.ts';
import { printable } from './problems.ts';
import { isTerminal, STDOUT, writeFully } from './standard.ts';

/** Whoever read the output has gone away (`lastack … | head`): nothing is left to do, and nothing is wrong. */
export class ReaderGoneError extends Error {
  override readonly name = 'ReaderGoneError';
}

/** Where results go: standard output or a file, in big writes. */
export class Output {
  /** Write here; then call `flushIfFull`, and `close` at the end. */
  readonly out: ByteWriter = new ByteWriter(FULL * 2);
  private readonly fd: number;
  private readonly name: string;

  /**
   * @param path a file; undefined or `-` for standard output
   * @param inputs paths of the captures, also of those in directories: none of them may be overwritten
   */
  constructor(path: string | undefined, inputs: readonly string[]) {
    this.name = isStandard(path) ? 'standard output' : path;
    if (isStandard(path)) this.fd = STDOUT;
    else {
      if (inputs.some((input) => isSameFile(input, path)))
        throw new UsageError(`${printable(path)}: is one of the captures`);
      try {
        this.fd = openSync(path, 'w');
      } catch (error) {
        throw new UsageError(`${printable(path)}: can't be written: ${reasonOf(error)}`, { cause: error });
      }
    }
  }

  /** Whether a person reads along. */
  get isTerminal(): boolean {
    return this.fd === STDOUT && isTerminal(STDOUT);
  }

  flushIfFull(): void {
    if (this.out.length >= FULL) this.flush();
  }

  flush(): void {
    this.writeAll(this.out.bytes, this.out.length);
    this.out.length = 0;
  }

  close(): void {
    this.flush();
    if (this.fd !== STDOUT) closeSync(this.fd);
  }

  private writeAll(bytes: Uint8Array, length: number): void {
    try {
      writeFully(this.fd, bytes, length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') throw new ReaderGoneError();
      throw new UsageError(`${printable(this.name)}: can't be written: ${reasonOf(error)}`, { cause: error });
    }
  }
}

/** Octets after which they are written. */
const FULL = 1 << 16;

function isStandard(path: string | undefined): path is undefined | '-' {
  return path === undefined || path === '-';
}

function isSameFile(a: string, b: string): boolean {
  if (a === '-') return false;
  const first = statSync(systemPath(a), { throwIfNoEntry: false });
  const second = statSync(systemPath(b), { throwIfNoEntry: false });
  return (
    first !== undefined &&
    second !== undefined &&
    first.isFile() &&
    first.ino === second.ino &&
    first.dev === second.dev
  );
}
