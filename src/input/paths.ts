import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { type LastackError, UnreadableInputError } from '../errors.ts';
import { systemPath } from './system-path.ts';

/** A file that may be a capture. */
export interface CapturePath {
  readonly path: string;
  /** The directory that it was found in: it may be something else than a capture, and then it is passed over. */
  readonly directory: string | null;
}

/** What a user's paths stand for. */
export interface CapturePaths {
  readonly files: readonly CapturePath[];
  /** The directories among them that could be read. */
  readonly directories: readonly string[];
}

/**
 * The files that `paths` stand for: a directory stands for the files in it, not for those of its own directories. More
 * than one are put in the order of their paths, so that the order on the command line changes nothing.
 */
export function expandPaths(paths: readonly string[], problems: LastackError[]): CapturePaths {
  const files: CapturePath[] = [];
  const directories: string[] = [];
  for (const path of paths) {
    if (path === '-' || !isDirectory(path)) files.push({ path, directory: null });
    else {
      try {
        for (const name of readdirSync(systemPath(path))) {
          const one = join(path, name);
          if (isFile(one)) files.push({ path: one, directory: path });
          else if (isOneOfSeveral(one)) problems.push(new UnreadableInputError(one, SEVERAL));
        }
        directories.push(path);
      } catch (error) {
        problems.push(new UnreadableInputError(path, "the directory can't be read", { cause: error }));
      }
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { files, directories };
}

function isDirectory(path: string): boolean {
  return kindOf(path)?.isDirectory() ?? false;
}

function isFile(path: string): boolean {
  return kindOf(path)?.isFile() ?? false;
}

/** Of several files whose names are not UTF-8 and read alike, none can be told from the others. */
function isOneOfSeveral(path: string): boolean {
  return path.includes('\ufffd') && typeof systemPath(path) === 'string' && kindOf(path) === undefined;
}

const SEVERAL = 'left out: its name is not UTF-8, and reads like that of another file';

/** What cannot be looked at is no directory; opening it will say why. */
function kindOf(path: string): Stats | undefined {
  try {
    return statSync(systemPath(path));
  } catch {
    return undefined;
  }
}
