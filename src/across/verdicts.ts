import { CODES } from '../findings/catalogue.ts';
import type { Finding, Judgement } from '../findings/finding.ts';
import { ENDPOINT_WORDS, EndpointTable, endpointText } from '../flow/endpoints.ts';
import { CLIENT, FLOW, SERVER } from '../flow/rows.ts';
import type { Tracker } from '../tcp/tracker.ts';
import { Lowest } from './lowest.ts';
import type { Vanished } from './vanished.ts';

/** One flow's part in what several flows show. */
export interface Part {
  readonly flow: number;
  readonly frame: number;
  /** Nanoseconds since the capture's first whole second, of the flow's first segment. */
  readonly time: number;
  /** Number of the server in `FlowVerdicts.server`. */
  readonly server: number;
  /** Nanoseconds of quiet, or 0. */
  readonly quiet: number;
}

type PartOf = 'idle' | 'queue' | 'vanished' | 'vantages';

/** What each finding that may be one of several says, by its code's number; most say nothing. */
const PART_OF: readonly (PartOf | undefined)[] = partsOf({
  'reset-idle': 'idle',
  'idle-drop': 'idle',
  'syn-dropped-by-listener': 'queue',
  'accept-queue-full': 'queue',
  'accept-queue-reset': 'queue',
  'peer-vanished': 'vanished',
  'capture-two-vantages': 'vantages',
});

function partsOf(parts: Readonly<Record<string, PartOf>>): (PartOf | undefined)[] {
  return CODES.map((code) => parts[code]);
}

const SERVERS = 4096;
const FLOWS_SHOWN = 10;
/** Flows remembered of each kind; the first of them are enough to tell. */
const PARTS = 10_000;

/** What was found of single flows, as far as several that agree say more. */
export class FlowVerdicts {
  /** Flows that died after a quiet time, and those that met a full queue. */
  readonly idle: Part[] = [];
  readonly queued: Part[] = [];
  /** Flows captured on both sides of a device that rewrites sequence numbers: how many, and the first. */
  twoVantages = 0;
  readonly twoVantagesFlows: Lowest = new Lowest(FLOWS_SHOWN);
  private readonly vanished: Vanished;
  private readonly tracker: Tracker;
  private readonly servers = new EndpointTable(SERVERS);

  constructor(tracker: Tracker, vanished: Vanished) {
    this.tracker = tracker;
    this.vanished = vanished;
  }

  /** What was found of a finished flow, whose row is still whole. */
  take(row: number, judgement: Judgement): void {
    const { kinds } = judgement;
    for (let i = 0; i < kinds.length; i++)
      if (PART_OF[kinds[i]!.number] !== undefined) this.takePart(row, judgement.findings[i]!);
  }

  private takePart(row: number, { number, frame, values }: Finding): void {
    switch (PART_OF[number]) {
      case 'idle':
        if (typeof values.quietMs === 'number') this.add(this.idle, row, frame, values.quietMs * 1e6);
        break;
      case 'queue':
        this.add(this.queued, row, frame, 0);
        break;
      case 'vanished':
        this.vanished.take(row, values.by === 'client' ? SERVER : CLIENT, frame);
        break;
      case 'vantages':
        this.twoVantages++;
        this.twoVantagesFlows.add(this.tracker.rows.i32[row + FLOW.number]!);
    }
  }

  /** `192.0.2.1:80`. */
  server(number: number): string {
    return endpointText(this.servers.words, number * ENDPOINT_WORDS);
  }

  private add(parts: Part[], row: number, frame: number, quiet: number): void {
    if (parts.length >= PARTS) return;
    const { i32, f64 } = this.tracker.rows;
    const server = this.servers.take(i32, row, SERVER, true);
    const flow = i32[row + FLOW.number]!;
    if (server < 0 || parts.at(-1)?.flow === flow) return;
    parts.push({ flow, frame, time: f64[row / 2 + FLOW.firstTimeF64]!, server, quiet });
  }
}

/**
 * The longest run of parts whose values lie within `width` of the run's first, which that function gives: the parts
 * must be in ascending order of `value`.
 */
export function longestRun(
  parts: readonly Part[],
  value: (part: Part) => number,
  width: (first: number) => number,
): readonly Part[] {
  let best: readonly Part[] = [];
  let from = 0;
  for (let to = 0; to < parts.length; to++) {
    while (value(parts[to]!) - value(parts[from]!) > width(value(parts[from]!))) from++;
    if (to - from + 1 > best.length) best = parts.slice(from, to + 1);
  }
  return best;
}
