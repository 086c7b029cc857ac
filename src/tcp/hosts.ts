import type { SegmentView } from '../wire/segment.ts';

/**
 * Hosts that have sent a good TCP checksum: they do not offload it, so a bad one is damage.
 * A set of address hashes of bounded size; when it is full it stays as it is, which forgives rather than accuses.
 *
 * Where addresses were rewritten, or checksums overwritten, one in 65,536 is right by chance: a good one proves nothing of
 * a host that had many wrong ones forgiven before.
 */
export class HostSet {
  private slots: Int32Array = new Int32Array(1024);
  private count = 0;
  /** Wrong checksums forgiven, by hash of the host: those that offload and leave the pseudo header's sum are not here. */
  private readonly forgiven: Map<number, number> = new Map();

  /** The sender's checksum is good. Answers whether it is believed to send good ones from now on. */
  add(segment: SegmentView): boolean {
    if (!this.believes(segment)) {
      const hash = hashOf(segment);
      this.forgiven.set(hash, this.forgiven.get(hash)! - AGAINST_ONE);
      return false;
    }
    this.enter(segment);
    return true;
  }

  /** Whether a good checksum of the sender would be more than chance. */
  believes(segment: SegmentView): boolean {
    return this.forgiven.size === 0 || (this.forgiven.get(hashOf(segment)) ?? 0) < AGAINST_ONE;
  }

  /** The sender's checksum is wrong, and it never proved to send good ones. */
  forgive(segment: SegmentView): void {
    const hash = hashOf(segment);
    const times = this.forgiven.get(hash);
    if (times !== undefined || this.forgiven.size < LIMIT) this.forgiven.set(hash, (times ?? 0) + 1);
  }

  private enter(segment: SegmentView): void {
    if (this.count * 2 >= this.slots.length) {
      if (this.slots.length >= LIMIT) return;
      const old = this.slots;
      this.slots = new Int32Array(old.length * 2);
      for (const hash of old) if (hash !== 0) this.slots[this.slot(hash)] = hash;
    }
    const hash = hashOf(segment);
    const slot = this.slot(hash);
    if (this.slots[slot] === 0) this.count++;
    this.slots[slot] = hash;
  }

  has(segment: SegmentView): boolean {
    const hash = hashOf(segment);
    return this.slots[this.slot(hash)] === hash;
  }

  private slot(hash: number): number {
    const mask = this.slots.length - 1;
    let slot = Math.imul(hash, 0x9e3779b1) & mask;
    while (this.slots[slot] !== 0 && this.slots[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }
}

const LIMIT = 1 << 18;
/** So many wrong checksums outweigh a good one: chance makes 65,535 of them for each, a bad line at worst a few. */
const AGAINST_ONE = 64;

/** IPv4: the address itself, so exact; IPv6: folded. Never 0. */
function hashOf(segment: SegmentView): number {
  const { view, sourceAt } = segment;
  let hash = view.getInt32(sourceAt);
  if (segment.ipVersion === 6)
    for (let i = 4; i < 16; i += 4) hash = Math.imul(hash ^ view.getInt32(sourceAt + i), 0x85ebca6b);
  return hash === 0 ? 1 : hash;
}
