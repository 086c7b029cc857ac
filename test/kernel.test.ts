import { expect, test } from 'vitest';
import { differences } from './kernel/compare.ts';
import { flowsOf } from './kernel/flows.ts';
import { readRecording, recordingsIn } from './kernel/recording.ts';
import { SAMPLES } from './samples.ts';

/** samples/README.md says how a kernel's account and an observer's are compared. */
for (const name of recordingsIn(SAMPLES)) {
  const recording = readRecording(SAMPLES, name);

  test(`${name}: ${recording.description}`, async () => {
    expect(await differences(recording, flowsOf)).toEqual([]);
  });
}

test('an observer who names the wrong end of a reset is told so', async () => {
  const recording = readRecording(SAMPLES, 'abort-lost');
  const wrong = async (path: string) =>
    (await flowsOf(path)).map((flow) => ({ ...flow, close: { ...flow.close, reset: { by: 'server' } } }));
  expect(await differences(recording, wrong)).toEqual([
    'client 192.0.2.10 40001: kernel sent a reset, lastack says server did',
  ]);
});

test('an observer who leaves out a state, counts a repeat too many or misses a flow is told so', async () => {
  const recording = readRecording(SAMPLES, 'fin-retransmitted');
  const changed = async (change: (flow: Awaited<ReturnType<typeof flowsOf>>[number]) => object[]) =>
    differences(recording, async (path) => (await flowsOf(path)).flatMap((flow) => change(flow) as (typeof flow)[]));

  const without = (flow: { states: { client: readonly { state: string }[] } }) => ({
    ...flow,
    states: { ...flow.states, client: flow.states.client.filter((entered) => entered.state !== 'FIN_WAIT1') },
  });
  expect(await changed((flow) => [without(flow)])).toEqual([
    'client 192.0.2.10 40001: kernel SYN_SENT ESTABLISHED FIN_WAIT1 [FIN_WAIT2 N7] TIME_WAIT [CLOSED N5]\n' +
      '  lastack SYN_SENT ESTABLISHED FIN_WAIT2 TIME_WAIT',
  ]);
  expect(await changed((flow) => [{ ...flow, fromClient: { retransmittedSegments: 2 } }])).toEqual([
    'client 192.0.2.10 40001: kernel sent 1 segments again, lastack says 2',
  ]);
  expect(await changed(() => [])).toHaveLength(2);
  expect(await changed((flow) => [flow, { ...flow }])).toHaveLength(2);
});
