import { describe, expect, test } from 'vitest';
import { readRules } from '../../src/check/rules-file.ts';
import { RULES_SCHEMA } from '../../src/check/rules-schema.ts';
import { REFUSED, THREE_WAY } from '../cli/captures.ts';
import { exchange } from '../exchange.ts';
import { resultOf } from './check.ts';

const RESET = exchange`
  +0     > S  0:0(0)
  +0.030 < S. 0:0(0) ack 1
  +0.001 > .  1:1(0) ack 1
  +0.001 > P. 1:101(100) ack 1
  +0.010 < R. 1:1(0) ack 101
`;
const SYN_AGAIN = exchange`
  +0     > S  0:0(0)
  +1     > S  0:0(0)
  +0.030 < S. 0:0(0) ack 1
  +0.001 > .  1:1(0) ack 1
`;

describe('every and none', () => {
  test('every: the condition is true of each flow that where selects', () => {
    const held = resultOf('every: close.pattern == "three-way"', [THREE_WAY, THREE_WAY]);
    expect(held).toMatchObject({ outcome: 'passed', selected: 2, broken: 0, found: 'it is true of all 2 flows' });
    const broken = resultOf('every: close.pattern == "three-way"', [THREE_WAY, RESET, THREE_WAY, RESET]);
    expect(broken).toMatchObject({
      outcome: 'failed',
      selected: 4,
      broken: 2,
      found: 'it is false of 2 of 4 flows (50%)',
    });
    expect(
      resultOf('where: handshake.totalMs < 20\nevery: close.pattern == "three-way"', [THREE_WAY, RESET]),
    ).toMatchObject({
      outcome: 'passed',
      selected: 1,
    });
  });

  test('the flows that broke it are shown with what the rule read, and the lines around the frame', () => {
    const { flows } = resultOf('none: close.reset != null && close.reset.by == "server"', [THREE_WAY, RESET]);
    expect(flows).toEqual([
      {
        flow: 2,
        client: '10.0.0.1:1025',
        server: '10.0.0.2:443',
        values: 'close.reset.by is server',
        frame: 13,
        why: [expect.stringMatching(/^reset-unread-data: The server aborted/)],
        repeats: false,
        lines: [expect.stringMatching(/^ {2}12 {2}.*Flags \[P\.\]/), expect.stringMatching(/^> 13 {2}.*Flags \[R\.\]/)],
      },
    ]);
  });

  test('where a SYN was sent again, its repeat is the frame that is shown', () => {
    const { flows } = resultOf('every: handshake.synRetransmissions == 0', [SYN_AGAIN]);
    expect(flows[0]!.why).toEqual([expect.stringMatching(/^syn-retransmitted: The client sent its SYN again once/)]);
    expect(flows[0]!.lines[1]).toMatch(/^> 2 {2}.*Flags \[S\]/);
  });

  test('of many, the first are shown', () => {
    const { flows, broken } = resultOf('none: close.pattern == "reset"', Array(9).fill(RESET), { show: 3 });
    expect([broken, flows.map(({ flow }) => flow)]).toEqual([9, [1, 2, 3]]);
  });

  test('a value that is unknown holds nothing', () => {
    const { outcome, flows } = resultOf('every: close.closeMs < 100', [RESET]);
    expect(outcome).toBe('failed');
    expect(flows[0]!.values).toBe('close.closeMs is unknown');
  });
});

describe('expect', () => {
  const flows = [THREE_WAY, THREE_WAY, RESET, REFUSED];

  test.each([
    ['count() == 4', 'count() is 4'],
    ['count(close.pattern == "three-way") == 2', 'is 2'],
    ['share(close.pattern == "reset") <= 0.25', 'is 0.25'],
    ['sum(fromServer.bytes) == 600', 'is 600'],
    ['mean(fromServer.bytes) == 150', 'is 150'],
    ['min(synToSyn) == 10', ''],
    ['max(handshake.synToSynAckMs) == 30', 'is 30'],
    ['median(handshake.synToSynAckMs) == 10', 'is 10'],
    ['count(close.pattern == "reset") + count(handshake.outcome == "refused") < 3', 'is 1'],
    ['rate(close.pattern == "reset") < 1', 'is 0.33'],
    ['percentile(fromClient.packets, 50) >= 1 && share(flow > 0) == 1', 'share(flow > 0) is 1'],
  ])('%s', (condition, found) => {
    const rule = `expect: '${condition.replace('synToSyn)', 'handshake.synToSynAckMs)')}'`;
    expect(resultOf(rule, flows)).toMatchObject({ outcome: 'passed', found: expect.stringContaining(found) });
  });

  test('a percentile of too few flows is not judged', () => {
    const rule = 'expect: percentile(handshake.synToSynAckMs, 95) < 5';
    expect(resultOf(rule, Array(19).fill(THREE_WAY))).toMatchObject({
      outcome: 'undecided',
      found: 'too few flows: percentile(handshake.synToSynAckMs, 95) needs 20 flows with a value; there are 19',
    });
    expect(resultOf(rule, Array(20).fill(THREE_WAY))).toMatchObject({ outcome: 'failed' });
    expect(resultOf('expect: mean(handshake.synToSynAckMs) < 5', [REFUSED])).toMatchObject({ outcome: 'undecided' });
  });

  test('shows the flows that made the number what it is, the worst first', () => {
    const { flows: shown } = resultOf('expect: max(handshake.synToSynAckMs) < 5', [THREE_WAY, RESET], { show: 1 });
    expect(shown.map(({ flow, values }) => [flow, values])).toEqual([[2, 'handshake.synToSynAckMs is 30']]);
  });
});

