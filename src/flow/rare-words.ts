/**
 * Words that few entries of a paged table have: a page of them is made when the first entry on it needs one. A word that was
 * never set on a page is 0; one that was set stays until it is set again.
 */
export class RareWords {
  private readonly pages: (Int32Array | undefined)[] = [];
  private readonly shift: number;
  private readonly words: number;

  /** @param shift 2^shift entries are on a page. @param words of each entry */
  constructor(shift: number, words: number) {
    this.shift = shift;
    this.words = words;
  }

  get(place: number, word: number): number {
    const page = this.pages[place >> this.shift];
    return page === undefined ? 0 : page[this.at(place) + word]!;
  }

  set(place: number, word: number, value: number): void {
    const number = place >> this.shift;
    let page = this.pages[number];
    if (page === undefined) {
      page = new Int32Array(this.words << this.shift);
      this.pages[number] = page;
    }
    page[this.at(place) + word] = value;
  }

  /** Gives back a page's memory. */
  dropPage(number: number): void {
    if (this.pages[number] !== undefined) this.pages[number] = undefined;
  }

  private at(place: number): number {
    return (place & ((1 << this.shift) - 1)) * this.words;
  }
}
