import { Conversation } from './conversation.ts';
import { type Encapsulation, OutgoingSegment, writeFrame } from './frame.ts';
import { PcapFile } from './pcap-file.ts';
import { Random } from './random.ts';
import { noTruth, type Truth } from './truth.ts';

const CLIENTS = 24;
const SERVERS = 4;
const FIRST_PORT = 32_768;
/** As many connections as are open or about to open at a time. */
const SLOTS = 320;
/** How often the same four addresses and ports are used, over a whole capture. */
const USES_OF_A_PORT = 3.5;

/**
 * Writes `connections` short connections: the load of a few busy clients on four servers, some hundreds open at a time,
 * their ports taken again before TIME_WAIT is over, snapped at 200 octets (250 in a tunnel).
 */
export function writeWeb(path: string, connections: number, encapsulation: Encapsulation, seed: number): Truth {
  const random = new Random(seed);
  const truth = noTruth();
  const file = new PcapFile(path, encapsulation === 'ipv4' ? 200 : 250);
  const segment = new OutgoingSegment();
  const ports = new Ports(Math.max(32, Math.ceil(connections / CLIENTS / USES_OF_A_PORT)));
  const slots = Array.from({ length: SLOTS }, () => new Conversation(random));
  const agenda = new Agenda(SLOTS);
  let begun = 0;
  for (;;) {
    const conversation = slots[agenda.first()]!;
    const now = agenda.firstTime();
    if (now === Number.POSITIVE_INFINITY) break;
    if (conversation.delay() < 0) {
      ports.release(conversation);
      if (begun === connections) {
        agenda.postpone(Number.POSITIVE_INFINITY);
        continue;
      }
      ports.take(conversation, random.below(CLIENTS));
      conversation.begin(now, connections - begun < ports.perClient, truth);
      begun++;
    }
    conversation.fill(now, segment);
    writeFrame(file, now, segment, encapsulation);
    const delay = conversation.delay();
    agenda.postpone(now + (delay < 0 ? random.between(100, 20_000) : delay));
  }
  file.close();
  truth.records = file.records;
  return truth;
}

/** The clients' ports: handed out in turn, never one that is in use. */
class Ports {
  readonly perClient: number;
  readonly #inUse: Uint8Array;
  readonly #next = new Int32Array(CLIENTS);

  constructor(perClient: number) {
    this.perClient = Math.min(perClient, 65_536 - FIRST_PORT);
    this.#inUse = new Uint8Array(CLIENTS * this.perClient);
  }

  take(conversation: Conversation, client: number): void {
    const at = client * this.perClient;
    let port = this.#next[client]!;
    while (this.#inUse[at + port]) port = (port + 1) % this.perClient;
    this.#inUse[at + port] = 1;
    this.#next[client] = (port + 1) % this.perClient;
    const place = conversation.place;
    place.client = 0x0a_01_00_0a + client;
    place.clientPort = FIRST_PORT + port;
    place.server = 0x0a_02_00_01 + (client % SERVERS);
    place.serverPort = client % SERVERS === 3 ? 8443 : 443;
  }

  release(conversation: Conversation): void {
    const place = conversation.place;
    if (place.client) this.#inUse[(place.client - 0x0a_01_00_0a) * this.perClient + place.clientPort - FIRST_PORT] = 0;
    place.client = 0;
  }
}

/** Which conversation is next: a binary heap of which only the first entry ever changes. */
class Agenda {
  readonly #heap: Int32Array;
  readonly #times: Float64Array;

  constructor(size: number) {
    this.#heap = Int32Array.from({ length: size }, (_, i) => i);
    this.#times = Float64Array.from({ length: size }, (_, i) => i * 250);
  }

  first(): number {
    return this.#heap[0]!;
  }

  /** Microseconds since the capture's start. */
  firstTime(): number {
    return this.#times[this.#heap[0]!]!;
  }

  /** Gives the first entry a later time. */
  postpone(time: number): void {
    const heap = this.#heap;
    const times = this.#times;
    const moved = heap[0]!;
    times[moved] = time;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && times[heap[child + 1]!]! < times[heap[child]!]!) child++;
      if (times[heap[child]!]! >= time) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
  }
}
