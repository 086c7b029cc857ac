import type { PacketWalk } from './walk.ts';

/** Seconds of capture time that a datagram may take to arrive (Linux ipfrag_time; RFC 8200 4.5 allows 60). */
const TIMEOUT_SECONDS = 30;
/** Room before a datagram's payload for the IP header of its first fragment, extension headers included. */
const HEADER_ROOM = 256;
const MAX_PAYLOAD = 65535;
const FIRST_CAPACITY = 4096;
/** Runs of octets that a datagram may be in at once; more only happens in attacks. */
const MAX_RUNS = 512;
const NO_FRAMES: readonly number[] = [];
const MAX_DATAGRAMS = 4096;
/** As many fragments as a datagram can have, and that again for repeats. */
const MAX_FRAMES = 16384;

/** One datagram as far as its fragments arrived. */
export class Datagram {
  readonly key: string;
  /** Capture time of its first arrival, in seconds since 1970. */
  readonly since: number;
  bytes: Uint8Array = new Uint8Array(HEADER_ROOM + FIRST_CAPACITY);
  view: DataView = new DataView(this.bytes.buffer);
  /** Runs of octets that are here, `[start, end, start, end …]`, ordered, never touching. */
  runs: number[] = [];
  /** Octets of payload by the last fragment; -1 while that is not here. */
  total = -1;
  /** The first octet that a short snapshot left out of its fragment. */
  keptEnd: number = MAX_PAYLOAD;
  /** The next header of the fragment with offset 0, and where its IP header lies in `bytes`. */
  protocol = 0;
  ipAt: number = HEADER_ROOM;
  hasFirst = false;
  firstFrame = 0;
  /** Frames of its fragments, as they came, but for repeats without end. */
  readonly frames: number[] = [];
  /** Octets of payload in that fragment. */
  firstLength = 0;
  /** Where the addresses that TCP's checksum covers lie, from `ipAt`. */
  finalSource = 0;
  finalDestination = 0;

  constructor(key: string, since: number) {
    this.key = key;
    this.since = since;
  }

  /** First octet of the payload. */
  get payloadAt(): number {
    return HEADER_ROOM;
  }

  get whole(): boolean {
    return (
      this.hasFirst && this.total >= 0 && this.runs.length === 2 && this.runs[0] === 0 && this.runs[1] === this.total
    );
  }

  /** Doubles the buffer until it holds `length` octets of payload. Returns how many octets that took. */
  grow(length: number): number {
    let capacity = this.bytes.length - HEADER_ROOM;
    while (capacity < length) capacity *= 2;
    const larger = new Uint8Array(HEADER_ROOM + capacity);
    larger.set(this.bytes);
    const taken = larger.length - this.bytes.length;
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
    return taken;
  }
}

/**
 * IP datagrams that wait for fragments. Where fragments overlap the first octets win, and what takes longer than 30 s
 * of capture time, or does not fit into memory, is dropped, oldest first, and counted.
 */
export class FragmentTable {
  /** Fragments seen, datagrams put together, and datagrams dropped because of time and of memory. */
  seen = 0;
  reassembled = 0;
  timedOut = 0;
  evicted = 0;
  /** Fragments that contradict others of their datagram, or would make it longer than 65535 octets. */
  refused = 0;
  /** Frames of the fragments that the datagram of the last fragment has so far; the list goes on growing. */
  latest: readonly number[] = NO_FRAMES;
  /** Octets of buffers in use. */
  memory = 0;
  private readonly limit: number;
  private readonly datagrams: Map<string, Datagram> = new Map();

  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * Takes one fragment, whose payload is at `walk.at`. Answers with its datagram, or undefined when it was refused;
   * a datagram that is now `whole` is out of the table, and its buffer the caller's.
   *
   * @param ipAt the IP header, whose octets up to `walk.at` are kept with the datagram
   * @param offset octets before this fragment's in the datagram
   * @param more whether others follow
   */
  add(walk: PacketWalk, key: string, ipAt: number, offset: number, more: boolean): Datagram | undefined {
    this.seen++;
    this.latest = NO_FRAMES;
    const now = walk.out.seconds;
    this.expire(now);
    const length = walk.wireEnd - walk.at;
    const end = offset + length;
    if (length <= 0 || end > MAX_PAYLOAD) {
      this.refused++;
      return undefined;
    }
    const datagram = this.find(key, now);
    const contradicts = datagram.total >= 0 && (more ? end > datagram.total : end !== datagram.total);
    const beyond = !more && datagram.runs.length > 0 && datagram.runs[datagram.runs.length - 1]! > end;
    if (contradicts || beyond || datagram.runs.length >= 2 * MAX_RUNS) {
      this.refused++;
      return undefined;
    }
    if (datagram.frames.length < MAX_FRAMES) datagram.frames.push(walk.out.frame);
    this.latest = datagram.frames;
    if (HEADER_ROOM + end > datagram.bytes.length) this.memory += datagram.grow(end);
    if (!more) datagram.total = end;
    if (offset === 0 && !datagram.hasFirst) keepHeader(datagram, walk, ipAt);
    keepPayload(datagram, walk, offset, length);
    if (datagram.whole) {
      this.remove(datagram);
      this.reassembled++;
    } else this.shrink(datagram);
    return datagram;
  }

