import { expect, test } from 'vitest';
import { EVENTS, nextState, STATES } from '../../src/tcp/machine.ts';

test('every state and every event: what follows', () => {
  const table = STATES.map((state, from) => {
    const cells = EVENTS.map((event, on) => [event, STATES[nextState(from, on)]!] as const);
    const moves = cells.filter(([, to]) => to !== state).map(([event, to]) => `${event} → ${to}`);
    return `${state}: ${moves.join(', ') || 'nothing'}`;
  });
  expect(table.join('\n')).toMatchInlineSnapshot(`
    "CLOSED: sends SYN → SYN_SENT
    LISTEN: sends SYN → SYN_SENT, gets SYN → SYN_RECV, RST → CLOSED
    SYN_SENT: gets SYN → SYN_RECV, gets SYN+ACK → ESTABLISHED, RST → CLOSED
    SYN_RECV: gets ACK of SYN → ESTABLISHED, sends FIN → FIN_WAIT1, gets FIN → CLOSE_WAIT, RST → CLOSED
    ESTABLISHED: sends FIN → FIN_WAIT1, gets FIN → CLOSE_WAIT, RST → CLOSED
    FIN_WAIT1: gets ACK of FIN → FIN_WAIT2, gets FIN → CLOSING, RST → CLOSED
    FIN_WAIT2: gets FIN → TIME_WAIT, RST → CLOSED
    CLOSE_WAIT: sends FIN → LAST_ACK, RST → CLOSED
    CLOSING: gets ACK of FIN → TIME_WAIT, RST → CLOSED
    LAST_ACK: gets ACK of FIN → CLOSED, RST → CLOSED
    TIME_WAIT: RST → CLOSED"
  `);
});
