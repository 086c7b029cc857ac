import { describe, expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { FlowCursor } from '../../src/record/cursor.ts';
import { FLOW_FIELDS } from '../../src/record/flow.ts';
import { ExpressionMistake } from '../../src/where/mistake.ts';
import { condition, quantity } from '../../src/where/where.ts';
import { REFUSED, THREE_WAY } from '../cli/captures.ts';
import { recordsOf, type ScriptSegment } from '../exchange.ts';

/** What `read` makes of the only flow of a script. */
function ofFlow<Result>(script: readonly ScriptSegment[], read: (flow: FlowCursor) => Result): Result {
  let result: Result | undefined;
  const analysis: Analysis = new Analysis({
    onFlow: (row) => {
      cursor.baseSeconds = analysis.baseSeconds;
      cursor.move(row);
      result = read(cursor);
    },
  });
  const cursor = new FlowCursor(analysis.flowContext(['web.pcap']));
  for (const [index, record] of recordsOf(script).entries()) {
    record.frame = index + 1;
    analysis.take(record);
  }
  analysis.end();
  return result!;
}

function selects(expression: string, script: readonly ScriptSegment[] = THREE_WAY): boolean {
  return ofFlow(script, condition(expression, FLOW_FIELDS));
}

/** What is wrong with an expression, and the 0-based place of it. */
function mistakeIn(expression: string): [problem: string, at: number] {
  try {
    condition(expression, FLOW_FIELDS);
  } catch (error) {
    if (error instanceof ExpressionMistake) return [error.problem, error.at];
    throw error;
  }
  throw new Error(`${expression}: no mistake`);
}

describe('an expression selects flows', () => {
  test.each([
    'handshake.outcome == "complete"',
    'handshake.outcome in ["complete", "half-open"]',
    'handshake.totalMs >= 10 && handshake.totalMs < 12.5',
    'fromServer.packets == 3 && 3 == fromServer.packets',
    'fromServer.bytes / fromServer.packets == 100.0',
    'fromClient.bytes + fromServer.bytes * 2 - 1 == 699',
    'fromClient.packets % 2 == 1',
    'client.address.startsWith("10.") || server.port == 1',
    '!(close.pattern == "reset")',
    'close.pattern != "reset"',
    'close.initiator == "client" ? true : false',
    'states.client.exists(s, s.state == "TIME_WAIT" && s.frame > 1)',
    'states.server.all(s, s.state != "TIME_WAIT")',
    'states.server.exists_one(s, s.state == "LISTEN")',
    'states.client.exists(c, c.state == "TIME_WAIT" && states.server.exists(s, s.state == "LAST_ACK" && c.frame == s.frame))',
    '!states.client.exists(c, states.server.exists(s, s.state == "LAST_ACK" && c.state == "SYN_SENT" && c.frame == s.frame))',
    'states.server[0].state == "LISTEN" && states.server[0].frame == null',
    'size(states.client) == 5 && states.client.size() == 5',
    '"tcp" in layers',
    '!findings.exists(f, f.severity == "alert" || f.frame < 1)',
    'size(layers[0]) == 3',
    'history.contains("S") && history.matches("^Sh")',
    'start > "2023-01-01T00:00:00Z" && start < timestamp("2023-12-01T00:00:00+02:00")',
    'fromClient.events["out-of-order"] == 0',
    'string(server.port) == "443"',
    '-1 < 0',
  ])('%s', (expression) => {
    expect(selects(expression)).toBe(true);
  });

  test('by what was found', () => {
    expect(selects('findings.exists(f, f.code == "handshake-refused" && f.frame in f.frames)', REFUSED)).toBe(true);
    expect(selects('findings[0].frames.exists(frame, frame == findings[0].frame)', REFUSED)).toBe(true);
  });

  test.each(['handshake.totalMs > 50', 'states.client[9].state == "LISTEN"', 'close.timeWait.side == "server"'])(
    'or not: %s',
    (expression) => {
      expect(selects(expression)).toBe(false);
    },
  );
});

describe('null', () => {
  test('is asked for by == null or has', () => {
    expect(selects('close.reset == null && !has(close.reset) && !has(close.reset.by)')).toBe(true);
    expect(selects('close.reset != null && has(close.reset.by) && close.reset.by == "server"', REFUSED)).toBe(true);
    expect(selects('close.closeMs == null', REFUSED)).toBe(true);
  });

  test('makes a comparison false, whichever way it is made', () => {
    for (const comparison of ['< 50', '> 50', '>= 0', '== 0', '+ 1 > 0', '* 0 == 0']) {
      expect(selects(`close.closeMs ${comparison}`, REFUSED)).toBe(false);
    }
    expect(selects('close.closeMs != 50', REFUSED)).toBe(true);
  });

  test('is no word', () => {
    expect(selects('close.initiator == "client"', THREE_WAY.slice(0, 3))).toBe(false);
    expect(selects('close.initiator == null', THREE_WAY.slice(0, 3))).toBe(true);
  });

  test('comes of a division by 0', () => {
    expect(selects('fromClient.bytes / fromServer.bytes >= 0', REFUSED)).toBe(false);
  });
});

describe('a quantity', () => {
  test('is a number of a flow', () => {
    expect(ofFlow(THREE_WAY, quantity('fromClient.bytes + fromServer.bytes', FLOW_FIELDS))).toBe(400);
    expect(ofFlow(REFUSED, quantity('close.closeMs', FLOW_FIELDS))).toBeNaN();
    expect(() => quantity('handshake.outcome', FLOW_FIELDS)).toThrow('text is no number');
  });
});

describe('a mistake says where it is, and what was meant', () => {
  test.each([
    ['handshake.totlaMs > 50', 'there is no field handshake.totlaMs; did you mean handshake.totalMs?', 10],
    ['outcome == "complete"', 'there is no field outcome; did you mean handshake.outcome?', 0],
    ['retransmittedBytes > 0', /did you mean fromClient.retransmittedBytes or fromServer.retransmittedBytes\?/, 0],
    ['handshake.outcome == "compelte"', 'it is never "compelte"; did you mean complete?', 21],
    ['close.reset.cause == "rst"', 'it is never "rst"; lastack schema lists what it can be', 21],
    ['close.reset.cause == "unread"', 'it is never "unread"; did you mean reset-unread-data?', 21],
    ['findings.exists(f, f.code == "syn-retransmited")', /; did you mean syn-retransmitted\?/, 29],
    ['close.initiator == "x"', 'it is never "x": it is one of client, server', 19],
    ['fromServer.events.out-of-order > 1', /did you mean fromServer.events\["out-of-order"\]\?/, 18],
    ['states.client.exists(s, s.stat == "LISTEN")', 'there is no field s.stat; did you mean s.state?', 26],
    ['fromServer.packets > "3"', 'a number > text means nothing', 21],
    ['fromServer.packets', 'a number is no condition: compare it with something', 0],
    ['handshake', 'the object handshake is no condition: compare it with something', 0],
    ['durationMs.x > 1', 'a number has no field x', 11],
    ['size(3) == 1', 'size is that of a list or of text; this is a number', 0],
    ['client.address.startWith("1")', 'there is no function startWith; did you mean startsWith?', 0],
    ['client.address.matches("(")', /Invalid regular expression/, 0],
    ['start > "2020"', '"2020" is no time like 2026-11-22T13:09:21.5Z', 8],
    ['close.pattern == reset', 'there is no field reset; did you mean "reset"?', 17],
    ['server.port == "443"', 'a number is never text; did you mean 443, without quotes?', 15],
    [
      'findings.exists(f, f.values.times > 1)',
      "there is no field f.values.times; expressions can't look into f.values",
      28,
    ],
    ['server.ip == "10.0.0.1"', 'there is no field server.ip; it has address and port', 7],
    ['findings.contains("tail-loss")', /ask x\.exists\(item, …\) of a list/, 0],
    ['durationMs > 5s', /numbers are written without units/, 14],
    ['(flow > 3', ') is missing here', 9],
    ['percentile(durationMs, 95) > 5', /it is of many flows, for expect in a rules file/, 0],
    ['flow = 3', /did you mean ==\?/, 5],
    ['flow == 3 and flow == 4', /did you mean &&\?/, 10],
    ['flow >', 'the expression ends too soon', 6],
    ['', 'the expression is empty', 0],
  ] as const)('%s', (expression, problem, at) => {
    const [found, place] = mistakeIn(expression);
    expect(found).toMatch(problem);
    expect({ expression, at: place }).toEqual({ expression, at });
  });

  test('and shows the line', () => {
    const mistake = new ExpressionMistake('no', 'flow == 1 &&\n  flwo == 2', 15);
    expect(mistake.describe('lastack.yaml')).toBe('lastack.yaml:2:3: no\n    flwo == 2\n    ^');
  });
});
