import { ASCII } from '../bytes/ascii.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { CaptureRecord } from '../record/capture.ts';
import { CONN_LOG } from '../record/conn-log.ts';
import type { FlowCursor } from '../record/cursor.ts';
import type { FlowRenderer } from './flow-renderer.ts';

/**
 * A Zeek conn.log, as Zeek's ASCII writer has it: header lines, a flow a line, tabs between. Who is the originator, and
 * what the numbers mean, is as Zeek has it (base/protocols/conn/main.zeek); times in `#open` and `#close` are the
 * capture's, so that the same capture gives the same log.
 */
export class ZeekLog implements FlowRenderer {
  readonly separator = '';
  /** The head is due, with the first flow: only then is the capture's time known. */
  private headDue = false;

  head(out: ByteWriter, capture: CaptureRecord | null): void {
    if (capture === null) this.headDue = true;
    else writeHead(out, dashed(capture.capture.start));
  }

  flow(out: ByteWriter, flow: FlowCursor): void {
    if (this.headDue) {
      this.headDue = false;
      SCRATCH.length = 0;
      flow.times.writeSince(SCRATCH, flow.baseSeconds, 0);
      writeHead(out, dashed(SCRATCH.toString()));
    }
    for (let i = 0; i < CONN_LOG.length; i++) {
      if (i > 0) out.byte(TAB);
      CONN_LOG[i]!.write(flow, out);
    }
    out.byte(ASCII.newline);
  }

  tail(out: ByteWriter, capture: CaptureRecord): void {
    if (this.headDue) writeHead(out, dashed(capture.capture.start));
    out.ascii(`#close\t${dashed(capture.capture.end)}\n`);
  }
}

function writeHead(out: ByteWriter, open: string): void {
  out.ascii('#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n');
  out.ascii(`#open\t${open}\n`);
  out.ascii(`#fields\t${CONN_LOG.map((column) => column.name).join('\t')}\n`);
  out.ascii(`#types\t${CONN_LOG.map((column) => column.type).join('\t')}\n`);
}

/** `2026-11-22-13-09-21`, from an RFC 3339 time; the epoch where there is no record. */
function dashed(time: string | null): string {
  return (time ?? '1970-01-01T00:00:00').slice(0, 19).replace(/[T:]/g, '-');
}

const TAB = 0x09;
const SCRATCH = new ByteWriter(64);