  private find(key: string, now: number): Datagram {
    const known = this.datagrams.get(key);
    if (known) return known;
    const datagram = new Datagram(key, now);
    this.datagrams.set(key, datagram);
    this.memory += datagram.bytes.length;
    return datagram;
  }

  /** Drops what waited too long; a Map gives its oldest entry first. */
  private expire(now: number): void {
    for (const datagram of this.datagrams.values()) {
      if (Math.abs(now - datagram.since) <= TIMEOUT_SECONDS) return;
      this.remove(datagram);
      this.timedOut++;
    }
  }

  /** Drops the oldest until all fit again; `newest` goes last. */
  private shrink(newest: Datagram): void {
    for (const datagram of this.datagrams.values()) {
      if (this.memory <= this.limit && this.datagrams.size <= MAX_DATAGRAMS) return;
      if (datagram === newest && this.datagrams.size > 1) continue;
      this.remove(datagram);
      this.evicted++;
    }
  }

  private remove(datagram: Datagram): void {
    this.datagrams.delete(datagram.key);
    this.memory -= datagram.bytes.length;
  }
}

/** Copies the headers before the first fragment's payload to just before the datagram's. */
function keepHeader(datagram: Datagram, walk: PacketWalk, ipAt: number): void {
  const length = Math.min(walk.at - ipAt, HEADER_ROOM);
  datagram.ipAt = HEADER_ROOM - length;
  datagram.bytes.set(walk.bytes.subarray(ipAt, ipAt + length), datagram.ipAt);
  datagram.hasFirst = true;
  datagram.protocol = walk.protocol;
  datagram.firstFrame = walk.out.frame;
  datagram.firstLength = walk.wireEnd - walk.at;
  datagram.finalSource = Math.min(walk.finalSourceAt - ipAt, HEADER_ROOM - 16);
  datagram.finalDestination = Math.min(walk.finalDestinationAt - ipAt, HEADER_ROOM - 16);
}

/** Copies the octets from `offset` on that are not here yet, and merges the runs that this joins. */
function keepPayload(datagram: Datagram, walk: PacketWalk, offset: number, length: number): void {
  const end = offset + length;
  const kept = walk.end - walk.at;
  if (kept < length) datagram.keptEnd = Math.min(datagram.keptEnd, offset + kept);
  const runs = datagram.runs;
  let first = 0;
  while (first < runs.length && runs[first + 1]! < offset) first += 2;
  let last = first;
  let from = offset;
  for (; last < runs.length && runs[last]! <= end; last += 2) {
    copy(datagram, walk, offset, from, Math.min(runs[last]!, offset + kept));
    from = Math.max(from, runs[last + 1]!);
  }
  copy(datagram, walk, offset, from, Math.min(end, offset + kept));
  const start = last > first ? Math.min(offset, runs[first]!) : offset;
  const stop = last > first ? Math.max(end, runs[last - 1]!) : end;
  runs.splice(first, last - first, start, stop);
}

/** Copies the datagram's octets `from` to `to` out of a fragment that begins at `offset`. */
function copy(datagram: Datagram, walk: PacketWalk, offset: number, from: number, to: number): void {
  if (to <= from) return;
  const at = walk.at + from - offset;
  datagram.bytes.set(walk.bytes.subarray(at, at + to - from), HEADER_ROOM + from);
}
