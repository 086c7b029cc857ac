import type { NameTable } from '../capture/names.ts';

/** The capture's own name of an address that is given as text, as lastack writes it. */
export function nameLookup(names: NameTable): (address: string) => string | undefined {
  return (address) => {
    const octets = addressOctets(address);
    return names.nameOf(octets, 0, octets.length);
  };
}

/** The octets of an address that is given as text, as lastack writes it. */
export function addressOctets(address: string): Uint8Array {
  return address.includes(':') ? ipv6Octets(address) : Uint8Array.from(address.split('.'), Number);
}

function ipv6Octets(address: string): Uint8Array {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [a, b, c, d] = (dotted?.slice(1) ?? []).map(Number);
  const hex = dotted
    ? `${address.slice(0, dotted.index)}${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`
    : address;
  const [head = '', tail] = hex.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
  const octets = new Uint8Array(16);
  groups.forEach((group, i) => {
    const value = Number.parseInt(group, 16);
    octets[i * 2] = value >> 8;
    octets[i * 2 + 1] = value & 0xff;
  });
  return octets;
}
