import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { addWords } from '../../src/bytes/checksum.ts';
import { VECTOR_MOST, vectorMemory, vectorView } from '../../src/bytes/vector-sum.ts';

/** RFC 1071's own definition: words added one by one, a carry added where it occurs. */
function onesComplementSum(octets: Uint8Array): number {
  let sum = 0;
  for (const [index, octet] of octets.entries()) {
    sum += index % 2 === 0 ? octet << 8 : octet;
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return sum;
}

const octetsAt = fc.record({
  before: fc.nat(40),
  octets: fc.uint8Array({ maxLength: 3000, size: 'max' }),
  sum: fc.nat(2 ** 30),
});

function expectSumOf(view: DataView, { before, octets, sum }: { before: number; octets: Uint8Array; sum: number }) {
  const bytes = new Uint8Array(view.buffer).fill(0xa5);
  bytes.set(octets, before);
  const words = addWords(view, before, before + octets.length, sum);
  expect(words % 0xffff).toBe((onesComplementSum(octets) + sum) % 0xffff);
  expect(words).toBeLessThan(2 ** 31);
}

describe('the sum of 16-bit words', () => {
  it('is that of RFC 1071, wherever octets are and however many', () => {
    const view = new DataView(new ArrayBuffer(4096));
    fc.assert(fc.property(octetsAt, (sample) => expectSumOf(view, sample)));
  });

  it("is the same by the processor's vector instructions", () => {
    const view = vectorMemory(1 << 16)!;
    expect(view).toBe(vectorView);
    fc.assert(fc.property(octetsAt, (sample) => expectSumOf(view, sample)));
  });

  it('does not overflow where there are as many octets as can be summed at once, and all their bits are set', () => {
    const view = vectorMemory(VECTOR_MOST)!;
    new Uint8Array(view.buffer).fill(0xff);
    expect(addWords(view, 0, VECTOR_MOST, 0)).toBe(0xffff);
    expect(addWords(new DataView(new Uint8Array(VECTOR_MOST).fill(0xff).buffer), 0, VECTOR_MOST, 0)).toBe(0xffff);
  });

  it('throws for octets that are not there', () => {
    const view = vectorMemory(1 << 16)!;
    expect(() => addWords(view, 65_530, 65_540, 0)).toThrow();
  });
});

describe('where the system has no vector instructions, or no address space for them', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('there is no memory for them, and octets are summed without', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(vectorMemory(1 << 16)).toBeNull();
    expect(addWords(new DataView(Uint8Array.of(1, 2, 3).buffer), 0, 3, 0)).toBe(0x0402);
  });
});
