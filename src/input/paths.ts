import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { type LastackError, UnreadableInputError } from '../errors.ts';

/** A file that may be a capture. */
export interface CapturePath {
  readonly path: string;
  /** It was found in a directory: it may be something else than a capture, and then it is passed over. */
  readonly found: boolean;
}

/**
 * The files that `paths` stand for: a directory stands for the files in it, not for those of its own directories. More
 * than one are put in the order of their paths, so that the order on the command line changes nothing.
 */
export function expandPaths(paths: readonly string[], problems: LastackError[]): CapturePath[] {
  const files: CapturePath[] = [];
  for (const path of paths) {
    if (path === '-' || !isDirectory(path)) files.push({ path, found: false });
    else {
      try {
        for (const name of readdirSync(path))
          if (isFile(join(path, name))) files.push({ path: join(path, name), found: true });
      } catch (error) {
        problems.push(new UnreadableInputError(path, "the directory can't be read", { cause: error }));
      }
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function isDirectory(path: string): boolean {
  return kindOf(path)?.isDirectory() ?? false;
}

function isFile(path: string): boolean {
  return kindOf(path)?.isFile() ?? false;
}

/** What cannot be looked at is no directory; opening it will say why. */
function kindOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
