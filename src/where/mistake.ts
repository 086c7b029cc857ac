/** An expression that says nothing: what is wrong with it, and where. Whoever knows the file makes it a UsageError. */
export class ExpressionMistake extends Error {
  override readonly name = 'ExpressionMistake';
  /** What is wrong, without the place. */
  readonly problem: string;
  readonly expression: string;
  /** 0-based offset in the expression, in UTF-16 units. */
  readonly at: number;

  constructor(problem: string, expression: string, at: number) {
    super(problem);
    this.problem = problem;
    this.expression = expression;
    this.at = Math.max(0, Math.min(at, expression.length));
  }

  /** `NAME:LINE:COLUMN: problem`, then the line of the expression and a caret below the place. */
  describe(name: string): string {
    const { line, column, text } = placeIn(this.expression, this.at);
    return `${name}:${line}:${column}: ${this.problem}\n  ${text.replace(/\t/g, ' ')}\n  ${' '.repeat(column - 1)}^`;
  }
}

/** Makes a mistake at a place that is known already. */
export type MistakeAt = (problem: string) => ExpressionMistake;

/** Line and column, both 1-based, of an offset, and the text of that line. */
export function placeIn(text: string, at: number): { line: number; column: number; text: string } {
  const before = text.slice(0, at).split('\n');
  const line = before.length;
  return { line, column: before.at(-1)!.length + 1, text: text.split('\n')[line - 1] ?? '' };
}
