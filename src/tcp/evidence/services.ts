import { FLOW, FLOW_BITS } from '../../flow/rows.ts';

/** What is remembered of a listener. Times are nanoseconds since the capture's first whole second. */
export interface Service {
  /** Handshakes completed, and when the newest was and of which flow; NaN if none. */
  readonly completed: number;
  readonly completedTime: number;
  readonly completedFlow: number;
  /** The newest run of resets of connections that the server had sent nothing to: how many, first and last. */
  readonly aborts: number;
  readonly abortsFrom: number;
  readonly abortsTo: number;
  /** Quiet time, nanoseconds, before the newest reset of an idle connection, and of which flow it was. */
  readonly idle: number;
  readonly idleFlow: number;
}

/**
 * What other connections to the same address and port tell of a listener, in bounded memory: each has a place by its
 * hash, and a newcomer takes the place. What was forgotten is never held against anybody.
 */
export class Services {
  private readonly i32 = new Int32Array(PLACES * WORDS);
  private readonly f64 = new Float64Array(this.i32.buffer);

  /** The handshake of the row's flow is complete. */
  complete(rows: Int32Array, row: number, time: number): void {
    const at = this.place(rows, row);
    this.i32[at + AT.completed] = this.i32[at + AT.completed]! + 1;
    this.i32[at + AT.completedFlow] = rows[row + FLOW.number]!;
    this.f64[at / 2 + AT.completedTimeF64] = time;
  }

  /** The server resets a connection to which it has sent nothing. */
  abort(rows: Int32Array, row: number, time: number): void {
    const at = this.place(rows, row);
    const last = this.f64[at / 2 + AT.abortsToF64]!;
    if (this.i32[at + AT.aborts] === 0 || time - last > BURST) {
      this.i32[at + AT.aborts] = 0;
      this.f64[at / 2 + AT.abortsFromF64] = time;
    }
    this.i32[at + AT.aborts] = this.i32[at + AT.aborts]! + 1;
    this.f64[at / 2 + AT.abortsToF64] = time;
  }

  /** A connection was reset after so long a quiet. Answers the quiet before the one of another flow, or NaN. */
  idle(rows: Int32Array, row: number, quiet: number): void {
    const at = this.place(rows, row);
    if (this.i32[at + AT.idleFlow] !== 0) {
      this.i32[at + AT.idleBeforeFlow] = this.i32[at + AT.idleFlow]!;
      this.f64[at / 2 + AT.idleBeforeF64] = this.f64[at / 2 + AT.idleF64]!;
    }
    this.i32[at + AT.idleFlow] = rows[row + FLOW.number]!;
    this.f64[at / 2 + AT.idleF64] = quiet;
  }

  /** What is known of the listener of the row's flow; the idle time is another flow's. */
  of(rows: Int32Array, row: number): Service {
    const at = this.place(rows, row);
    const { i32, f64 } = this;
    const own = i32[at + AT.idleFlow] === rows[row + FLOW.number];
    const half = at / 2;
    return {
      completed: i32[at + AT.completed]!,
      completedTime: i32[at + AT.completed] === 0 ? Number.NaN : f64[half + AT.completedTimeF64]!,
      completedFlow: i32[at + AT.completedFlow]!,
      aborts: i32[at + AT.aborts]!,
      abortsFrom: f64[half + AT.abortsFromF64]!,
      abortsTo: f64[half + AT.abortsToF64]!,
      idle: own ? f64[half + AT.idleBeforeF64]! : f64[half + AT.idleF64]!,
      idleFlow: own ? i32[at + AT.idleBeforeFlow]! : i32[at + AT.idleFlow]!,
    };
  }

  /** The place of the row's server, which a newcomer gets empty. */
  private place(rows: Int32Array, row: number): number {
    const serverIsHigh = (rows[row + FLOW.bits]! & FLOW_BITS.clientIsHigh) === 0;
    const address = rows[row + (serverIsHigh ? FLOW.keyHigh : FLOW.keyLow)]!;
    const ports = rows[row + FLOW.ports]!;
    const port = serverIsHigh ? ports & 0xffff : ports >>> 16;
    const hash = Math.imul(address ^ Math.imul(port, 0x9e3779b1), 0x85ebca6b);
    const at = ((hash ^ (hash >>> 15)) & (PLACES - 1)) * WORDS;
    const { i32 } = this;
    if (i32[at + AT.address] !== address || i32[at + AT.port] !== port) {
      i32.fill(0, at, at + WORDS);
      i32[at + AT.address] = address;
      i32[at + AT.port] = port;
    }
    return at;
  }
}

const PLACES = 4096;
/** Resets within this long of each other are one run. */
const BURST = 5e6;
const AT = {
  address: 0,
  port: 1,
  completed: 2,
  completedFlow: 3,
  aborts: 4,
  idleFlow: 5,
  idleBeforeFlow: 6,
  completedTimeF64: 4,
  abortsFromF64: 5,
  abortsToF64: 6,
  idleF64: 7,
  idleBeforeF64: 8,
} as const;
const WORDS = 18;
