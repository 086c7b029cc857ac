import { describe, expect, test } from 'vitest';
import { baselineText, DEFAULT_TOLERANCE, readBaseline } from '../../src/check/baseline-file.ts';
import { diffText } from '../../src/check/baseline-results.ts';
import { compare, fisher } from '../../src/check/compare.ts';
import { type Profile, type ServiceProfile, spreadOf } from '../../src/check/profile.ts';

/** Numbers from 0 to 1 that look random and are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Exchange {
  readonly flows?: number;
  readonly slower?: number;
  readonly resets?: number;
  readonly loss?: number;
}

/** The profile of a recording: 100 flows that open in about 10 ms, with a long tail, as on a loaded machine. */
function recording(random: () => number, { flows = 100, slower = 0, resets = 0, loss = 0 }: Exchange = {}): Profile {
  const times = Array.from({ length: flows }, () => slower + 10 + 2 * random() + (random() < 0.05 ? 40 * random() : 0));
  const reset = times.filter(() => random() < resets).length;
  const segments = flows * 20;
  let again = 0;
  for (let i = 0; i < segments; i++) if (random() < loss) again++;
  const service: ServiceProfile = {
    flows,
    opened: { complete: flows },
    closed: reset > 0 ? { 'four-way': flows - reset, reset } : { 'four-way': flows },
    counts: { segments, 'segments sent again': again, 'keep-alives': 0 },
    timings: { 'handshake.synToSynAckMs': spreadOf(times) },
  };
  return { 'port 443': service };
}

/** In how many of 200 pairs of recordings something is worse. */
function worse(exchange: Exchange): number {
  const random = seeded(7);
  let count = 0;
  for (let i = 0; i < 200; i++) {
    const found = compare(recording(random), recording(random, exchange), DEFAULT_TOLERANCE);
    if (found.some(({ verdict }) => verdict === 'worse')) count++;
  }
  return count;
}

describe('of 200 recordings', () => {
  test('at most one of healthy ones is said to be worse', () => {
    expect(worse({})).toBeLessThanOrEqual(1);
  });

  test.each([{ slower: 50 }, { slower: 5 }, { resets: 1 }, { resets: 0.4 }, { loss: 0.02 }, { flows: 1000 }])(
    'at least 199 of those with %j are',
    (exchange) => {
      expect(worse(exchange)).toBeGreaterThanOrEqual(199);
    },
  );
});

describe('a busy machine', () => {
  const timing = (values: readonly number[]): Profile => ({
    'port 443': { flows: 100, opened: {}, closed: {}, counts: {}, timings: { 'close.closeMs': spreadOf(values) } },
  });
  const verdict = (before: readonly number[], now: readonly number[]): string =>
    compare(timing(before), timing(now), DEFAULT_TOLERANCE).at(-1)!.verdict;
  const random = seeded(5);
  const quiet = Array.from({ length: 100 }, () => 20 + 4 * random());
  const busy = Array.from({ length: 100 }, () => 22 + 60 * random());

  test('makes timings late and scatters them: that is no change', () => {
    expect(verdict(quiet, busy)).toBe('same');
    expect(verdict(busy, quiet)).toBe('same');
  });

  test('hides no change that is larger', () => {
    const slower = (values: readonly number[], by: number): number[] => values.map((value) => value + by);
    expect(verdict(quiet, slower(quiet, 20))).toBe('worse');
    expect(verdict(quiet, slower(busy, 150))).toBe('worse');
  });

  test.each([30, 50, 70, 90])('nor that %i of 100 flows are slower', (part) => {
    expect(
      verdict(
        quiet,
        quiet.map((value, index) => (index < part ? value + 500 : value)),
      ),
    ).toBe('worse');
  });
});

test('what is within tolerance is no change, however sure it is', () => {
  const many = { flows: 100_000 };
  const verdicts = compare(
    recording(seeded(1), many),
    recording(seeded(2), { ...many, slower: 1.5 }),
    DEFAULT_TOLERANCE,
  );
  expect(verdicts.filter(({ verdict }) => verdict !== 'same')).toEqual([]);
});

test('a few flows are enough for what never occurred, and too few for a timing', () => {
  const found = compare(
    recording(seeded(1), { flows: 2 }),
    recording(seeded(1), { flows: 2, resets: 1, slower: 500 }),
    DEFAULT_TOLERANCE,
  );
  expect(found.filter(({ verdict }) => verdict !== 'same').map(({ aspect, verdict }) => [aspect, verdict])).toEqual([
    ['closed: four-way', 'worse'],
    ['closed: reset', 'worse'],
    ['handshake.synToSynAckMs', 'undecided'],
  ]);
  expect(diffText(found)).toMatchSnapshot();
});

test('better, new and gone are told apart', () => {
  const [slow, fast] = [recording(seeded(1), { slower: 50 }), recording(seeded(2))];
  expect(compare(slow, fast, DEFAULT_TOLERANCE).filter(({ verdict }) => verdict !== 'same')).toMatchObject([
    { aspect: 'handshake.synToSynAckMs', verdict: 'better' },
  ]);
  expect(compare({}, fast, DEFAULT_TOLERANCE)).toMatchObject([{ service: 'port 443', verdict: 'new' }]);
  expect(compare(fast, {}, DEFAULT_TOLERANCE)).toMatchObject([{ service: 'port 443', verdict: 'gone' }]);
});

test("Fisher's exact test gives the chances that tables give", () => {
  expect(fisher([1, 9 + 1], [11, 3 + 11])).toBeCloseTo(0.00138, 5);
  expect(fisher([3, 4], [1, 4])).toBeCloseTo(0.24286, 5);
  expect(fisher([0, 1000], [0, 1000])).toBe(1);
});

describe('the file', () => {
  const baseline = { tolerance: { ...DEFAULT_TOLERANCE, relative: 0.5 }, services: recording(seeded(3)) };

  test('is read as it was written', () => {
    expect(readBaseline(baselineText(baseline), 'traffic.yaml')).toEqual(baseline);
  });

  test('is for review', () => {
    expect(baselineText(baseline)).toMatchSnapshot();
  });

  test.each(['', 'rules: []', '[', 'lastack-baseline: 2'])('%j is no baseline', (text) => {
    expect(() => readBaseline(text, 'traffic.yaml')).toThrow('traffic.yaml: is no baseline of version 1');
  });

  test('damaged numbers are told', () => {
    const text = baselineText(baseline).replace(/(synToSynAckMs: \[\d+), [^,]+/, '$1');
    expect(() => readBaseline(text, 'traffic.yaml')).toThrow(
      'handshake.synToSynAckMs is not a count and nine quantiles',
    );
  });
});
