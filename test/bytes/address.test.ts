import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeIpv4, writeIpv6 } from '../../src/bytes/address.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';

/** The text of an IPv6 address given as eight groups. */
function ipv6(...groups: number[]): string {
  const words = Int32Array.from({ length: 4 }, (_, i) => (groups[i * 2]! << 16) | groups[i * 2 + 1]!);
  const out = new ByteWriter();
  writeIpv6(out, words, 0);
  return out.toString();
}

test('an IPv4 address is four decimal octets', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 }), (octets) => {
      const out = new ByteWriter(1);
      writeIpv4(out, (octets[0]! << 24) | (octets[1]! << 16) | (octets[2]! << 8) | octets[3]!);
      expect(out.toString()).toBe(octets.join('.'));
    }),
  );
});

// The examples of RFC 5952, sections 4 and 5.
describe('an IPv6 address is as RFC 5952 has it', () => {
  test.each([
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], '2001:db8::1:0:0:1'],
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], '2001:db8:0:1:1:1:1:1'],
    [[0x2001, 0, 0, 1, 0, 0, 0, 1], '2001:0:0:1::1'],
    [[0x2001, 0xdb8, 0xaaaa, 0xbbbb, 0xcccc, 0xdddd, 0xeeee, 0xaaaa], '2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa'],
    [[0, 0, 0, 0, 0, 0, 0, 0], '::'],
    [[0, 0, 0, 0, 0, 0, 0, 1], '::1'],
    [[0xfe80, 0, 0, 0, 0, 0, 0, 0], 'fe80::'],
    [[0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201], '::ffff:192.0.2.1'],
    [[0, 0, 0, 0, 0, 0, 0xc000, 0x0201], '::192.0.2.1'],
    [[0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x0221], '64:ff9b::c000:221'],
  ])('%j is %s', (groups, text) => {
    expect(ipv6(...groups)).toBe(text);
  });
});
