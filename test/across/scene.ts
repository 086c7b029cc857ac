import { captureFindings } from '../../src/across/capture-findings.ts';
import { acrossFindings } from '../../src/across/findings.ts';
import { Analysis, type AnalysisOptions } from '../../src/analyze.ts';
import type { RecordView } from '../../src/capture/record.ts';
import type { CaptureFinding } from '../../src/record/capture.ts';
import { FlowCursor } from '../../src/record/cursor.ts';
import { ipv4, RAW, record, TCP, tcp } from '../wire/octets.ts';

/** An end: `10.0.0.1:80`. */
type End = string;

const FLAGS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, '.': 16, U: 32 };

/** Segments between any ends, told in order of their writing; times are seconds since the scene began. */
export class Scene {
  private readonly parts: { readonly time: number; readonly order: number; readonly view: RecordView }[] = [];

  /** One segment: `flags` as tcpdump writes them, `-` for none. */
  segment(time: number, from: End, to: End, flags: string, seq: number, ack = 0, length = 0): this {
    const [source, sourcePort] = endOf(from);
    const [destination, destinationPort] = endOf(to);
    const bits = flags === '-' ? 0 : [...flags].reduce((sum, letter) => sum | FLAGS[letter]!, 0);
    const payload = Array.from({ length }, () => 0x61);
    const fields = { sourcePort, destinationPort, seq, ack, flags: bits, payload };
    const octets = ipv4(TCP, tcp(fields, source, destination), { source, destination, id: this.parts.length + 1 });
    const view = record(octets, { linkType: RAW, seconds: 1_700_000_000 + Math.floor(time) });
    view.nanoseconds = Math.round((time - Math.floor(time)) * 1e9);
    this.parts.push({ time, order: this.parts.length, view });
    return this;
  }

  /** SYN and SYN+ACK, 1 ms apart. */
  halfOpen(time: number, client: End, server: End, isn = 1000): this {
    return this.segment(time, client, server, 'S', isn).segment(time + 0.001, server, client, 'S.', 5000, isn + 1);
  }

  /** A whole handshake, a request, an answer. */
  open(time: number, client: End, server: End, isn = 1000): this {
    return this.halfOpen(time, client, server, isn)
      .segment(time + 0.002, client, server, '.', isn + 1, 5001)
      .segment(time + 0.003, client, server, 'P.', isn + 1, 5001, 10)
      .segment(time + 0.004, server, client, 'P.', 5001, isn + 11, 20);
  }

  /** The same, closed by the client in three segments. */
  closed(time: number, client: End, server: End, isn = 1000): this {
    return this.open(time, client, server, isn)
      .segment(time + 0.005, client, server, 'F.', isn + 11, 5021)
      .segment(time + 0.006, server, client, 'F.', 5021, isn + 12)
      .segment(time + 0.007, client, server, '.', isn + 12, 5022);
  }

  refused(time: number, client: End, server: End, isn = 1000): this {
    return this.segment(time, client, server, 'S', isn).segment(time + 0.001, server, client, 'R.', 0, isn + 1);
  }

  /** Calls for each number below `count`. */
  each(count: number, add: (scene: this, index: number) => void): this {
    for (let i = 0; i < count; i++) add(this, i);
    return this;
  }

  /** In order of time. */
  records(): RecordView[] {
    const inOrder = [...this.parts].sort((a, b) => a.time - b.time || a.order - b.order);
    return inOrder.map(({ view }, i) => {
      view.frame = view.fileFrame = i + 1;
      return view;
    });
  }

  /** What is found of the capture. */
  findings(options: AnalysisOptions = {}): CaptureFinding[] {
    return findingsOf(this.records(), options);
  }

  /** The findings of one code. */
  of(code: string, options: AnalysisOptions = {}): CaptureFinding[] {
    return this.findings(options).filter((finding) => finding.code === code);
  }

  /** Codes of what is found, but for what is always there. */
  codes(options: AnalysisOptions = {}): string[] {
    return this.findings(options)
      .map(({ code }) => code)
      .filter((code) => code !== 'half-open-peak');
  }
}

export function findingsOf(records: readonly RecordView[], options: AnalysisOptions = {}): CaptureFinding[] {
  const analysis: Analysis = new Analysis({
    ...options,
    onFlow: (row) => {
      cursor.move(row);
      analysis.across?.verdicts.take(row, cursor.judgement);
    },
  });
  const cursor = new FlowCursor(analysis.flowContext([]));
  for (const one of records) analysis.take(one);
  analysis.end();
  const { across, baseSeconds, msl } = analysis;
  return [...captureFindings(across!), ...acrossFindings(across!, { baseSeconds, wait: 2 * msl })];
}

function endOf(end: End): readonly [address: number[], port: number] {
  const [address, port] = end.split(':');
  return [address!.split('.').map(Number), Number(port)];
}
