import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * A path as the system takes it. Names of files are octets, and where they are not UTF-8, Node's arguments and listings hold
 * U+FFFD, under which there is no file: the one name is looked for that reads so. Where there are several, or none, the path
 * stays as it is.
 */
export function systemPath(path: string): string | Buffer {
  if (!path.includes('\ufffd') || existsSync(path)) return path;
  const folder = systemPath(dirname(path));
  const name = basename(path);
  const [found, ...others] = namesIn(folder).filter((octets) => octets.toString() === name);
  if (found === undefined || others.length > 0) return path;
  return Buffer.concat([Buffer.from(folder), Buffer.from('/'), found]);
}

function namesIn(folder: string | Buffer): readonly Buffer[] {
  try {
    return readdirSync(folder, { encoding: 'buffer' });
  } catch {
    return []; // opening the path will say why
  }
}
