import { ACROSS } from './catalogue/across.ts';
import { CAPTURE } from './catalogue/capture.ts';
import { CLOSING } from './catalogue/closing.ts';
import { FORGED } from './catalogue/forged.ts';
import { LOSS } from './catalogue/loss.ts';
import { OPENING } from './catalogue/opening.ts';
import { QUIET } from './catalogue/quiet.ts';
import { RESETS } from './catalogue/resets.ts';
import { REUSE } from './catalogue/reuse.ts';
import type { CodeEntry, Entries, FindingKind } from './finding.ts';

/** The catalogue, in the order of a connection's life. A code is never renamed. */
export const PARTS: readonly { readonly title: string; readonly entries: Entries }[] = [
  { title: 'The capture itself', entries: CAPTURE },
  { title: 'Opening', entries: OPENING },
  { title: 'Closing', entries: CLOSING },
  { title: 'Resets', entries: RESETS },
  { title: 'TIME_WAIT and ports used again', entries: REUSE },
  { title: 'Living and dying quietly', entries: QUIET },
  { title: 'Not from whom it claims', entries: FORGED },
  { title: 'Loss and flow control', entries: LOSS },
  { title: 'Across flows', entries: ACROSS },
];

/** Every code, in that order. */
export const CODES: readonly string[] = PARTS.flatMap(({ entries }) => Object.keys(entries));

/** Every code and what it means, with the kind of findings that it stands for where the severity is the catalogue's. */
export const CATALOGUE: ReadonlyMap<string, CodeEntry & { readonly kind: FindingKind }> = new Map(
  PARTS.flatMap(({ entries }) => Object.entries(entries)).map(([code, entry], number) => [
    code,
    { ...entry, kind: { code, number, severity: entry.severity } },
  ]),
);

/** That kind. */
export function kindOf(code: string): FindingKind {
  return CATALOGUE.get(code)!.kind;
}
