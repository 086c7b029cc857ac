import type { MistakeAt } from './mistake.ts';
import type { TextValue } from './value.ts';

/** A point in time as records have it: UTC, nine digits. */
export function asTime<Cursor>(mistake: MistakeAt, literal: string): TextValue<Cursor> {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(literal);
  const milliseconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
  // Date takes 30 February for 2 March.
  const isDay =
    match !== null && new Date(`${match[1]!.slice(0, 10)}T00:00:00Z`).getUTCDate() === Number(match[1]!.slice(8, 10));
  if (!isDay || Number.isNaN(milliseconds)) throw mistake(`"${literal}" is no time like 2026-11-22T13:09:21.5Z`);
  const text = `${new Date(milliseconds).toISOString().slice(0, 19)}.${(match![2] ?? '').padEnd(9, '0')}Z`;
  return { type: 'text', get: () => text, isTime: true };
}
