import { meant } from '../bytes/nearest.ts';
import { UsageError } from '../errors.ts';
import { CATALOGUE } from '../findings/catalogue.ts';

/** The codes of findings that an option names. Throws UsageError for one that does not exist: it would match nothing. */
export function findingCodes(codes: readonly string[] | undefined): ReadonlySet<string> {
  for (const code of codes ?? []) if (!CATALOGUE.has(code)) throw noSuchCode(code);
  return new Set(codes);
}

/** A code that is in no catalogue, with the one that was probably meant, if there is one. */
export function noSuchCode(code: string): UsageError {
  const name = code.slice(0, 60);
  return new UsageError(`there is no finding "${name}"${meant(name, CATALOGUE.keys())} (lastack explain lists them)`);
}
