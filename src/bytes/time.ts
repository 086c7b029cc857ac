import type { ByteWriter } from './writer.ts';

/**
 * Writes times as RFC 3339 has them, in UTC with nine fractional digits: `2026-11-22T13:09:21.056952000Z`.
 * The text of the last second is kept, since most times of a capture follow each other closely.
 */
export class UtcTimes {
  private second = Number.NaN;
  private readonly text: Uint8Array = new Uint8Array(32);
  private textLength = 0;

  /**
   * @param seconds whole seconds since 1970-01-01T00:00Z, negative before it
   * @param nanoseconds 0 to 999,999,999
   */
  write(out: ByteWriter, seconds: number, nanoseconds: number): void {
    if (seconds !== this.second) this.prepare(out, seconds);
    out.copy(this.text, 0, this.textLength);
    out.padded(nanoseconds, 9);
    out.byte(0x5a);
  }

  /** Writes the second's text with `out` itself, keeps it, and takes it back. */
  private prepare(out: ByteWriter, seconds: number): void {
    const start = out.length;
    const days = Math.floor(seconds / 86_400);
    const inDay = seconds - days * 86_400;
    const date = civil(days);
    if (date.year < 0) out.byte(0x2d);
    const year = Math.abs(date.year);
    if (year > 9999) out.unsigned(year);
    else out.padded(year, 4);
    out.byte(0x2d);
    out.padded(date.month, 2);
    out.byte(0x2d);
    out.padded(date.day, 2);
    out.byte(0x54);
    out.padded(Math.floor(inDay / 3600), 2);
    out.byte(0x3a);
    out.padded(Math.floor(inDay / 60) % 60, 2);
    out.byte(0x3a);
    out.padded(inDay % 60, 2);
    out.byte(0x2e);
    this.textLength = out.length - start;
    for (let i = 0; i < this.textLength; i++) this.text[i] = out.bytes[start + i]!;
    out.length = start;
    this.second = seconds;
  }
}

/** A day of the (proleptic) Gregorian calendar; month and day count from 1. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The date of a day counted from 1970-01-01. Years begin in March inside, so that the leap day comes last. */
export function civil(days: number): CivilDate {
  const fromMarch = days + 719_468;
  const era = Math.floor(fromMarch / 146_097);
  const dayOfEra = fromMarch - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * march + 2) / 5) + 1,
  };
}
