import { putNine } from './digits.ts';
import type { ByteWriter } from './writer.ts';

/**
 * Writes times as RFC 3339 has them, in UTC with nine fractional digits: `2026-11-22T13:09:21.056952000Z`.
 * The text of the last second is kept, since most times of a capture follow each other closely.
 */
export class UtcTimes {
  private second = Number.NaN;
  private day = Number.NaN;
  /** The second's text, up to the point before the fraction, and its octets. */
  private readonly text: DataView = new DataView(new ArrayBuffer(40));
  private length = 0;
  /** Texts of moments written lately: a record names most of its moments more than once. */
  private readonly moments = new Float64Array(MOMENTS).fill(Number.NaN);
  private readonly texts = new Float64Array(MOMENTS * TEXT_EIGHTS);
  private base = Number.NaN;

  /** Writes the moment `nanoseconds` after `base`, which counts whole seconds since 1970-01-01T00:00Z. */
  writeSince(out: ByteWriter, base: number, nanoseconds: number): void {
    out.reserve(64);
    out.length = this.putSince(out.view, out.length, base, nanoseconds);
  }

  /** The same, from `view[at]` on; answers the first octet past it. Leave room for 64 octets. */
  putSince(view: DataView, at: number, base: number, nanoseconds: number): number {
    const { moments, texts } = this;
    const moment = (nanoseconds ^ (nanoseconds >>> 7)) & (MOMENTS - 1);
    const text = moment * TEXT_EIGHTS;
    if (moments[moment] === nanoseconds && base === this.base) {
      for (let i = 0; i < TEXT_EIGHTS; i++) view.setFloat64(at + i * 8, texts[text + i]!, true);
      return at + TEXT_LENGTH;
    }
    const end = this.putAnew(view, at, base, nanoseconds);
    if (end - at !== TEXT_LENGTH) return end;
    if (base !== this.base) {
      this.base = base;
      moments.fill(Number.NaN);
    }
    moments[moment] = nanoseconds;
    for (let i = 0; i < TEXT_EIGHTS; i++) texts[text + i] = view.getFloat64(at + i * 8, true);
    return end;
  }

  private putAnew(view: DataView, at: number, base: number, nanoseconds: number): number {
    if (Math.abs(nanoseconds) < COARSE) {
      const seconds = Math.floor(nanoseconds / 1e9);
      return this.put(view, at, base + seconds, nanoseconds - seconds * 1e9);
    }
    const microseconds = Math.round(nanoseconds / 1000);
    const seconds = Math.floor(microseconds / 1e6);
    return this.put(view, at, base + seconds, (microseconds - seconds * 1e6) * 1000);
  }

  /**
   * Writes the text of a second and its fraction from `view[at]` on.
   * @param seconds whole seconds since 1970-01-01T00:00Z, negative before it
   * @param nanoseconds 0 to 999,999,999
   */
  private put(view: DataView, at: number, seconds: number, nanoseconds: number): number {
    if (seconds !== this.second) this.prepare(seconds);
    const { text, length } = this;
    for (let i = 0; i < length; i += 8) view.setFloat64(at + i, text.getFloat64(i, true), true);
    const end = putNine(view, at + length, nanoseconds);
    view.setUint8(end, LETTER_Z);
    return end + 1;
  }

  private prepare(seconds: number): void {
    this.second = seconds;
    const day = Math.floor(seconds / 86_400);
    if (day !== this.day) {
      this.day = day;
      const date = `${dateText(day)}T00:00:00.`;
      this.length = date.length;
      for (let i = 0; i < date.length; i++) this.text.setUint8(i, date.charCodeAt(i));
    }
    const inDay = (seconds - day * 86_400) | 0;
    const minutes = (inDay / 60) | 0;
    const hours = (minutes / 60) | 0;
    this.twoDigits(9, hours);
    this.twoDigits(6, minutes - hours * 60);
    this.twoDigits(3, inDay - minutes * 60);
  }

  /** @param fromEnd how far before the end of the text they stand */
  private twoDigits(fromEnd: number, value: number): void {
    const tens = (value / 10) | 0;
    this.text.setUint8(this.length - fromEnd, 0x30 + tens);
    this.text.setUint8(this.length - fromEnd + 1, 0x30 + value - tens * 10);
  }
}

/**
 * From 834 days on not even microseconds, which are multiples of 8 ns, are exact in a double of nanoseconds: the digits behind
 * them would be noise.
 */
const COARSE = 2 ** 56;

/** How many moments are remembered; a power of two. */
const MOMENTS = 64;
/** Octets of a moment's text in years of four digits, and the doubles that hold them. */
const TEXT_LENGTH = 30;
const TEXT_EIGHTS = 4;
const LETTER_Z = 0x5a;

function dateText(day: number): string {
  const { year, month, day: dayOfMonth } = civil(day);
  const sign = year < 0 ? '-' : '';
  return `${sign}${String(Math.abs(year)).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(dayOfMonth)}`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
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

/** Nanoseconds, as times are in rows, in a millisecond and in a second. */
export const MS = 1e6;
export const SECOND = 1e9;
