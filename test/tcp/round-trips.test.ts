import fc from 'fast-check';
import { expect, test } from 'vitest';
import { END, FlowRows, ROW_WORDS } from '../../src/flow/rows.ts';
import { EXACT, RoundTrips } from '../../src/tcp/round-trips.ts';
import { analyzeExchange, exchange } from '../exchange.ts';

/** Adds the samples to a direction as the tracker does, and asks for a percentile. */
function percentileOf(samples: readonly number[], part: number): number {
  const rows = new FlowRows(1);
  const { i32, f64 } = rows;
  const trips = new RoundTrips();
  const end = ROW_WORDS - 64;
  samples.forEach((sample, i) => {
    trips.add(i32, f64, end, sample);
    i32[end + END.rttSamples] = i + 1;
    const half = end >> 1;
    f64[half + END.rttMinF64] = Math.min(...samples.slice(0, i + 1));
    f64[half + END.rttMaxF64] = Math.max(...samples.slice(0, i + 1));
    f64[half + END.rttSumF64] = f64[half + END.rttSumF64]! + sample;
  });
  return trips.percentile(i32, f64, end, part);
}

/** The nearest rank. */
function exactly(samples: readonly number[], part: number): number {
  return [...samples].sort((a, b) => a - b)[Math.max(1, Math.ceil(part * samples.length)) - 1]!;
}

const SAMPLES = fc.integer({ min: 2000, max: 60_000_000_000 });

test('up to 64 samples the percentiles are exact', () => {
  fc.assert(
    fc.property(
      fc.array(SAMPLES, { minLength: 1, maxLength: EXACT, size: 'max' }),
      fc.constantFrom(0.5, 0.99),
      (samples, part) => {
        expect(percentileOf(samples, part)).toBe(exactly(samples, part));
      },
    ),
  );
});

test('of more samples they are within half a bucket', () => {
  fc.assert(
    fc.property(
      fc.array(SAMPLES, { minLength: EXACT + 1, maxLength: 300, size: 'max' }),
      fc.constantFrom(0.5, 0.99),
      (samples, part) => {
        const exact = exactly(samples, part);
        expect(Math.abs(percentileOf(samples, part) / exact - 1)).toBeLessThan(0.023);
      },
    ),
    { numRuns: 30 },
  );
});

test('a flow record tells median and 99th percentile of each direction, and null without samples', () => {
  const { fromClient, fromServer } = analyzeExchange(exchange`
    +0    > S  0:0(0)
    +0.01 < S. 0:0(0)   ack 1
    +0    > P. 1:11(10) ack 1
    +0.02 < .  1:1(0)   ack 11
    +1    > P. 11:21(10) ack 1
    +0.04 < .  1:1(0)   ack 21
    +1    > P. 21:31(10) ack 1
    +0.03 < .  1:1(0)   ack 31
  `);
  expect(fromClient.rtt).toMatchObject({ samples: 4, p50Ms: 20, p99Ms: 40 });
  expect(fromServer.rtt).toMatchObject({ samples: 1, p50Ms: 0, p99Ms: 0 });
});
