/** The lowest of many numbers, a few of them, in ascending order. */
export class Lowest {
  readonly numbers: number[] = [];
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  add(number: number): void {
    const { numbers, most } = this;
    if (numbers.length === most) {
      if (number >= numbers[most - 1]!) return;
      numbers.pop();
    }
    let at = numbers.length;
    while (at > 0 && numbers[at - 1]! > number) at--;
    numbers.splice(at, 0, number);
  }
}
