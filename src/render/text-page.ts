import type { ReportEndpoint } from '../record/summary.ts';
import { escapeName } from './names.ts';
import type { TextStyle } from './style.ts';

/** The page that a report is written for. */
export interface PageOptions {
  /** Columns of the page. */
  readonly columns: number;
  /** Lines of the page; Infinity where it is no terminal. */
  readonly lines: number;
  /** Whether the flows are only some of the capture's (`--flow`, `--where`). */
  readonly chosen: boolean;
  /** How many flows were asked for; undefined for as many as fit. */
  readonly top: number | undefined;
  /** What decides the order of the flows. */
  readonly sort: string;
  /** The name of an address, where names are asked for and the capture has one. */
  readonly nameOf: (address: string) => string | undefined;
  readonly style: TextStyle;
}

/** `10.0.0.2:80`, `[2001:db8::1]:443`, or the capture's name in the place of the address. */
export function endpointText(end: ReportEndpoint, nameOf: (address: string) => string | undefined): string {
  const name = nameOf(end.address);
  if (name !== undefined) return `${escapeName(name)}:${end.port}`;
  return end.address.includes(':') ? `[${end.address}]:${end.port}` : `${end.address}:${end.port}`;
}

/** The last letters of a text that is too long stay, since there the port is. */
export function shortened(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;
}
