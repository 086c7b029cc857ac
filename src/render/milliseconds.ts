import type { ByteWriter } from '../bytes/writer.ts';

/** Writes nanoseconds as a number of milliseconds: all six decimals that are not trailing zeros, no exponent. */
export function writeMilliseconds(out: ByteWriter, nanoseconds: number): void {
  let rest = nanoseconds;
  if (rest < 0) {
    out.byte(MINUS);
    rest = -rest;
  }
  const whole = Math.floor(rest / 1e6);
  out.unsigned(whole);
  let fraction = (rest - whole * 1e6) | 0;
  if (fraction === 0) return;
  let digits = 6;
  if (fraction % 1000 === 0) {
    fraction = (fraction / 1000) | 0;
    digits = 3;
  }
  while (fraction % 10 === 0) {
    fraction = (fraction / 10) | 0;
    digits--;
  }
  out.byte(POINT);
  out.padded(fraction, digits);
}

const MINUS = 0x2d;
const POINT = 0x2e;
