import { ByteWriter } from '../bytes/writer.ts';
import { CLIENT, FLOW, SERVER } from '../flow/rows.ts';
import type { FlowCursor } from '../record/cursor.ts';
import { portOf, writeAddress } from '../record/endpoint.ts';
import type { Value } from '../where/value.ts';
import type { BrokenFlow } from './rule.ts';

/** What is told of a flow that broke a rule. @param reads the fields that the rule reads */
export function broken(flow: FlowCursor, reads: ReadonlyMap<string, Value<FlowCursor>>): BrokenFlow {
  const frame = tellingFrame(flow, reads);
  return {
    flow: flow.word(FLOW.number),
    client: endpointText(flow, CLIENT),
    server: endpointText(flow, SERVER),
    values: valuesText(flow, reads),
    frame,
    why: whyText(flow, frame),
    repeats: [...reads.keys()].some((path) => path.includes('.retransmitted')),
    lines: [],
  };
}

/** A value as text; undefined for what has none. */
export function valueText(value: Value<FlowCursor>, flow: FlowCursor): string | undefined {
  switch (value.type) {
    case 'number': {
      const number = value.get(flow);
      return Number.isNaN(number) ? 'unknown' : String(Math.round(number * 1e6) / 1e6);
    }
    case 'text':
      return value.get(flow) ?? 'unknown';
    case 'boolean':
      return value.isNull?.(flow) === true ? 'unknown' : String(value.test(flow));
    case 'object':
      return value.present === undefined || value.present(flow) ? undefined : 'unknown';
    default:
      return undefined;
  }
}

function valuesText(flow: FlowCursor, reads: ReadonlyMap<string, Value<FlowCursor>>): string {
  const values: string[] = [];
  for (const [path, value] of reads) {
    const text = valueText(value, flow);
    if (text !== undefined) values.push(`${path} is ${text}`);
  }
  return values.slice(0, MOST_VALUES).join(', ');
}

const MOST_VALUES = 6;

/** `10.0.0.2:443`, `[2001:db8::2]:443`. */
export function endpointText(flow: FlowCursor, side: number): string {
  SCRATCH.length = 0;
  writeAddress(flow, side, SCRATCH);
  const address = SCRATCH.toString();
  return `${address.includes(':') ? `[${address}]` : address}:${portOf(flow, side)}`;
}

const SCRATCH = new ByteWriter(64);

/** What lastack makes of the flow, in words: the findings that name this frame, else the gravest. */
function whyText(flow: FlowCursor, frame: number): readonly string[] {
  const { findings } = flow.judgement;
  const here = findings.filter((finding) => finding.frames.includes(frame));
  const told = here.length > 0 ? here : findings.filter(({ severity }) => severity !== 'info');
  return told.slice(0, MOST_REASONS).map(({ code, message }) => `${code}: ${message}`);
}

const MOST_REASONS = 2;

/** The frame where what the rule read shows: of the reset or the close, of the handshake, or the last one. */
function tellingFrame(flow: FlowCursor, reads: ReadonlyMap<string, Value<FlowCursor>>): number {
  const paths = [...reads.keys()];
  const of = (prefix: string, fields: readonly number[]): number =>
    paths.some((path) => path.startsWith(prefix))
      ? (fields.map((field) => flow.word(field)).find((frame) => frame > 0) ?? 0)
      : 0;
  if (paths.some((path) => path.includes('.synRetransmissions')) && flow.word(FLOW.synRetransmissions) > 0) {
    return flow.word(FLOW.lastSynFrame);
  }
  return (
    of('close.initiator', [FLOW.firstFinFrame]) ||
    of('close', [FLOW.resetFrame, FLOW.lastAckFrame, FLOW.secondFinFrame, FLOW.firstFinFrame]) ||
    of('handshake', [FLOW.ackFrame, FLOW.resetFrame, FLOW.synAckFrame, FLOW.synFrame]) ||
    flow.word(FLOW.lastFrame)
  );
}
