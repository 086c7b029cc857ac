import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FLOW } from '../../src/flow/rows.ts';
import { FlowTable } from '../../src/flow/table.ts';

/** A key small enough that collisions, growth and reuse all happen. */
const keys = fc.record({
  source: fc.integer({ min: -3, max: 3 }),
  destination: fc.integer({ min: -3, max: 3 }),
  sourcePort: fc.integer({ min: 0, max: 400 }),
  destinationPort: fc.integer({ min: 0, max: 2 }),
});

test('through growth and reuse of rows the table answers as a Map would', () => {
  const steps = fc.array(fc.tuple(keys, fc.boolean()), { minLength: 1, maxLength: 9000, size: 'max' });
  fc.assert(
    fc.property(steps, (list) => {
      const table = new FlowTable();
      const model = new Map<string, number>();
      let number = 0;
      for (const [key, remove] of list) {
        table.keyOf4(key.source, key.destination, key.sourcePort, key.destinationPort, 0);
        const ends = [`${key.source >>> 0}:${key.sourcePort}`, `${key.destination >>> 0}:${key.destinationPort}`];
        const name = ends.sort().join(' ');
        const row = table.find();
        expect(row < 0 ? undefined : table.rows.i32[row + FLOW.number]).toBe(model.get(name));
        if (row < 0) {
          const fresh = table.insert();
          table.rows.i32[fresh + FLOW.number] = ++number;
          model.set(name, number);
        } else if (remove) {
          table.remove(row);
          model.delete(name);
        }
      }
      expect(table.rows.used).toBe(model.size);
    }),
    { numRuns: 20 },
  );
});

test('both directions of an IPv6 flow have one key, and know which end sends', () => {
  const octets = new Uint8Array(32);
  octets.set([0x20, 1, 0x0d, 0xb8], 0);
  octets.set([0xfe, 0x80], 16);
  const view = new DataView(octets.buffer);
  const table = new FlowTable();
  table.keyOf6(view, 0, 16, 443, 50000, 0);
  const row = table.insert();
  expect(table.senderIsHigh).toBe(0);
  table.keyOf6(view, 16, 0, 50000, 443, 0);
  expect(table.senderIsHigh).toBe(1);
  expect(table.find()).toBe(row);
  table.keyOf6(view, 16, 0, 50000, 444, 0);
  expect(table.find()).toBe(-1);
});

test('many flows of neighbouring addresses are all found again', () => {
  const table = new FlowTable();
  for (let i = 0; i < 50_000; i++) {
    table.keyOf4(0x0a000001, 0x0a000000 + (i & 255), 1024 + (i >> 8), 80, 0);
    const row = table.insert();
    table.rows.i32[row + FLOW.number] = i + 1;
  }
  for (let i = 0; i < 50_000; i++) {
    table.keyOf4(0x0a000000 + (i & 255), 0x0a000001, 80, 1024 + (i >> 8), 0);
    expect(table.rows.i32[table.find() + FLOW.number]).toBe(i + 1);
  }
});
