import { UsageError } from '../errors.ts';

/** A filter expression that can't be followed. Its message shows the expression and points at the place. */
export class FilterError extends UsageError {
  /** What is wrong, without the place. */
  readonly problem: string;
  /** The part of the expression that is meant: 0-based, `end` exclusive. */
  readonly at: number;
  readonly end: number;

  /** @param name what the expression is called */
  constructor(problem: string, expression: string, at: number, end: number, name: string = 'filter') {
    super(`${name}:1:${at + 1}: ${problem}\n${pointAt(expression, at, end)}`);
    this.problem = problem;
    this.at = at;
    this.end = end;
  }
}

/** A part of an expression. */
export interface Span {
  readonly at: number;
  readonly end: number;
}

/** A problem with a part of an expression that whoever finds it does not have at hand. */
export class FilterProblem extends Error {
  readonly span: Span;

  constructor(problem: string, span: Span) {
    super(problem);
    this.span = span;
  }
}

/** The expression on a line, with carets under the part. Long ones are cut around it; control characters are hidden. */
function pointAt(expression: string, at: number, end: number): string {
  const shown = expression.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ');
  const from = at > WIDTH ? at - WIDTH / 2 : 0;
  const to = Math.min(shown.length, from + 2 * WIDTH);
  const carets = Math.max(1, Math.min(end, to) - at);
  return `  ${shown.slice(from, to)}\n  ${' '.repeat(at - from)}${'^'.repeat(carets)}`;
}

const WIDTH = 60;
