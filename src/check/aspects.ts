import type { CLOSE_PATTERNS, HANDSHAKE_OUTCOMES } from '../tcp/patterns.ts';

type ClosePattern = (typeof CLOSE_PATTERNS)[number];
type HandshakeOutcome = (typeof HANDSHAKE_OUTCOMES)[number];

/** What an aspect of a service is, as comparisons name it, for who does not know TCP by heart; null for one not known. */
export function aboutAspect(aspect: string): string | null {
  const [kind, word] = aspect.split(': ');
  if (kind === 'opened') return OPENED[word as HandshakeOutcome] ?? null;
  if (kind === 'closed') return CLOSED[word as ClosePattern] ?? null;
  if (aspect.startsWith('durationMs of ')) return 'How long connections lived that closed in this way.';
  return OTHERS[aspect] ?? null;
}

const OPENED: Readonly<Record<HandshakeOutcome, string>> = {
  complete: 'Connections that opened.',
  'half-open': 'The server answered, and the client never completed the handshake.',
  unanswered: 'Nobody answered the client: a firewall that drops, a host that is gone, or a full server.',
  refused: 'The client came to a port where nobody listens.',
  aborted: 'One end gave up before the connection was open.',
  'not-captured': 'Connections that were open before the capture began.',
};

const CLOSED: Readonly<Record<ClosePattern, string>> = {
  'four-way': 'Orderly: one end closed, the other acknowledged that and closed later.',
  'three-way': 'Orderly: one end closed, and the other at once.',
  simultaneous: 'Orderly: both ends closed at the same time.',
  'half-closed': 'One end closed, and the other has not.',
  reset: 'One end gave the connection up at once (RST) instead of closing it. What was under way may be lost.',
  'reset-after-fin': 'One end had begun to close when the connection was given up (RST).',
  refused: 'Connections that never opened, because the server or its host refused.',
  open: 'Connections that were still open when the capture ended.',
};

const OTHERS: Readonly<Record<string, string>> = {
  flows: 'How many connections there were.',
  'segments sent again': 'What was lost, or acknowledged too late, had to be sent again.',
  'flows with a SYN sent again':
    "The first packet of a connection or its answer was lost, or the server's backlog was full.",
  'flows with a loss':
    'Connections in which something was sent again, or was seen to be missing by who should have had it.',
  'keep-alives': 'Probes that keep idle connections open, and find the dead ones.',
  'handshake.synToSynAckMs':
    "How long the server's host took to answer the first packet of a connection, with the way there and back.",
  'handshake.synAckToAckMs': "How long the client's host took to complete the opening, with the way there and back.",
  'fromServer.firstPayloadMs':
    "From a connection's first packet to the server's first octets: opening, accepting and answering.",
  'close.closeMs': 'From the first end that closed to the last acknowledgment.',
};
