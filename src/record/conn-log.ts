import { ASCII } from '../bytes/ascii.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import { END, FLOW } from '../flow/rows.ts';
import { CONN_STATES, connStateOf, historyOf, lastTimeOf, missedOf, streamSize } from '../tcp/history/conn-state.ts';
import { originator } from '../tcp/history/word.ts';
import type { FlowCursor } from './cursor.ts';
import { portOf, writeAddress } from './endpoint.ts';
import { writeUid } from './uid.ts';

/** A column of Zeek's conn.log. */
export interface ConnLogColumn {
  readonly name: string;
  /** Its type in Zeek. */
  readonly type: string;
  readonly write: (flow: FlowCursor, out: ByteWriter) => void;
}

/** What nobody knows: Zeek's unset field. */
const unset = (_: FlowCursor, out: ByteWriter): void => out.byte(ASCII.hyphen);
const origin = (flow: FlowCursor): number => originator(flow.word(FLOW.history));
const responder = (flow: FlowCursor): number => 1 - origin(flow);
const endOf = (side: number): number => (side === 0 ? FLOW.client : FLOW.server);

/**
 * The columns of a conn.log, in Zeek's order and meaning (base/protocols/conn/main.zeek): who is the originator, when the
 * connection ended and how many octets it had is as Zeek has it.
 */
// biome-ignore format: a table is read by its columns
export const CONN_LOG: readonly ConnLogColumn[] = [
  { name: 'ts',             type: 'time',        write: (flow, out) => writeMicroseconds(out, flow.baseSeconds, microseconds(flow.double(FLOW.firstTimeF64))) },
  { name: 'uid',            type: 'string',      write: writeUid },
  { name: 'id.orig_h',      type: 'addr',        write: (flow, out) => writeAddress(flow, origin(flow), out) },
  { name: 'id.orig_p',      type: 'port',        write: (flow, out) => out.unsigned(portOf(flow, origin(flow))) },
  { name: 'id.resp_h',      type: 'addr',        write: (flow, out) => writeAddress(flow, responder(flow), out) },
  { name: 'id.resp_p',      type: 'port',        write: (flow, out) => out.unsigned(portOf(flow, responder(flow))) },
  { name: 'proto',          type: 'enum',        write: (_, out) => out.ascii('tcp') },
  { name: 'service',        type: 'string',      write: unset },
  { name: 'duration',       type: 'interval',    write: writeDuration },
  { name: 'orig_bytes',     type: 'count',       write: (flow, out) => writeSize(flow, out, origin(flow)) },
  { name: 'resp_bytes',     type: 'count',       write: (flow, out) => writeSize(flow, out, responder(flow)) },
  { name: 'conn_state',     type: 'string',      write: (flow, out) => out.ascii(CONN_STATES[connStateOf(flow.context.history, flow.context.rows, flow.row)]!) },
  { name: 'local_orig',     type: 'bool',        write: unset },
  { name: 'local_resp',     type: 'bool',        write: unset },
  { name: 'missed_bytes',   type: 'count',       write: (flow, out) => out.unsigned(missedOf(flow.context.history, flow.context.rows, flow.row)) },
  { name: 'history',        type: 'string',      write: (flow, out) => out.ascii(historyOf(flow.context.history, flow.context.rows, flow.row) || '-') },
  { name: 'orig_pkts',      type: 'count',       write: (flow, out) => out.unsigned(flow.word(endOf(origin(flow)) + END.packets)) },
  { name: 'orig_ip_bytes',  type: 'count',       write: (flow, out) => out.unsigned(flow.double(endOf(origin(flow)) / 2 + END.ipBytesF64)) },
  { name: 'resp_pkts',      type: 'count',       write: (flow, out) => out.unsigned(flow.word(endOf(responder(flow)) + END.packets)) },
  { name: 'resp_ip_bytes',  type: 'count',       write: (flow, out) => out.unsigned(flow.double(endOf(responder(flow)) / 2 + END.ipBytesF64)) },
  { name: 'tunnel_parents', type: 'set[string]', write: unset },
];

/** Zeek leaves duration and sizes unset where a connection has no duration: one segment, or several at one time. */
function elapsed(flow: FlowCursor): number {
  const first = microseconds(flow.double(FLOW.firstTimeF64));
  return microseconds(lastTimeOf(flow.context.rows, flow.row)) - first;
}

function writeDuration(flow: FlowCursor, out: ByteWriter): void {
  const duration = elapsed(flow);
  if (duration > 0) writeMicroseconds(out, 0, duration);
  else unset(flow, out);
}

function writeSize(flow: FlowCursor, out: ByteWriter, side: number): void {
  if (elapsed(flow) > 0) out.unsigned(streamSize(flow.context.rows, flow.row, side));
  else unset(flow, out);
}

/** Whole microseconds, as libpcap gives them to Zeek; the nearest where a double is too coarse to tell nanoseconds. */
function microseconds(nanoseconds: number): number {
  const exact = Number.isSafeInteger(nanoseconds);
  return exact ? Math.floor(nanoseconds / 1000) : Math.round(nanoseconds / 1000);
}

/** Seconds with six decimals. */
function writeMicroseconds(out: ByteWriter, seconds: number, more: number): void {
  const whole = Math.floor(more / 1e6);
  out.integer(seconds + whole);
  out.byte(ASCII.dot);
  out.padded(more - whole * 1e6, 6);
}
