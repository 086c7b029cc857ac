import { expect, test } from 'vitest';
import { OutstandingRings, type Ring } from '../../src/tcp/outstanding.ts';

/** Gives the ring as many segments of one octet as it takes, up to `most`. */
function fill(ring: Ring, most: number): number {
  let taken = 0;
  for (let i = 0; i < most; i++) if (ring.push(i, i + 1, i + 1, i, 0, 0)) taken++;
  return taken;
}

test('all rings together hold a million segments beyond a thousand each, so that one-way captures stay small', () => {
  const rings = new OutstandingRings();
  const numbers = Array.from({ length: 200 }, () => rings.take());
  const taken = numbers.map((number) => fill(rings.at(number), 10_000));
  expect(taken[0]).toBe(9999);
  expect(taken.at(-1)).toBe(1024);
  expect(taken.reduce((sum, one) => sum + one - 1024, 0)).toBeLessThan(1 << 20);
  expect(numbers.every((number) => rings.at(number).isFull)).toBe(true);

  for (const number of numbers) rings.give(number);
  expect(fill(rings.at(rings.take()), 10_000)).toBe(9999);
});

test('a ring that had no room for the newest takes segments again once its own are acknowledged', () => {
  const rings = new OutstandingRings();
  for (let i = 0; i < 200; i++) fill(rings.at(rings.take()), 10_000);
  const ring = rings.at(rings.take());
  expect(fill(ring, 2000)).toBe(1024);
  ring.keepPast(1000);
  expect(ring.push(2000, 2001, 2001, 2000, 0, 0)).toBe(false);
  ring.keepPast(1024);
  expect(ring.push(2001, 2002, 2002, 2001, 0, 0)).toBe(true);
});
