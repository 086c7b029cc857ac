import {
  addressHash,
  addressText,
  ENDPOINT_WORDS,
  ENDS,
  EndpointTable,
  type Ends,
  ipv4Hash,
} from '../flow/endpoints.ts';
import { END, FLOW } from '../flow/rows.ts';
import type { Tracker } from '../tcp/tracker.ts';
import { grouped } from './grouped.ts';

/** An address that fell silent in several connections and was not heard again. */
export interface VanishedAddress {
  readonly address: string;
  readonly flows: readonly number[];
  readonly frames: readonly number[];
  /** When it was heard for the last time, nanoseconds since the capture's first whole second. */
  readonly lastHeard: number;
}

interface Silence {
  readonly address: number;
  readonly flow: number;
  readonly frame: number;
  /** When the other end still asked for it. */
  readonly asked: number;
}

/** Flows whose peer vanished, and when each address was heard last: what tells a dead host from a dead connection. */
export class Vanished {
  private readonly tracker: Tracker;
  private readonly silences: Silence[] = [];
  private readonly addresses = new EndpointTable(ADDRESSES);
  /** By a hash of the address. Addresses that share a place are heard together, which keeps silent rather than accuses. */
  readonly heard: Float64Array = new Float64Array(PLACES).fill(Number.NEGATIVE_INFINITY);

  constructor(tracker: Tracker) {
    this.tracker = tracker;
  }

  /** A flow is finished: both its ends were heard. */
  finish(row: number, { hashes }: Ends): void {
    this.hear(row + FLOW.client, hashes[ENDS.client]! & (PLACES - 1));
    this.hear(row + FLOW.server, hashes[ENDS.server]! & (PLACES - 1));
  }

  /** A flow of a SYN and its SYN+ACK is finished, with that IPv4 client, and the server of the flow before. */
  finishOpening(client: number, synTime: number, answerTime: number, { hashes }: Ends): void {
    this.hearAt(ipv4Hash(client) & (PLACES - 1), synTime);
    this.hearAt(hashes[ENDS.server]! & (PLACES - 1), answerTime);
  }

  private hear(end: number, place: number): void {
    const { i32, f64 } = this.tracker.rows;
    if (i32[end + END.packets] !== 0) this.hearAt(place, f64[end / 2 + END.lastTimeF64]!);
  }

  private hearAt(place: number, time: number): void {
    if (time > this.heard[place]!) this.heard[place] = time;
  }

  /** The end on `side` of a finished flow never answered again (peer-vanished). */
  take(row: number, side: number, frame: number): void {
    if (this.silences.length >= SILENCES) return;
    const { i32, f64 } = this.tracker.rows;
    const address = this.addresses.take(i32, row, side, false);
    if (address < 0) return;
    this.silences.push({ address, flow: i32[row + FLOW.number]!, frame, asked: f64[(row >> 1) + FLOW.lastTimeF64]! });
  }

  /** Addresses that were still asked for in two flows or more after their last packet in any flow. */
  list(): VanishedAddress[] {
    const inVain = this.silences.filter(({ address, asked }) => asked > this.lastHeard(address));
    return [...grouped(inVain, ({ address }) => address)]
      .filter(([, silences]) => silences.length >= 2)
      .map(([address, silences]) => ({
        address: addressText(this.addresses.words, address * ENDPOINT_WORDS),
        flows: silences.map(({ flow }) => flow),
        frames: silences.map(({ frame }) => frame),
        lastHeard: this.lastHeard(address),
      }))
      .sort((a, b) => b.flows.length - a.flows.length || a.lastHeard - b.lastHeard);
  }

  private lastHeard(address: number): number {
    return this.heard[addressHash(this.addresses.words, address * ENDPOINT_WORDS) & (PLACES - 1)]!;
  }
}

/** A power of two. */
const PLACES = 1 << 14;
const ADDRESSES = 4096;
const SILENCES = 10_000;
