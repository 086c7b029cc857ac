import type { LastackError } from '../errors.ts';
import { say } from './standard.ts';

/** Says on standard error what was wrong with the inputs, a line each. */
export function reportProblems(problems: readonly LastackError[]): void {
  for (const problem of problems) say(`lastack: ${printable(problem.message)}\n`);
}

/** Text with control characters shown instead of obeyed: a file's name can hold any. */
export function printable(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
