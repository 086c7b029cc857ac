import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds, pcapngs, pcaps } from './arbitrary.ts';
import { cutAt, decode } from './decode.ts';

const captures = () => fc.oneof(pcaps(), pcapngs());

test('where the chunks are cut changes nothing', () => {
  holds(
    fc.property(captures(), fc.array(fc.nat(), { maxLength: 40, size: 'max' }), (file, places) => {
      const cut = decode(cutAt(file, places));
      const whole = decode([file]);
      expect([cut.records, cut.problem]).toEqual([whole.records, whole.problem]);
    }),
  );
});

test('a file fed octet by octet gives the same records', () => {
  holds(
    fc.property(captures(), (file) => {
      const drops = decode([...file].map((octet) => Uint8Array.of(octet)));
      expect(drops.records).toEqual(decode([file]).records);
      expect(drops.problem).toBeNull();
    }),
    { numRuns: 20 },
  );
});

test('a file cut short at any octet loses no earlier record', () => {
  holds(
    fc.property(captures(), (file) => {
      const whole = decode([file]);
      for (let length = 4; length < file.length; length++) {
        const { records, problem } = decode([file.subarray(0, length)]);
        expect(records).toEqual(whole.records.slice(0, records.length));
        const next = whole.records[records.length];
        // Whatever ends before the cut is there: the next record, if there is one, reaches past it.
        if (next) expect(problem !== null || next.offset >= length).toBe(true);
        if (problem?.offset !== undefined) expect(problem.offset).toBeLessThan(length);
      }
    }),
    { numRuns: 30 },
  );
});

test('whatever octets are changed, decoding ends and says at most that the file is damaged', () => {
  const change = fc.tuple(fc.nat(), fc.constantFrom(0, 1, 4, 0x7f, 0x80, 0xff));
  holds(
    fc.property(captures(), fc.array(change, { minLength: 1, maxLength: 20 }), (file, changes) => {
      const damaged = file.slice();
      let first = file.length;
      for (const [place, octet] of changes) {
        const at = 4 + (place % (file.length - 4));
        damaged[at] = octet;
        first = Math.min(first, at);
      }
      const whole = decode([file]);
      const { records, problem } = decode([damaged]);
      const before = whole.records.filter((_, i) => (whole.records[i + 1]?.offset ?? file.length) <= first);
      if (first >= 60) expect(records.slice(0, before.length)).toEqual(before.slice(0, records.length));
      expect(['damaged-capture', 'unreadable-input', undefined]).toContain(problem?.code);
    }),
  );
});

test('a length that no record can have makes the window no larger', () => {
  holds(
    fc.property(captures(), fc.nat(), (file, place) => {
      const at = 4 + (place % Math.max(1, file.length - 8));
      const damaged = Buffer.concat([file.subarray(0, at), new Uint8Array(4).fill(0xff), file.subarray(at + 4)]);
      const { decoder } = decode([damaged]);
      expect(decoder.room().buffer.byteLength).toBeLessThanOrEqual(Math.max(64, 4 * damaged.length));
    }),
  );
});
