import { afterEach, expect, test, vi } from 'vitest';
import { END, FLOW, FlowRows, LOG, LOG_ENTRIES, ROW_WORDS } from '../../src/flow/rows.ts';

/** Fields that are more than one word: pairs (client, server), and addresses. */
const WIDE: Readonly<Record<string, number>> = { state: 2, shift: 2, historyStart: 2, addressLow: 4, addressHigh: 4 };

/** The words that each field takes, by name. */
function wordsOf(fields: Readonly<Record<string, number>>): [name: string, word: number][] {
  return Object.entries(fields).flatMap(([name, at]) => {
    const from = name.endsWith('F64') ? at * 2 : at;
    const count = name.endsWith('F64') ? 2 : (WIDE[name] ?? 1);
    return Array.from({ length: count }, (_, i): [string, number] => [name, from + i]);
  });
}

/** Names of fields that share a word. */
function shared(words: readonly [name: string, word: number][]): string[] {
  const owners = new Map<number, string>();
  return words.flatMap(([name, word]) => {
    const owner = owners.get(word);
    owners.set(word, name);
    return owner === undefined ? [] : [`${owner} and ${name}: ${word}`];
  });
}

test('no two fields of a flow share a word, and none reaches into its ends', () => {
  const { client, server, log, eventRoundTripF64, eventBase, ...own } = FLOW;
  expect(shared(wordsOf(own))).toEqual([]);
  expect(Math.max(...wordsOf(own).map(([, word]) => word))).toBeLessThan(client);
  expect([client, server, log, ROW_WORDS].every((word) => word % 16 === 0)).toBe(true);
});

test('no two fields of an end share a word, and none reaches past it', () => {
  // Of the flow, but in words 50 and 51 of its ends, which are the only ones left.
  const { eventRoundTripF64, eventBase, client, server } = FLOW;
  expect([eventRoundTripF64 * 2, eventBase]).toEqual([client + 50, server + 50]);
  expect(shared([...wordsOf(END), ['of the flow', 50], ['of the flow', 51]])).toEqual([]);
  const last = Math.max(...wordsOf(END).map(([, word]) => word));
  expect(last).toBeLessThan(FLOW.server - FLOW.client);
  expect(last).toBeLessThan(FLOW.log - FLOW.server);
  expect(FLOW.log + LOG_ENTRIES * LOG.words).toBe(ROW_WORDS);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Makes so many rows, and says which of them no longer hold their number. */
function lost(count: number): number[] {
  const rows = new FlowRows();
  const made = Array.from({ length: count }, (_, i) => {
    const row = rows.make();
    rows.i32[row + FLOW.number] = i + 1;
    rows.f64[row / 2 + FLOW.firstTimeF64] = -(i + 1);
    return row;
  });
  return made.filter(
    (row, i) => rows.i32[row + FLOW.number] !== i + 1 || rows.f64[row / 2 + FLOW.firstTimeF64] !== -(i + 1),
  );
}

test('rows keep what they hold when they outgrow their memory', () => {
  expect(lost(40_000)).toEqual([]);
});

test('where there is no address space for a long step, rows grow by a short one', () => {
  const Whole = ArrayBuffer;
  const asked: number[] = [];
  class Scarce extends Whole {
    constructor(length: number) {
      asked.push(length);
      if (length > 64 << 20) throw new RangeError('Array buffer allocation failed');
      super(length);
    }
  }
  vi.stubGlobal('ArrayBuffer', Scarce);
  expect(lost(40_000)).toEqual([]);
  expect(asked.filter((length) => length > 64 << 20).length).toBeGreaterThan(0);
});
