import { expect } from 'vitest';
import type { Finding } from '../../src/findings/finding.ts';
import type { FlowRecord } from '../../src/record/flow.ts';
import { analyzeFlows, type ExchangeOptions, type ScriptSegment } from '../exchange.ts';

/** The codes found of the script's flows, the gravest of each flow first; those of severity `info` only if asked for. */
export function codesOf(
  script: readonly ScriptSegment[],
  choices: ExchangeOptions & { info?: boolean } = {},
): string[] {
  return findingsOf(script, choices)
    .filter((finding) => choices.info === true || finding.severity !== 'info')
    .map((finding) => finding.code);
}

/** Findings of the script's flows, which must be the same wherever their sequence numbers begin. */
export function findingsOf(script: readonly ScriptSegment[], choices: ExchangeOptions = {}): readonly Finding[] {
  const found = analyzeFlows(script, choices).flatMap((flow) => flow.findings);
  if (choices.clientIsn === undefined && choices.serverIsn === undefined) {
    const elsewhere = analyzeFlows(script, { ...choices, clientIsn: 0x1000_0000, serverIsn: 0x5000_0000 });
    expect(elsewhere.flatMap((flow) => flow.findings).map(outline)).toEqual(found.map(outline));
  }
  return found;
}

/** A finding without what it says of numbers. */
function outline({ code, severity, confidence, frames }: Finding): unknown[] {
  return [code, severity, confidence, ...frames];
}

/** The one finding with that code. */
export function theFinding(code: string, script: readonly ScriptSegment[], choices: ExchangeOptions = {}): Finding {
  const found = findingsOf(script, choices).filter((finding) => finding.code === code);
  if (found.length !== 1) throw new Error(`${found.length} findings ${code}, not one`);
  return found[0]!;
}

/** Why the script's last flow was reset. */
export function causeOf(script: readonly ScriptSegment[], choices: ExchangeOptions = {}): string | null {
  const flows: readonly FlowRecord[] = analyzeFlows(script, choices);
  return flows[flows.length - 1]!.close.reset?.cause ?? null;
}

/** Lines of a script: a handshake of 20 ms. */
export const OPEN: string = `
  +0     > S  0:0(0) win 64000 <mss 1460>
  +0.010 < S. 0:0(0) ack 1 win 64000 <mss 1460>
  +0.010 > .  1:1(0) ack 1 win 64000`;

/** … and a request of 10 octets with its answer of 20, both acknowledged. */
export const TALK: string = `${OPEN}
  +0.010 > P. 1:11(10) ack 1
  +0.010 < P. 1:21(20) ack 11
  +0.010 > .  11:11(0) ack 21`;
