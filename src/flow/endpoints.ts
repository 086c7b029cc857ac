import { writeIpv4, writeIpv6 } from '../bytes/address.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { CLIENT, FLOW, FLOW_BITS, SERVER } from './rows.ts';

/** Words of an endpoint: whether IPv6, the address (IPv4: its first word only), the port or 0. */
export const ENDPOINT_WORDS = 6;

/** Writes a side of the row's flow, as words, to `out[at]` on. */
export function readEndpoint(i32: Int32Array, row: number, side: number, out: Int32Array, at: number): void {
  const high = ((i32[row + FLOW.bits]! & FLOW_BITS.clientIsHigh) !== 0) === (side === CLIENT);
  const v6 = i32[row + FLOW.bits]! & FLOW_BITS.v6;
  const ports = i32[row + FLOW.ports]!;
  out[at] = v6;
  out[at + 5] = high ? ports & 0xffff : ports >>> 16;
  if (v6 === 0) {
    out[at + 1] = i32[row + (high ? FLOW.keyHigh : FLOW.keyLow)]!;
    out[at + 2] = out[at + 3] = out[at + 4] = 0;
    return;
  }
  const from = row + (high ? FLOW.addressHigh : FLOW.addressLow);
  for (let i = 0; i < 4; i++) out[at + 1 + i] = i32[from + i]!;
}

/** 32 bits that stand for the endpoint at `words[at]`, without its port. */
export function addressHash(words: Int32Array, at: number): number {
  let hash = ipv4Hash(words[at + 1]!);
  if (words[at] !== 0) for (let i = 2; i <= 4; i++) hash = scramble(hash ^ words[at + i]!);
  return hash;
}

/** The same, for an IPv4 address. */
export function ipv4Hash(address: number): number {
  return scramble(address ^ 0x2545f491);
}

/** Spreads every bit of a number over all of them. */
export function scramble(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return hash ^ (hash >>> 16);
}

/** The address at `words[at]`, as text. */
export function addressText(words: Int32Array, at: number): string {
  const out = new ByteWriter(64);
  if (words[at] === 0) writeIpv4(out, words[at + 1]!);
  else writeIpv6(out, words, at + 1);
  return out.toString();
}

/** The port of the endpoint at `words[at]`; 0 where it has none. */
export function portAt(words: Int32Array, at: number): number {
  return words[at + 5]!;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`. */
export function endpointText(words: Int32Array, at: number): string {
  const address = addressText(words, at);
  return `${words[at] === 0 ? address : `[${address}]`}:${portAt(words, at)}`;
}

/** Places in `Ends`: the ends of a flow without their ports; the server with its port; a port alone; nothing. */
export const ENDS = { client: 0, server: 1, service: 2, port: 3, none: 4 } as const;
export type EndPlace = (typeof ENDS)[keyof typeof ENDS];

/** The ends of one flow, read once for all that ask who they are. */
export class Ends {
  /** ENDPOINT_WORDS for each of ENDS. */
  readonly words: Int32Array = new Int32Array(5 * ENDPOINT_WORDS);
  /** Of each of ENDS: `addressHash`, and the port. */
  readonly hashes: Int32Array = new Int32Array(5);
  clientPort = 0;
  serverPort = 0;

  constructor() {
    this.hashes[ENDS.none] = addressHash(this.words, ENDS.none * ENDPOINT_WORDS);
  }

  /** Reads the ends of the row's flow. */
  read(i32: Int32Array, row: number): void {
    const { words, hashes } = this;
    const client = ENDS.client * ENDPOINT_WORDS;
    const server = ENDS.server * ENDPOINT_WORDS;
    const service = ENDS.service * ENDPOINT_WORDS;
    readEndpoint(i32, row, CLIENT, words, client);
    readEndpoint(i32, row, SERVER, words, server);
    for (let i = 0; i < ENDPOINT_WORDS; i++) words[service + i] = words[server + i]!;
    this.clientPort = words[client + 5]!;
    this.serverPort = words[server + 5]!;
    words[client + 5] = 0;
    words[server + 5] = 0;
    hashes[ENDS.client] = addressHash(words, client);
    const hash = addressHash(words, server);
    hashes[ENDS.server] = hash;
    hashes[ENDS.service] = hash ^ this.serverPort;
  }

  /** Which port ENDS.port is. */
  choosePort(port: number): void {
    this.words[ENDS.port * ENDPOINT_WORDS + 5] = port;
    this.hashes[ENDS.port] = this.hashes[ENDS.none]! ^ port;
  }
}

/** Endpoints by number, up to a limit: those that come later have none. */
export class EndpointTable {
  /** ENDPOINT_WORDS for each. */
  words: Int32Array = new Int32Array(32 * ENDPOINT_WORDS);
  count = 0;
  /** How often an endpoint was turned away. */
  refused = 0;
  private slots: Int32Array = new Int32Array(64);
  private readonly limit: number;
  private readonly scratch: Int32Array = new Int32Array(ENDPOINT_WORDS);
  /** The number that was asked for last: of many flows each is of the same server as the one before. */
  private last = -1;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The number of a side of the row's flow, with its port or without; -1 where there is no more room. */
  take(i32: Int32Array, row: number, side: number, withPort: boolean): number {
    const { scratch } = this;
    readEndpoint(i32, row, side, scratch, 0);
    if (!withPort) scratch[5] = 0;
    if (this.last >= 0 && this.is(this.last)) return this.last;
    this.last = this.find();
    return this.last;
  }

  /** The number of the endpoint in `scratch`, which is made if there is none. */
  private find(): number {
    const { scratch } = this;
    const hash = scramble(addressHash(scratch, 0) ^ scratch[5]!);
    let mask = this.slots.length - 1;
    let slot = hash & mask;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & mask)
      if (this.is(this.slots[slot]! - 1)) return this.slots[slot]! - 1;
    if (this.count === this.limit) {
      this.refused++;
      return -1;
    }
    if ((this.count + 1) * 2 > this.slots.length) {
      this.grow();
      mask = this.slots.length - 1;
      slot = hash & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    }
    this.words.set(scratch, this.count * ENDPOINT_WORDS);
    this.slots[slot] = ++this.count;
    return this.count - 1;
  }

  private is(number: number): boolean {
    const { words, scratch } = this;
    for (let i = 0, at = number * ENDPOINT_WORDS; i < ENDPOINT_WORDS; i++, at++)
      if (words[at] !== scratch[i]) return false;
    return true;
  }

  private grow(): void {
    const words = new Int32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
    this.slots = new Int32Array(this.slots.length * 2);
    const mask = this.slots.length - 1;
    for (let number = 0; number < this.count; number++) {
      const at = number * ENDPOINT_WORDS;
      let slot = scramble(addressHash(words, at) ^ words[at + 5]!) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = number + 1;
    }
  }
}
