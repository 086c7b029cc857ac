/** How grave a finding is, the mildest first: a fact worth naming; unusual; it cost somebody something; an attack. */
export const SEVERITIES = ['info', 'notice', 'warning', 'alert'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** 0 for info to 3 for alert: the severity's place in SEVERITIES, told for every finding. */
export function gravityOf(severity: Severity): number {
  if (severity === 'info') return 0;
  return severity === 'notice' ? 1 : severity === 'warning' ? 2 : 3;
}

/** How sure it is, the least first. */
export const CONFIDENCES = ['possible', 'likely', 'certain'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

/** What was measured and compared. Names that end in `Ms` are milliseconds. */
export type Values = Readonly<Record<string, number | string | boolean | null | readonly number[]>>;

/** What a finding is, without what it is about. */
export interface FindingKind {
  /** One of the catalogue's codes, which are never renamed. */
  readonly code: string;
  /** The code's place in CODES: what is counted by code is counted by this. */
  readonly number: number;
  readonly severity: Severity;
}

/** Something remarkable about a flow. A wire trace shows behaviour, not intent: so do the messages. */
export interface Finding extends FindingKind {
  readonly confidence: Confidence;
  /** The deciding frame. */
  readonly frame: number;
  /** All the evidence, in ascending order; `frame` is among them. */
  readonly frames: readonly number[];
  readonly values: Values;
  /** What was seen, what it means, and what to look at next. */
  readonly message: string;
  /** A Wireshark display filter that shows the frames. */
  readonly filter: string;
}

/** What was found of one flow. */
export interface Judgement {
  /** The gravest first; of equal gravity in order of frames. */
  readonly findings: readonly Finding[];
  /** Of which kinds they are, each as often, the gravest first: often one list for many flows, made beforehand. */
  readonly kinds: readonly FindingKind[];
  /** Why the RST that closed the flow was sent: a code of the catalogue; null without such a RST. */
  readonly cause: string | null;
  readonly confidence: Confidence | null;
}

/** One code of the catalogue: the whole of what `lastack explain` says, and how a finding puts itself into words. */
export interface CodeEntry {
  readonly severity: Severity;
  /** What was seen, from the finding's values. One sentence without its full stop. */
  readonly seen: (values: Values) => string;
  /** What that means for the connection. */
  readonly means: string;
  /** When lastack says so. */
  readonly rule: string;
  /** Where the rule comes from. */
  readonly source: string;
  /** What keeps it from crying wolf. */
  readonly guard: string;
  /** What to look at next. */
  readonly next: string;
}

/** A part of the catalogue. */
export type Entries = Readonly<Record<string, CodeEntry>>;
