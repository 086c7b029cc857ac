import { ByteWriter } from '../bytes/writer.ts';
import { CODES } from '../findings/catalogue.ts';
import { type Finding, type FindingKind, gravityOf, SEVERITIES, type Severity } from '../findings/finding.ts';
import { EndpointTable } from '../flow/endpoints.ts';
import type { LoneOpenings } from '../flow/lone-openings.ts';
import { CLIENT, END, FLOW, SERVER } from '../flow/rows.ts';
import { CLOSE_PATTERNS, HANDSHAKE_OUTCOMES, OUTCOME, PATTERN } from '../tcp/patterns.ts';
import type { FlowCursor } from './cursor.ts';
import { Durations } from './durations.ts';
import { portOf, writeAddress } from './endpoint.ts';
import { FirstOf } from './first-of.ts';
import { closeInitiator, duration, handshakeTime, stateNames } from './flow.ts';
import { outcomeOf } from './outcome.ts';
import { gravity, retransmissions, type SortKey, sortKey } from './sort.ts';

/** An end of a flow, as a report shows it. */
export interface ReportEndpoint {
  readonly address: string;
  readonly port: number;
}

/** What a report tells of one flow. */
export interface ReportFlow {
  readonly number: number;
  readonly client: ReportEndpoint;
  readonly server: ReportEndpoint;
  /** Indexes into HANDSHAKE_OUTCOMES and CLOSE_PATTERNS; -1, 0 or 1 for nobody, client, server. */
  readonly outcome: number;
  readonly pattern: number;
  readonly initiator: number;
  /** Nanoseconds; NaN when unknown. */
  readonly handshake: number;
  readonly duration: number;
  /** Octets of payload. */
  readonly sent: number;
  readonly received: number;
  readonly retransmissions: number;
  readonly synRetransmissions: number;
  /** The gravest first. */
  readonly findings: readonly Finding[];
  /** Names of the states that each end went through. */
  readonly clientStates: readonly string[];
  readonly serverStates: readonly string[];
}

/** What became of the flows to one server's port. */
export interface ServiceSummary {
  /** Null for the services that came after there were too many to tell apart. */
  readonly server: ReportEndpoint | null;
  flows: number;
  failed: number;
  halfOpen: number;
  resets: number;
  retransmissions: number;
  /** Segments of either end. */
  packets: number;
  readonly handshakes: Durations;
  /** Start of the first and the last half-open flow, nanoseconds since the cursor's base. */
  firstHalfOpen: number;
  lastHalfOpen: number;
}

/** How often a code was found, and the gravest it was. */
export interface CodeSummary {
  readonly code: string;
  readonly severity: Severity;
  readonly times: number;
}

/** Everything a report tells of a capture's flows, gathered as they finish, in bounded memory. */
export class FlowSummary {
  flows = 0;
  packets = 0;
  /** Octets of payload, as sent. */
  bytes = 0;
  retransmissions = 0;
  readonly outcomes: number[] = HANDSHAKE_OUTCOMES.map(() => 0);
  readonly patterns: number[] = CLOSE_PATTERNS.map(() => 0);
  /** Closes by who began them: client, server. */
  readonly initiators: [number, number] = [0, 0];
  /** In order of their first flow's end; last those that are not told apart, if there are any. */
  readonly services: ServiceSummary[] = [];
  readonly first: FirstOf<ReportFlow>;
  private readonly sort: SortKey;
  private readonly scratch = new ByteWriter(64);
  private readonly servers = new EndpointTable(MOST_SERVICES);
  /** How often each code was found, and the gravest it was, by the codes' numbers. */
  private readonly times: number[] = CODES.map(() => 0);
  private readonly gravest: number[] = CODES.map(() => 0);
  /** Of the flow added last. */
  private lastKinds: readonly FindingKind[] = [];
  private lastService: ServiceSummary | null = null;
  private lastKey = Number.NaN;

  /**
   * @param sort order in which flows are kept
   * @param most how many of them
   */
  constructor(sort: SortKey, most: number) {
    this.sort = sort;
    this.first = new FirstOf(most);
  }

