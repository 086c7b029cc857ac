import { expect, test } from 'vitest';
import { FLOW } from '../../src/flow/rows.ts';
import { FlowTable } from '../../src/flow/table.ts';
import { Tombstones } from '../../src/flow/tombstones.ts';

/** How many tombstones are kept (docs/decisions/0011). */
const KEPT = 131_072;

test('of the flows that were handed on last, each key finds the newest, and no key finds another', () => {
  const table = new FlowTable();
  const tombstones = new Tombstones();
  const model = new Map<number, { readonly number: number; readonly step: number }>();
  const chooseKey = (key: number): void =>
    table.keyOf4(0x0a000001, 0x0a000002 + (key >> 16), 1024 + (key & 0xffff), 80, 0);
  let seed = 1;
  const steps = 3.5 * KEPT;
  let number = 0;
  for (let step = 0; step < steps; step++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    // Every eighth is a flow that leaves none, so that entries are passed over in one round and written in the next.
    if (seed >>> 29 === 0) {
      tombstones.pass();
      continue;
    }
    const key = (seed >>> 8) % 200_000;
    chooseKey(key);
    const row = table.insert();
    table.rows.i32[row + FLOW.number] = ++number;
    tombstones.add(table.rows, row);
    table.remove(row);
    model.set(key, { number, step });
  }
  let kept = 0;
  let lost = 0;
  const wrong: number[] = [];
  for (let key = 0; key < 200_000; key++) {
    chooseKey(key);
    const entry = tombstones.find(table);
    const known = model.get(key);
    if (known !== undefined && known.step >= steps - KEPT) {
      kept++;
      if (entry < 0) lost++;
    }
    if (entry >= 0 && tombstones.flow(entry) !== known?.number) wrong.push(key);
  }
  expect(wrong).toEqual([]);
  expect(lost).toBe(0);
  expect(kept).toBeGreaterThan(KEPT / 2);
});
