import { plural } from '../bytes/counts.ts';
import { UtcTimes } from '../bytes/time.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { CaptureFinding } from '../record/capture.ts';

/** What is said of the capture as a whole; what is not given is as for something that rests on no single frame. */
export interface Said {
  readonly code: string;
  readonly severity: CaptureFinding['severity'];
  readonly confidence?: CaptureFinding['confidence'];
  /** Evidence: the deciding frame first. */
  readonly frames?: readonly number[];
  /** Numbers of flows that it is about. */
  readonly flows?: readonly number[];
  readonly values: CaptureFinding['values'];
  readonly message: string;
  /** A display filter, where the frames alone do not show it. */
  readonly filter?: string;
}

/** The finding in full. */
export function captureFinding(said: Said): CaptureFinding {
  const [frame] = said.frames ?? [];
  const frames = [...new Set(said.frames ?? [])].filter((number) => number > 0).sort((a, b) => a - b);
  return {
    code: said.code,
    severity: said.severity,
    confidence: said.confidence ?? 'certain',
    frame: frame ?? null,
    frames,
    flows: [...(said.flows ?? [])].sort((a, b) => a - b),
    values: said.values,
    message: said.message,
    filter: said.filter ?? (frames.length === 0 ? null : filterOf(frames)),
  };
}

function filterOf(frames: readonly number[]): string {
  return frames.length === 1 ? `frame.number == ${frames[0]}` : `frame.number in {${frames.join(', ')}}`;
}

/** Findings of one code that are told, at most. */
export const MOST_TOLD = 16;

/** What findings need to know beside what was gathered. */
export interface Moments {
  /** Whole seconds since 1970 from which times count. */
  readonly baseSeconds: number;
  /** Two MSL, in seconds. */
  readonly wait: number;
}

/** A time as RFC 3339 has it, in UTC; null for what never was (NaN). */
export function timeText({ baseSeconds }: Pick<Moments, 'baseSeconds'>, nanoseconds: number): string | null {
  if (Number.isNaN(nanoseconds)) return null;
  const out = new ByteWriter(64);
  new UtcTimes().writeSince(out, baseSeconds, nanoseconds);
  return out.toString();
}

/** Nanoseconds as `0.3 s`, `45 s`, `4 min 10 s`. */
export function spanText(nanoseconds: number): string {
  const seconds = nanoseconds / 1e9;
  if (seconds < 0.1) return `${Number((nanoseconds / 1e6).toPrecision(2))} ms`;
  if (seconds < 100) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds >= 2 * 86_400) return plural(Math.round(seconds / 86_400), 'day');
  const whole = Math.round(seconds < 3600 ? seconds : seconds / 60);
  const [large, small] = seconds < 3600 ? ['min', 's'] : ['h', 'min'];
  return whole % 60 === 0 ? `${whole / 60} ${large}` : `${Math.floor(whole / 60)} ${large} ${whole % 60} ${small}`;
}

/** A share as a whole number of percent, never rounded to all or none. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '0%';
  const share = (part / whole) * 100;
  if (share > 99 && share < 100) return '99%';
  return share > 0 && share < 1 ? 'under 1%' : `${Math.round(share)}%`;
}

/** A display filter for the packets from, to, or of an address that is given as text. */
export function addressFilter(address: string, which: 'src' | 'dst' | 'addr'): string {
  return `${address.includes(':') ? 'ipv6' : 'ip'}.${which} == ${address}`;
}

/** A display filter for the packets of a server, which is given as `endpointText` writes it. */
export function serverFilter(server: string): string {
  const at = server.lastIndexOf(':');
  const address = server.slice(0, at).replace(/^\[|\]$/g, '');
  return `${addressFilter(address, 'addr')} && tcp.port == ${server.slice(at + 1)}`;
}
