import type { SegmentView } from '../wire/segment.ts';

/**
 * Hosts that have sent a good TCP checksum: they do not offload it, so a bad one is damage.
 * A set of address hashes of bounded size; when it is full it stays as it is, which forgives rather than accuses.
 */
export class HostSet {
  private slots: Int32Array = new Int32Array(1024);
  private count = 0;

  add(segment: SegmentView): void {
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

/** IPv4: the address itself, so exact; IPv6: folded. Never 0. */
function hashOf(segment: SegmentView): number {
  const { view, sourceAt } = segment;
  let hash = view.getInt32(sourceAt);
  if (segment.ipVersion === 6)
    for (let i = 4; i < 16; i += 4) hash = Math.imul(hash ^ view.getInt32(sourceAt + i), 0x85ebca6b);
  return hash === 0 ? 1 : hash;
}
