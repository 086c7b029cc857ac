/** The first items of an order, of any number that come by: a heap whose root is the last of those kept. */
export class FirstOf<Item> {
  private readonly limit: number;
  private readonly keys: number[] = [];
  private readonly ties: number[] = [];
  private readonly items: Item[] = [];

  /** @param limit how many are kept */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Whether an item of this key would be kept: ask before making one. */
  wants(key: number, tie: number): boolean {
    return this.items.length < this.limit || this.compare(0, key, tie) > 0;
  }

  /** Keeps the item, and forgets the last one where there are too many. */
  add(key: number, tie: number, item: Item): void {
    if (this.items.length < this.limit) {
      this.place(this.items.length, key, tie, item);
      this.rise(this.items.length - 1);
    } else if (this.wants(key, tie)) {
      this.place(0, key, tie, item);
      this.sink();
    }
  }

  /** The items kept, in order. */
  inOrder(): readonly Item[] {
    const order = this.items.map((_, i) => i);
    order.sort((a, b) => this.compare(a, this.keys[b]!, this.ties[b]!));
    return order.map((i) => this.items[i]!);
  }

  private compare(at: number, key: number, tie: number): number {
    return this.keys[at]! - key || this.ties[at]! - tie;
  }

  private rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (this.compare(at, this.keys[parent]!, this.ties[parent]!) <= 0) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  private sink(): void {
    for (let at = 0; ; ) {
      let last = at;
      for (const child of [at * 2 + 1, at * 2 + 2]) {
        if (child < this.items.length && this.compare(child, this.keys[last]!, this.ties[last]!) > 0) last = child;
      }
      if (last === at) return;
      this.swap(at, last);
      at = last;
    }
  }

  private swap(a: number, b: number): void {
    const key = this.keys[a]!;
    const tie = this.ties[a]!;
    const item = this.items[a]!;
    this.place(a, this.keys[b]!, this.ties[b]!, this.items[b]!);
    this.place(b, key, tie, item);
  }

  private place(at: number, key: number, tie: number, item: Item): void {
    this.keys[at] = key;
    this.ties[at] = tie;
    this.items[at] = item;
  }
}
