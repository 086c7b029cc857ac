import type { Values } from './finding.ts';

type Value = Values[string] | undefined;

/** A duration of a finding's values: `0.31 ms`, `45 ms`, `2.5 s`, `4 min 10 s`, `2 h 3 min`. */
export function ms(value: Value): string {
  if (typeof value !== 'number' || Number.isNaN(value)) return 'an unknown time';
  if (value < 1) return `${Number(value.toPrecision(2))} ms`;
  if (value < 1000) return `${threeDigits(value)} ms`;
  const seconds = value / 1000;
  if (seconds < 100) return `${threeDigits(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return parts(whole, 60, 'min', 's');
  return parts(Math.round(seconds / 60), 60, 'h', 'min');
}

/** A number from 1 to 1000 with three digits that count. */
function threeDigits(value: number): number {
  const scale = value < 10 ? 100 : value < 100 ? 10 : 1;
  return Math.round(value * scale) / scale;
}

/** `1 segment`, `2 segments`. */
export function many(value: Value, one: string, several: string = `${one}s`): string {
  return value === 1 ? `1 ${one}` : `${String(value ?? 0).replace(/\B(?=(\d{3})+$)/g, ',')} ${several}`;
}

/** `1000, 2000`. */
export function list(value: Value): string {
  return Array.isArray(value) ? value.join(', ') : String(value ?? '');
}

/** `once`, `twice`, `3 times`. */
export function times(value: Value): string {
  if (value === 1) return 'once';
  return value === 2 ? 'twice' : `${value ?? 0} times`;
}

/** `the client` or `the server`. */
export function the(side: Value): string {
  return side === 'server' ? 'the server' : 'the client';
}

/** The end that is not this one. */
export function theOther(side: Value): string {
  return side === 'server' ? 'the client' : 'the server';
}

/** A text as the beginning of a sentence. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function parts(value: number, base: number, large: string, small: string): string {
  const rest = value % base;
  const whole = `${Math.floor(value / base)} ${large}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}