describe('a rule that selects no flow', () => {
  const rule = 'where: server.port == 1\nnone: flow > 0';

  test('fails', () => {
    expect(resultOf(rule, [THREE_WAY])).toMatchObject({
      outcome: 'failed',
      found: 'no flow is selected by server.port == 1',
    });
    expect(resultOf('expect: count() == 0', [])).toMatchObject({ outcome: 'failed', found: 'no flow' });
  });

  test('unless it says that none is fine', () => {
    expect(resultOf(`${rule}\nallow-none: true`, [THREE_WAY])).toMatchObject({ outcome: 'passed' });
    expect(resultOf('expect: count() == 0\nallow-none: true', [])).toMatchObject({ outcome: 'passed' });
    expect(resultOf('expect: count() > 0\nallow-none: true', [])).toMatchObject({ outcome: 'failed' });
  });
});

describe('an expected failure', () => {
  const rule = 'none: close.pattern == "reset"\nexpected-failure: { reason: issue 7, until: 2026-06-01 }';

  test('does not count until its day is over', () => {
    expect(resultOf(rule, [RESET], { today: '2026-06-01' })).toMatchObject({
      outcome: 'expected',
      note: 'expected to fail until 2026-06-01: issue 7',
    });
    expect(resultOf(rule, [RESET], { today: '2026-06-02' })).toMatchObject({
      outcome: 'failed',
      note: 'was expected to fail until 2026-06-01: issue 7',
    });
  });

  test('that no longer fails says so', () => {
    expect(resultOf(rule, [THREE_WAY])).toMatchObject({
      outcome: 'passed',
      note: 'no longer fails: remove expected-failure (issue 7)',
    });
  });
});

describe('a mistake in a rules file names file, line, column and what was meant', () => {
  test.each([
    ['rules:\n  - name: x\n    evry: flow > 1', 'lastack.yaml:3:5: a rule has no key evry; did you mean every?'],
    ['rulez: []', 'lastack.yaml:1:1: a rules file has no key rulez; did you mean rules?'],
    ['', 'lastack.yaml:1:1: holds no rules'],
    ['rules:\n  - every: flow > 1', 'lastack.yaml:2:5: a rule has a name'],
    ['rules:\n  - name: x', 'lastack.yaml:2:5: a rule demands one thing: every, none or expect'],
    ['rules:\n  - {name: x, every: flow > 1, none: flow > 1}', /^lastack.yaml:2:32: a rule demands one thing/],
    [
      'rules:\n  - name: x\n    severity: eror\n    none: flow > 1',
      /:3:15: there is no severity eror; did you mean error\?/,
    ],
    ['rules:\n  - name: x\n    allow-none: maybe\n    none: flow > 1', /:3:17: is true or false/],
    [
      'rules:\n  - name: x\n    none: flow > 1\n    expected-failure: {reason: y}',
      /:4:5: an expected failure has a reason and/,
    ],
    [
      'rules:\n  - name: x\n    none: flow > 1\n    expected-failure: {reason: y, until: tomorrow}',
      /:4:42: "tomorrow" is no day/,
    ],
    ['rules:\n  - name: x\n  none: [', /^lastack.yaml:3:1: /],
    ['rules: 3', 'lastack.yaml:1:8: is a list: each item begins with a hyphen'],
  ])('%j', (yaml, message) => {
    expect(() => readRules(yaml, 'lastack.yaml')).toThrow(message);
  });

  test.each([
    ['none: flow > 1 && flwo > 2', /^lastack.yaml:3:23: there is no field flwo; did you mean flow\?/],
    ['none: "flow > 1 && flwo > 2"', /^lastack.yaml:3:24: there is no field flwo/],
    ['none: flow', /:3:11: a number is no condition/],
    ['expect: meen(handshake.totalMs) < 5', /:3:1[34]: there is no function meen; did you mean mean\?/],
    ['expect: handshake.totalMs < 5', /:3:13: handshake is a field of one flow, and expect is about all of them/],
    ['expect: true', /:3:13: expect is about all flows/],
    ['expect: percentile(durationMs) < 5', /percentile takes a number and which one/],
    ['expect: percentile(durationMs, 0) < 5', /a percentile is a number above 0, up to 100/],
    ['expect: mean(close.pattern) < 5', /mean is of a number; this is text/],
    ['expect: cuont() < 5', /there is no function cuont/],
  ])('%s', (rule, message) => {
    expect(() => resultOf(rule, [THREE_WAY])).toThrow(message);
  });

  test('also in an expression of several lines', () => {
    expect(() => resultOf('none: >-\n  flow > 1 &&\n  flwo > 2', [THREE_WAY])).toThrow(
      /^lastack.yaml:3:11: in this expression:1:13: there is no field flwo/,
    );
  });
});

test('editors get a JSON Schema of rules files', async () => {
  await expect(`${JSON.stringify(RULES_SCHEMA, null, 2)}\n`).toMatchFileSnapshot('../../schema/rules.json');
});
