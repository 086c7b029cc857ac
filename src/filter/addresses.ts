/** An IPv6 address as four int32 words in network order; null when the text is none. */
export function parseIpv6(text: string): readonly number[] | null {
  const dotted = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  let plain = text;
  if (dotted) {
    const octets = dotted.slice(2).map(Number);
    if (octets.some((octet) => octet > 255)) return null;
    const [a, b, c, d] = octets as [number, number, number, number];
    plain = `${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const halves = plain.split('::');
  if (halves.length > 2) return null;
  const [left, right] = halves.map((half) => (half === '' ? [] : half.split(':'))) as [string[], string[]?];
  const missing = 8 - left.length - (right?.length ?? 0);
  if (right === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...left, ...Array<string>(right === undefined ? 0 : missing).fill('0'), ...(right ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  const numbers = groups.map((group) => Number.parseInt(group, 16));
  return [0, 2, 4, 6].map((i) => (numbers[i]! << 16) | numbers[i + 1]!);
}

/** Dotted octets, one to four of them, from the left: the number, and how many bits that is; null when one is too large. */
export function parseDotted(text: string): { readonly value: number; readonly bits: number } | null {
  const parts = text.split('.');
  let value = 0;
  for (const part of parts) {
    if (!/^\d+$/.test(part) || Number(part) > 255) return null;
    value = (value << 8) | Number(part);
  }
  return { value, bits: parts.length * 8 };
}

/** The six octets of an Ethernet address in any of the spellings that a filter knows. */
export function parseMac(text: string): readonly number[] {
  const parts = text.split(/[:.-]/);
  const digits = parts.length === 6 ? parts.map((part) => part.padStart(2, '0')).join('') : parts.join('');
  return [0, 2, 4, 6, 8, 10].map((i) => Number.parseInt(digits.slice(i, i + 2), 16));
}

/** A mask of `length` ones from the left, as an int32. */
export function prefixMask(length: number): number {
  return length <= 0 ? 0 : length >= 32 ? -1 : -1 << (32 - length);
}
