import { ASCII } from './ascii.ts';
import type { ByteWriter } from './writer.ts';

/**
 * Writes a value as `JSON.stringify` would, `toJSON` included, without a string in between. Texts are mostly ASCII
 * without anything to escape, and written as they stand; others go by way of `JSON.stringify`.
 */
export function writeJsonValue(out: ByteWriter, value: unknown): void {
  switch (typeof value) {
    case 'string':
      writeString(out, value);
      return;
    case 'number':
      writeNumber(out, value);
      return;
    case 'boolean':
      out.ascii(value ? 'true' : 'false');
      return;
    case 'object':
      if (value === null) out.ascii('null');
      else if (Array.isArray(value)) writeList(out, value);
      else if (hasToJson(value)) writeJsonValue(out, value.toJSON());
      else writeObject(out, value);
      return;
    default:
      out.ascii('null');
  }
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}

function writeList(out: ByteWriter, list: readonly unknown[]): void {
  out.byte(ASCII.openBracket);
  for (let i = 0; i < list.length; i++) {
    if (i > 0) out.byte(ASCII.comma);
    writeJsonValue(out, list[i]);
  }
  out.byte(ASCII.closeBracket);
}

function writeObject(out: ByteWriter, object: object): void {
  let before: number = ASCII.openBrace;
  for (const name in object) {
    const value = (object as Record<string, unknown>)[name];
    if (value === undefined) continue;
    out.byte(before);
    before = ASCII.comma;
    writeString(out, name);
    out.byte(ASCII.colon);
    writeJsonValue(out, value);
  }
  if (before === ASCII.openBrace) out.byte(ASCII.openBrace);
  out.byte(ASCII.closeBrace);
}

function writeNumber(out: ByteWriter, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) out.integer(value);
  else if (!writeDecimal(out, value)) out.ascii(Number.isFinite(value) ? String(value) : 'null');
}

/**
 * Writes a number of six decimals at most, as milliseconds of whole nanoseconds are; answers false for any other. With
 * no more than fifteen digits there is one decimal alone that a number may stand for, so it is the shortest one.
 */
function writeDecimal(out: ByteWriter, value: number): boolean {
  const millionths = Math.round(value * 1e6);
  if (!(Math.abs(millionths) < 1e15) || millionths === 0 || millionths / 1e6 !== value) return false;
  out.milliseconds(millionths);
  return true;
}

function writeString(out: ByteWriter, text: string): void {
  out.byte(ASCII.quote);
  writeInString(out, text);
  out.byte(ASCII.quote);
}

/** Writes a text as it stands between the quotes of a JSON string. */
export function writeInString(out: ByteWriter, text: string): void {
  const { length } = text;
  out.reserve(length);
  const { bytes } = out;
  let at = out.length;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === ASCII.quote || code === ASCII.backslash) {
      out.text(JSON.stringify(text).slice(1, -1));
      return;
    }
    bytes[at++] = code;
  }
  out.length = at;
}
