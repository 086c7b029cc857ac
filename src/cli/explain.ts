import { CATALOGUE, PARTS } from '../findings/catalogue.ts';
import type { CodeEntry } from '../findings/finding.ts';
import { textStyle } from '../render/style.ts';
import { wrap } from '../render/wrap.ts';
import { EXIT } from './exit.ts';
import { noSuchCode } from './finding-codes.ts';
import { Output } from './output.ts';
import { terminalSize, wantsColour } from './terminal.ts';

/** Columns of a page that is no terminal. */
const PAGE_COLUMNS = 80;

/** `lastack explain`: what a finding means, or all there are; answers the exit status. */
export function explain(code: string | undefined): number {
  const entry = code === undefined ? undefined : CATALOGUE.get(code);
  if (code !== undefined && entry === undefined) throw noSuchCode(code);
  const output = new Output(undefined, []);
  const columns = Math.max(40, Math.min(100, terminalSize(output, PAGE_COLUMNS).columns));
  const style = textStyle(wantsColour('auto', output));
  const paint = (severity: string, text: string): string =>
    severity === 'alert' || severity === 'warning' ? style.warn(text) : text;
  const lines: string[] = [];
  if (code !== undefined && entry !== undefined) {
    lines.push(`${style.bold(code)}  ${paint(entry.severity, entry.severity)}`, '');
    for (const [label, text] of sections(entry)) {
      wrap(text, columns - INDENT).forEach((line, i) => {
        lines.push(`${style.dim((i === 0 ? label : '').padEnd(INDENT))}${line}`);
      });
    }
  } else {
    for (const { title, entries } of PARTS) {
      lines.push(style.bold(title));
      for (const [name, { severity }] of Object.entries(entries))
        lines.push(`  ${name.padEnd(30)}${paint(severity, severity)}`);
      lines.push('');
    }
    lines.push('lastack explain CODE tells the rule of one, its source and its guards.');
  }
  output.out.text(`${lines.join('\n')}\n`);
  output.close();
  return EXIT.done;
}

const INDENT = 10;

function sections(entry: CodeEntry): readonly (readonly [string, string])[] {
  return [
    ['means', entry.means],
    ['rule', entry.rule],
    ['guard', entry.guard],
    ['source', entry.source],
    ['next', entry.next],
  ];
}
