import { CATALOGUE, kindOf } from './catalogue.ts';
import type { CodeEntry, Confidence, Finding, FindingKind, Judgement, Severity, Values } from './finding.ts';
import { sentence } from './words.ts';

/** What a rule says when it applies. */
export interface Claim {
  /** The deciding frame. */
  readonly frame: number;
  /** Further evidence; 0 stands for no frame. */
  readonly frames?: readonly number[];
  readonly values?: Values;
  /** `certain` unless told otherwise. */
  readonly confidence?: Confidence;
  /** Where it differs from the catalogue's. */
  readonly severity?: Severity;
}

const NONE: Finding[] = [];

/** Gathers what the rules find of one flow. */
export class Found implements Judgement {
  findings: Finding[] = NONE;
  /** The one cause of the RST that closed the flow. */
  cause: string | null = null;
  confidence: Confidence | null = null;

  get kinds(): readonly FindingKind[] {
    return this.findings;
  }

  add(code: string, claim: Claim): void {
    const told = new Told(code, claim);
    // A list of one is the shortest there is; what is pushed to an empty one makes room for seventeen.
    if (this.findings === NONE) this.findings = [told];
    else this.findings.push(told);
  }

  /** Adds the cause of the flow's RST. */
  addCause(code: string, claim: Claim): void {
    this.cause = code;
    this.confidence = claim.confidence ?? 'certain';
    this.add(code, claim);
  }

  has(code: string): boolean {
    return this.findings.some((finding) => finding.code === code);
  }
}

/** A finding that puts itself into order and words only when somebody reads it. */
class Told implements Finding {
  readonly code: string;
  readonly number: number;
  readonly severity: Severity;
  readonly frame: number;
  private readonly claim: Claim;

  constructor(code: string, claim: Claim) {
    const kind = kindOf(code);
    this.code = code;
    this.number = kind.number;
    this.severity = claim.severity ?? kind.severity;
    this.frame = claim.frame;
    this.claim = claim;
  }

  get confidence(): Confidence {
    return this.claim.confidence ?? 'certain';
  }

  get frames(): readonly number[] {
    return inOrder(this.frame, this.claim.frames);
  }

  get values(): Values {
    return this.claim.values ?? {};
  }

  get message(): string {
    const entry = CATALOGUE.get(this.code)!;
    return sentence(entry.seen(this.values)) + closingOf(entry);
  }

  get filter(): string {
    const { frames } = this;
    return frames.length === 1 ? `frame.number == ${this.frame}` : `frame.number in {${frames.join(', ')}}`;
  }

  toJSON(): Omit<Finding, 'number'> {
    const { code, severity, confidence, frame, frames, values, message, filter } = this;
    return { code, severity, confidence, frame, frames, values, message, filter };
  }
}

/** What follows the first sentence of a message, which alone depends on what was measured. */
export function closingOf({ means, next }: CodeEntry): string {
  return ` ${means}${next === 'None.' ? '' : ` ${next}`}`;
}

function inOrder(frame: number, others: readonly number[] | undefined): readonly number[] {
  if (others === undefined || others.length === 0) return [frame];
  const [other] = others;
  if (others.length === 1 && frame > 0 && other! > 0 && other !== frame)
    return other! > frame ? [frame, other!] : [other!, frame];
  return [...new Set([frame, ...others])].filter((number) => number > 0).sort((a, b) => a - b);
}
