/** Keeps a few of many: those with the lowest rank; of equals, those of the lowest flow. Their order of arrival changes nothing. */
export class FirstFlows<Item> {
  private readonly most: number;
  private readonly kept: { readonly rank: number; readonly flow: number; readonly item: Item }[] = [];

  constructor(most: number) {
    this.most = most;
  }

  wants(rank: number, flow: number): boolean {
    if (this.kept.length < this.most) return true;
    const last = this.kept.at(-1);
    return last !== undefined && (rank < last.rank || (rank === last.rank && flow < last.flow));
  }

  add(rank: number, flow: number, item: Item): void {
    let at = this.kept.length;
    while (at > 0 && isBefore(rank, flow, this.kept[at - 1]!)) at--;
    this.kept.splice(at, 0, { rank, flow, item });
    if (this.kept.length > this.most) this.kept.pop();
  }

  get items(): readonly Item[] {
    return this.kept.map(({ item }) => item);
  }
}

function isBefore(rank: number, flow: number, other: { readonly rank: number; readonly flow: number }): boolean {
  return rank < other.rank || (rank === other.rank && flow < other.flow);
}
