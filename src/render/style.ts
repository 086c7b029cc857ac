/** How text looks on a terminal (ECMA-48 SGR), or plainly where there is none. */
export interface TextStyle {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly accent: (text: string) => string;
}

/** @param coloured whether the reader's terminal shows colours */
export function textStyle(coloured: boolean): TextStyle {
  return coloured ? COLOURED : PLAIN;
}

const PLAIN: TextStyle = { bold: same, dim: same, good: same, bad: same, warn: same, accent: same };
const COLOURED: TextStyle = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  good: sgr(32, 39),
  bad: sgr(31, 39),
  warn: sgr(33, 39),
  accent: sgr(36, 39),
};

function same(text: string): string {
  return text;
}

function sgr(on: number, off: number): (text: string) => string {
  return (text) => (text === '' ? text : `\x1b[${on}m${text}\x1b[${off}m`);
}
