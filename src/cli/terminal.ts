import type { Output } from './output.ts';

/** Whether to colour: what the option says, else FORCE_COLOR, NO_COLOR (no-color.org), else whether it is a terminal. */
export function wantsColour(when: 'auto' | 'always' | 'never', output: Output): boolean {
  if (when !== 'auto') return when === 'always';
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0';
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return output.isTerminal && TERM !== 'dumb';
}

/** Columns and lines of the terminal that reads along; without one, `columns` is COLUMNS of the environment or what is given. */
export function terminalSize(output: Output, columns: number): { readonly columns: number; readonly lines: number } {
  if (!output.isTerminal) {
    const wanted = Number(process.env.COLUMNS);
    return { columns: wanted > 0 ? wanted : columns, lines: Number.POSITIVE_INFINITY };
  }
  return { columns: process.stdout.columns || 80, lines: process.stdout.rows || 24 };
}
