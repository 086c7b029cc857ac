import { expect, test } from 'vitest';
import { SegmentForms } from '../../src/flow/segment-forms.ts';
import { ACK, CHECKSUM, CWR, ECE, SegmentView, SYN } from '../../src/wire/segment.ts';

/** What a form tells of a segment. */
const TOLD = [
  'ttl',
  'headerLength',
  'checksum',
  'sackPermitted',
  'hasTimestamps',
  'ipVersion',
  'mss',
  'windowScale',
  'layers',
  'split',
] as const satisfies readonly (keyof SegmentView)[];

function synOf(values: Partial<SegmentView>): SegmentView {
  return Object.assign(new SegmentView(), { tcpAt: 20, headerLength: 20, flags: SYN, ttl: 64 }, values);
}

/** Of `number`, another one for each. */
function various(number: number): SegmentView {
  return synOf({
    ttl: number & 0xff,
    mss: number >> 8,
    windowScale: number % 15,
    checksum: number % 3 === 0 ? CHECKSUM.bad : CHECKSUM.good,
    flags: number % 5 === 0 ? SYN | ECE | CWR : SYN,
  });
}

test('each form has a number of its own, which gives it back, however many there are', () => {
  const forms = new SegmentForms();
  const numbers: number[] = [];
  for (let i = 0; i < 20_000; i++) numbers.push(forms.numberOf(various(i), i & 3, i % 2 === 0 ? 0 : 1));
  expect(new Set(numbers).size).toBe(20_000);
  for (let i = 0; i < 20_000; i++) {
    const segment = various(i);
    if (forms.numberOf(segment, i & 3, 0) !== numbers[i]) throw new Error(`form ${i} has another number now`);
    const back = synOf({});
    forms.apply(numbers[i]!, back);
    const wrong = TOLD.filter((field) => back[field] !== segment[field]);
    if (wrong.length > 0 || back.flags !== (segment.flags & ~SYN)) throw new Error(`form ${i} differs: ${wrong}`);
    if (forms.markOf(numbers[i]!) !== (i & 3)) throw new Error(`form ${i} has another mark`);
  }
});

test('past 65,534 forms new ones have no number, and the others keep theirs', () => {
  const forms = new SegmentForms();
  for (let i = 0; i < 65_534; i++) forms.numberOf(various(i), 0, 0);
  expect(forms.numberOf(various(65_533), 0, 0)).toBe(65_534);
  expect(forms.numberOf(various(65_534), 0, 0)).toBe(0);
  expect(forms.numberOf(various(70_000), 0, 1)).toBe(0);
  expect(forms.numberOf(various(0), 0, 1)).toBe(1);
});

test('a form is one of segments that say the same of congestion', () => {
  const forms = new SegmentForms();
  const plain = forms.numberOf(synOf({ flags: SYN | ACK }), 0, 1);
  const capable = forms.numberOf(synOf({ flags: SYN | ACK | ECE }), 0, 1);
  expect(capable).not.toBe(plain);
  expect([forms.congestionOf(plain), forms.congestionOf(capable)]).toEqual([0, ECE]);
});