  add(flow: FlowCursor): void {
    const { i32, f64, row } = flow;
    const outcome = outcomeOf(flow);
    const pattern = i32[row + FLOW.pattern]!;
    const again = retransmissions(flow);
    const handshake = handshakeTime(flow);
    const packets = i32[row + FLOW.client + END.packets]! + i32[row + FLOW.server + END.packets]!;
    this.flows++;
    this.packets += packets;
    this.bytes += f64[(row + FLOW.client) / 2 + END.bytesF64]! + f64[(row + FLOW.server) / 2 + END.bytesF64]!;
    this.retransmissions += again;
    this.outcomes[outcome]!++;
    this.patterns[pattern]!++;
    const initiator = closeInitiator(flow);
    if (initiator >= 0 && pattern !== PATTERN.refused) this.initiators[initiator as 0 | 1]++;
    const service = this.serviceOf(flow);
    service.flows++;
    service.packets += packets;
    service.retransmissions += again;
    service.handshakes.add(handshake);
    if (outcome >= OUTCOME.refused || outcome === OUTCOME.unanswered || outcome === OUTCOME.halfOpen) service.failed++;
    if (pattern === PATTERN.reset || pattern === PATTERN.resetAfterFin) service.resets++;
    if (outcome === OUTCOME.halfOpen) this.addHalfOpen(service, f64[row / 2 + FLOW.firstTimeF64]!);
    this.countFindings(flow.judgement.kinds);
    const key = this.sort === 'worst' ? -gravity(flow, outcome, again, handshake) : sortKey(flow, this.sort);
    const number = i32[row + FLOW.number]!;
    this.lastService = service;
    this.lastKinds = flow.judgement.kinds;
    this.lastKey = key;
    if (this.first.wants(key, number)) this.first.add(key, number, this.reportOf(flow, outcome, pattern, initiator));
  }

  /**
   * Adds the answered opening at a place in place of a flow, where it is like the flow added last and would not be kept
   * either; answers whether it was added.
   */
  addAlike(openings: LoneOpenings, place: number): boolean {
    const service = this.lastService;
    if (service === null || this.sort !== 'worst' || this.first.wants(this.lastKey, openings.numberAt(place)))
      return false;
    this.flows++;
    this.packets += 2;
    this.outcomes[OUTCOME.halfOpen]!++;
    this.patterns[PATTERN.open]!++;
    service.flows++;
    service.packets += 2;
    service.failed++;
    this.addHalfOpen(service, openings.synTime(place));
    this.countFindings(this.lastKinds);
    return true;
  }

  private addHalfOpen(service: ServiceSummary, start: number): void {
    service.halfOpen++;
    if (start < service.firstHalfOpen) service.firstHalfOpen = start;
    if (start > service.lastHalfOpen) service.lastHalfOpen = start;
  }

  /** How long the handshakes of all services took. */
  handshakes(): Durations {
    const all = new Durations();
    for (const service of this.services) all.merge(service.handshakes);
    return all;
  }

  /** What was found, code by code. */
  findings(): CodeSummary[] {
    return CODES.map((code, number) => ({
      code,
      severity: SEVERITIES[this.gravest[number]!]!,
      times: this.times[number]!,
    })).filter(({ times }) => times > 0);
  }

  /** Counts what was found of one flow more. */
  countFindings(kinds: readonly FindingKind[]): void {
    for (let i = 0; i < kinds.length; i++) {
      const { number, severity } = kinds[i]!;
      const gravity = gravityOf(severity);
      this.times[number]!++;
      if (gravity > this.gravest[number]!) this.gravest[number] = gravity;
    }
  }

  private serviceOf(flow: FlowCursor): ServiceSummary {
    const number = this.servers.take(flow.i32, flow.row, SERVER, true);
    const index = number < 0 ? MOST_SERVICES : number;
    return this.services[index] ?? this.newService(number < 0 ? null : this.endpoint(flow, SERVER));
  }

  private newService(server: ReportEndpoint | null): ServiceSummary {
    const service: ServiceSummary = {
      server,
      flows: 0,
      failed: 0,
      halfOpen: 0,
      resets: 0,
      retransmissions: 0,
      packets: 0,
      handshakes: new Durations(),
      firstHalfOpen: Number.POSITIVE_INFINITY,
      lastHalfOpen: Number.NEGATIVE_INFINITY,
    };
    this.services.push(service);
    return service;
  }

  private reportOf(flow: FlowCursor, outcome: number, pattern: number, initiator: number): ReportFlow {
    return {
      number: flow.word(FLOW.number),
      client: this.endpoint(flow, CLIENT),
      server: this.endpoint(flow, SERVER),
      outcome,
      pattern,
      initiator,
      handshake: handshakeTime(flow),
      duration: duration(flow),
      sent: bytesOf(flow, FLOW.client),
      received: bytesOf(flow, FLOW.server),
      retransmissions: retransmissions(flow),
      synRetransmissions: flow.word(FLOW.synRetransmissions),
      findings: flow.judgement.findings,
      clientStates: stateNames(flow, CLIENT),
      serverStates: stateNames(flow, SERVER),
    };
  }

  private endpoint(flow: FlowCursor, side: number): ReportEndpoint {
    this.scratch.length = 0;
    writeAddress(flow, side, this.scratch);
    let address = '';
    for (let i = 0; i < this.scratch.length; i++) address += String.fromCharCode(this.scratch.bytes[i]!);
    return { address, port: portOf(flow, side) };
  }
}

/** Services told apart; those that come later are counted together. */
const MOST_SERVICES = 4096;

function bytesOf(flow: FlowCursor, end: number): number {
  return flow.double(end / 2 + END.bytesF64);
}
