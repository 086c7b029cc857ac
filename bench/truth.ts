/** What a generator put into a capture: the answer that every contender must give. */
export interface Truth {
  /** Records of the file; each holds one TCP segment. */
  records: number;
  flows: number;
  /** How many flows have each `handshake.outcome`. */
  readonly outcomes: Record<string, number>;
  /** How many flows have each `close.pattern`. */
  readonly patterns: Record<string, number>;
}

export function noTruth(): Truth {
  return { records: 0, flows: 0, outcomes: {}, patterns: {} };
}

/** Counts one flow. */
export function countFlow(truth: Truth, outcome: string, pattern: string): void {
  truth.flows++;
  truth.outcomes[outcome] = (truth.outcomes[outcome] ?? 0) + 1;
  truth.patterns[pattern] = (truth.patterns[pattern] ?? 0) + 1;
}
