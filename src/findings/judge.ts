import type { LoneOpenings } from '../flow/lone-openings.ts';
import { FLOW, FLOW_BITS } from '../flow/rows.ts';
import { type Facts, FlowCase } from './case.ts';
import { type Finding, type FindingKind, gravityOf, type Judgement } from './finding.ts';
import { Found } from './found.ts';
import { isOnlyOpened, isOrdinary } from './ordinary.ts';
import { closing } from './rules/closing.ts';
import { forged } from './rules/forged.ts';
import { loss } from './rules/loss.ts';
import { isHalfOpenAlone, kindsOfOpening, onlyOpened } from './rules/only-opened.ts';
import { isSlow, opening, WAIT } from './rules/opening.ts';
import { kindsOfOrdinary, plain } from './rules/plain.ts';
import { quiet } from './rules/quiet.ts';
import { resets } from './rules/resets.ts';
import { reuse } from './rules/reuse.ts';
import { whole } from './rules/whole.ts';

/** A part of the rules: looks at a finished flow and says what it finds. */
export type Rule = (flow: FlowCase, found: Found) => void;

/** In the order in which they are asked: later ones may look at what earlier ones found. */
export const RULES: readonly Rule[] = [whole, opening, closing, resets, reuse, quiet, forged, loss];

/** What can say something of an ordinary flow. */
export const ORDINARY: readonly Rule[] = [plain];

/** What can say something of a flow that is only being opened. */
export const OPENING: readonly Rule[] = [onlyOpened];

const NOTHING: Judgement = { findings: [], kinds: [], cause: null, confidence: null };

/** Judges finished flows, one at a time. */
export class Judge {
  /** How often codes that are ignored were found. */
  readonly suppressed: Map<string, number> = new Map();
  private readonly flow: FlowCase;
  private readonly ignored: ReadonlySet<string>;
  private readonly brief: Brief;
  private last: Judgement = NOTHING;

  /** @param ignored codes that are left out of the findings (not of a reset's cause) */
  constructor(facts: Facts, ignored: ReadonlySet<string>) {
    this.flow = new FlowCase(facts);
    this.ignored = ignored;
    this.brief = new Brief(this.flow);
  }

  /**
   * The flow whose row starts there. It must be finished: the row is still whole, and nothing more comes. What is
   * answered holds until the next is judged.
   */
  judge(row: number): Judgement {
    this.last = this.judgeRow(row);
    return this.last;
  }

  /**
   * Whether the opening at a place, which is like the flow that was judged last but for its client, frames, times and
   * sequence numbers, is judged like it: both are half-open for good, and nothing else.
   */
  isAlike(openings: LoneOpenings, place: number): boolean {
    if (!isHalfOpenAlone(this.last.kinds) || this.ignored.size > 0) return false;
    const answered = openings.answerTime(place);
    return this.flow.since(answered, 0) >= WAIT && !isSlow(answered - openings.synTime(place));
  }

  private judgeRow(row: number): Judgement {
    this.flow.move(row);
    const ordinary = isOrdinary(this.flow);
    if (ordinary && this.flow.word(FLOW.evidence) === 0 && !this.flow.has(FLOW_BITS.serverFinFirst)) return NOTHING;
    const rules = ordinary ? ORDINARY : isOnlyOpened(this.flow) ? OPENING : RULES;
    if (this.ignored.size > 0) {
      const found = judgeInOrder(this.flow, rules);
      found.findings = found.findings.filter((finding) => this.isWanted(finding));
      return found;
    }
    const kinds =
      rules === ORDINARY ? kindsOfOrdinary(this.flow) : rules === OPENING ? kindsOfOpening(this.flow) : null;
    return kinds === null ? judgeInOrder(this.flow, rules) : this.brief.of(kinds, rules);
  }

  private isWanted(finding: Finding): boolean {
    if (!this.ignored.has(finding.code)) return true;
    this.suppressed.set(finding.code, (this.suppressed.get(finding.code) ?? 0) + 1);
    return false;
  }
}

/** What is found of a flow whose findings are of kinds known beforehand: they are made when somebody reads them. */
class Brief implements Judgement {
  readonly cause = null;
  readonly confidence = null;
  kinds: readonly FindingKind[] = [];
  private rules: readonly Rule[] = [];
  private made: readonly Finding[] | null = null;
  private readonly flow: FlowCase;

  constructor(flow: FlowCase) {
    this.flow = flow;
  }

  of(kinds: readonly FindingKind[], rules: readonly Rule[]): this {
    this.kinds = kinds;
    this.rules = rules;
    this.made = null;
    return this;
  }

  get findings(): readonly Finding[] {
    this.made ??= judgeInOrder(this.flow, this.rules).findings;
    return this.made;
  }
}

function judgeInOrder(flow: FlowCase, rules: readonly Rule[]): Found {
  const found = judgeByRules(flow, rules);
  const { findings } = found;
  if (findings.length === 2) {
    if (compare(findings[0]!, findings[1]!) > 0) findings.reverse();
  } else if (findings.length > 2) findings.sort(compare);
  return found;
}

/** Asks these rules. */
export function judgeByRules(flow: FlowCase, rules: readonly Rule[]): Found {
  const found = new Found();
  for (const rule of rules) rule(flow, found);
  return found;
}

/** Of a flow's findings: the gravest first, then in order of frames. */
function compare(a: Finding, b: Finding): number {
  return gravityOf(b.severity) - gravityOf(a.severity) || a.frame - b.frame || (a.code < b.code ? -1 : 1);
}
