/** Frame numbers, each at most once: a bit for each frame up to the highest. */
export class FrameSet {
  private bits: Uint8Array = new Uint8Array(1 << 12);
  /** How many frames are in it. */
  size = 0;

  add(frame: number): void {
    const at = Math.floor(frame / 8);
    if (at >= this.bits.length) this.grow(at);
    const bit = 1 << (frame % 8);
    if ((this.bits[at]! & bit) !== 0) return;
    this.bits[at] = this.bits[at]! | bit;
    this.size++;
  }

  has(frame: number): boolean {
    const at = Math.floor(frame / 8);
    return at < this.bits.length && (this.bits[at]! & (1 << (frame % 8))) !== 0;
  }

  private grow(at: number): void {
    const larger = new Uint8Array(Math.max(this.bits.length * 2, at + 1));
    larger.set(this.bits);
    this.bits = larger;
  }
}
