import { CLIENT, FLOW, SERVER } from '../../flow/rows.ts';

/** The word at FLOW.history: states of both ends in bits 0 to 5, those before them in 6 to 11, then these. */
export const HISTORY = {
  /** The states of both ends; both established: whoever closes differs from it in the lowest bit of its state only. */
  connectedStates: 0x36,
  bothConnected: 0x24,
  begun: 0x1000,
  /** Zeek's connection is over; what comes later on these ports is another one to it. */
  over: 0x2000,
  originServer: 0x4000,
  flipped: 0x8000,
  /** The client has closed; the server's is the next bit. */
  didClose: 0x10000,
  bothClosed: 0x30000,
  /** Zeek waits for an answer to the originator's SYN. */
  attempt: 0x40000,
  /** Some payload was not kept whole. */
  truncated: 0x80000,
  /** The client's data and ACKs, then the server's, bring nothing new. */
  quietData: 0x100000,
  quietAck: 0x200000,
  quiet: 0xf00000,
  /** A segment with a wrong checksum, of which nobody knows yet whether it arrived. */
  doubtful: 0x1000000,
} as const;

/** Zeek's states of an end (init-bare.zeek: TCP_INACTIVE …). */
export const ZEEK = {
  inactive: 0,
  synSent: 1,
  synAckSent: 2,
  partial: 3,
  established: 4,
  closed: 5,
  reset: 6,
} as const;

/** Which side Zeek calls the originator, of the word at FLOW.history. */
export function originator(word: number): number {
  return (word & HISTORY.originServer) === 0 ? CLIENT : SERVER;
}

/** Zeek's state of an end, and the one before it: numbers of ZEEK. */
export function stateOf(i32: Int32Array, row: number, side: number): number {
  return (i32[row + FLOW.history]! >> (side * 3)) & 7;
}

export function previousOf(i32: Int32Array, row: number, side: number): number {
  return (i32[row + FLOW.history]! >> (6 + side * 3)) & 7;
}

/** An end comes into a state. */
export function enterState(i32: Int32Array, row: number, side: number, state: number): void {
  const word = i32[row + FLOW.history]!;
  const before = (word >> (side * 3)) & 7;
  if (before === state) return;
  const cleared = word & ~((7 << (side * 3)) | (7 << (6 + side * 3)));
  i32[row + FLOW.history] = cleared | (state << (side * 3)) | (before << (6 + side * 3));
}
