import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DamagedCaptureError, type LastackError, UnreadableInputError, UsageError } from '../errors.ts';
import { openOctets } from './octets.ts';
import { reasonOf } from './reason.ts';
import { systemPath } from './system-path.ts';

/** Who may want no more. */
export interface Interruptible {
  /** What the work resolves to, or false when no more is wanted. */
  or<T>(work: T | Promise<T>): Promise<T | false>;
}

/**
 * Inputs that come only once (standard input, pipes), kept in temporary files so that they can be read again.
 * `close` removes them.
 */
export class StoredInputs {
  /** The file that holds an input's octets, by the input's path. */
  readonly files: Map<string, string> = new Map();
  private directory = '';
  /** The input that was not stored to its end. */
  private interrupted: string | null = null;

  /**
   * Stores each of `paths` that comes only once, up to its end or to the interruption. What can't be opened is
   * left to whoever opens it next.
   */
  async store(paths: readonly string[], interruption: Interruptible): Promise<void> {
    for (const path of paths) {
      if (comesOnce(path) && !this.files.has(path)) await this.storeOne(path, interruption);
    }
  }

  /** Of the problems of inputs those that are their own: what was interrupted is not cut short for that. */
  ownOf(problems: readonly LastackError[]): readonly LastackError[] {
    return problems.filter((problem) => {
      if (problem instanceof DamagedCaptureError)
        return problem.place.file !== this.interrupted || !problem.message.includes('cut short');
      return !(problem instanceof UnreadableInputError) || problem.file !== this.interrupted;
    });
  }

  /** Removes the temporary files. */
  close(): void {
    if (this.directory !== '') rmSync(this.directory, { recursive: true, force: true });
    this.directory = '';
  }

  private async storeOne(path: string, interruption: Interruptible): Promise<void> {
    const octets = new Uint8Array(1 << 18);
    const source = openOctets(path, { digest: false, sparing: false });
    let fd = -1;
    try {
      if (this.directory === '') this.directory = mkdtempSync(join(tmpdir(), 'lastack-'));
      const file = join(this.directory, `input-${this.files.size}`);
      fd = openSync(file, 'wx', 0o600);
      for (;;) {
        const count = await interruption.or(source.read(octets));
        if (count === false) this.interrupted = path;
        if (count === false || count === 0) break;
        for (let at = 0; at < count; ) at += writeSync(fd, octets, at, count - at);
      }
      this.files.set(path, file);
    } catch (error) {
      throw new UsageError(`${path}: can't be kept in ${tmpdir()} to be read twice: ${reasonOf(error)}`, {
        cause: error,
      });
    } finally {
      if (fd >= 0) closeSync(fd);
      source.close();
    }
  }
}

/** Whether an input can't be opened anew to be read from its beginning: standard input, a pipe. */
export function comesOnce(path: string): boolean {
  if (path === '-') return true;
  const found = statSync(systemPath(path), { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}
