import type { Condition, Relation, Value } from './condition.ts';
import { compare, constantAnswer } from './fold.ts';

/** A test of the packet and where it leads. The graph of them has no cycles. */
export interface Decision {
  readonly test: Test;
  yes: Outcome;
  no: Outcome;
}
export type Outcome = Decision | 'accept' | 'reject';
type Test = Extract<Condition, { readonly kind: 'test' | 'chain' }>;

/**
 * The decisions that a condition comes to, in its order, and then simplified as far as libpcap's optimizer goes: what an
 * earlier decision has settled is not asked again, and tests of one value move together. It goes exactly so far for two
 * reasons: a packet that is cut short is rejected by the first test that reads past its end, so that the order shows; and
 * an expression that turns out to reject every packet is refused.
 */
export function decisions(condition: Condition): { readonly root: Outcome; readonly simplified: boolean } {
  const root = leading(condition, 'accept', 'reject');
  if (inOrder(root).some(({ test }) => isPlain(test))) return { root, simplified: false };
  return { root: settled(new Simplification(root).root), simplified: true };
}

/** Every decision that can be reached, each after those that lead to it. */
export function inOrder(root: Outcome): Decision[] {
  const seen = new Set<Decision>();
  const found: Decision[] = [];
  visit(root, (decision) => found.push(decision), seen);
  return found.reverse();
}

function visit(outcome: Outcome, leave: (decision: Decision) => void, seen: Set<Decision>): void {
  if (typeof outcome === 'string' || seen.has(outcome)) return;
  seen.add(outcome);
  visit(outcome.no, leave, seen);
  visit(outcome.yes, leave, seen);
  leave(outcome);
}

function leading(condition: Condition, yes: Outcome, no: Outcome): Outcome {
  switch (condition.kind) {
    case 'and':
      return leading(condition.first, leading(condition.second, yes, no), no);
    case 'or':
      return leading(condition.first, yes, leading(condition.second, yes, no));
    case 'not':
      return leading(condition.of, no, yes);
    default:
      return { test: condition, yes, no };
  }
}

/** libpcap leaves a filter as it is where it follows headers, or 802.11 to its payload. */
function isPlain(test: Test): boolean {
  return test.kind === 'chain' || readsPayload(test.left) || readsPayload(test.right);
}

function readsPayload(value: Value): boolean {
  if (value.kind === 'octets') return value.index !== null && readsPayload(value.index);
  if (value.kind === 'operation') return readsPayload(value.left) || readsPayload(value.right);
  return value.kind === 'slot' && value.slot === 1;
}

/** Past first decisions that say nothing of a packet. */
function settled(root: Outcome): Outcome {
  for (let outcome = root; ; ) {
    if (typeof outcome === 'string') return outcome;
    const { test, yes, no } = outcome;
    const answer = test.kind === 'chain' ? null : constantAnswer(test.left, test.relation, test.right);
    if (answer === null && yes !== no) return outcome;
    outcome = answer === false ? no : yes;
  }
}

/** A way out of a decision. */
interface Edge {
  readonly from: Decision;
  readonly is: boolean;
}

/** What a test asks, comparable: the number's text, how it is compared and with what. */
interface Question {
  readonly value: string;
  readonly relation: Relation;
  readonly right: string;
}

/** More rounds than any expression needs: libpcap's own optimizer can go in circles. */
const MOST_ROUNDS = 200;

class Simplification {
  root: Outcome;
  private changed = true;
  private readonly questions = new Map<Decision, Question>();
  private list: Decision[] = [];
  /** For each decision, those through which every way to it goes, itself included. */
  private dominators = new Map<Decision, Set<Decision>>();
  /** For each decision, the answers that are known when it is reached. */
  private known = new Map<Decision, Edge[]>();
  private into = new Map<Decision, Edge[]>();

  constructor(root: Outcome) {
    this.root = root;
    for (let round = 0; this.changed && round < MOST_ROUNDS; round++) {
      this.changed = false;
      this.settleConstants();
      this.survey();
      for (const decision of this.list.toReversed()) {
        this.shorten({ from: decision, is: true });
        this.shorten({ from: decision, is: false });
      }
      this.survey();
      for (const decision of this.list.toReversed()) {
        this.pullUp(decision, true);
        this.pullUp(decision, false);
      }
    }
  }

  private question(decision: Decision): Question {
    let question = this.questions.get(decision);
    if (question === undefined) {
      question = questionOf(decision.test as Extract<Test, { readonly kind: 'test' }>);
      this.questions.set(decision, question);
    }
    return question;
  }

  /** Tests of two numbers. */
  private settleConstants(): void {
    for (const decision of inOrder(this.root)) {
      const answer = plainAnswer(decision.test);
      if (answer === null || decision.yes === decision.no) continue;
      if (answer) decision.no = decision.yes;
      else decision.yes = decision.no;
      this.changed = true;
    }
  }

  private survey(): void {
    while (typeof this.root !== 'string' && this.root.yes === this.root.no && plainAnswer(this.root.test) !== null)
      this.root = this.root.yes;
    this.list = inOrder(this.root);
    this.into = new Map(this.list.map((decision) => [decision, []]));
    for (const from of this.list) {
      if (typeof from.yes !== 'string') this.into.get(from.yes)!.push({ from, is: true });
      if (typeof from.no !== 'string') this.into.get(from.no)!.push({ from, is: false });
    }
    this.dominators = new Map();
    this.known = new Map();
    for (const decision of this.list) {
      const into = this.into.get(decision)!;
      let dominators: Set<Decision> | null = null;
      let known: Edge[] | null = null;
      for (const edge of into) {
        const before = this.dominators.get(edge.from)!;
        dominators = common(dominators, before);
        const answers = [...this.known.get(edge.from)!, edge];
        known = known === null ? answers : known.filter((one) => answers.some((other) => isSame(one, other)));
      }
      this.dominators.set(decision, (dominators ?? new Set()).add(decision));
      this.known.set(decision, known ?? []);
    }
  }

  /** Leads an edge past decisions that are settled when it is taken. */
  private shorten(edge: Edge): void {
    const known = [...this.known.get(edge.from)!, edge];
    for (;;) {
      const next = edge.is ? edge.from.yes : edge.from.no;
      if (typeof next === 'string') return;
      let past: Outcome | null = next.yes === next.no ? next.yes : null;
      if (past === null)
        for (const answer of known) {
          const settled = this.settled(next, answer);
          if (settled === null) continue;
          past = settled ? next.yes : next.no;
          break;
        }
      if (past === null) return;
      if (edge.is) edge.from.yes = past;
      else edge.from.no = past;
      this.changed = true;
    }
  }

  /** How a decision must turn out after an answer; null when that does not follow. */
  private settled(decision: Decision, answer: Edge): boolean | null {
    const asked = this.question(decision);
    const before = this.question(answer.from);
    if (asked.value !== before.value || asked.relation !== before.relation) return null;
    if (asked.right === before.right) return answer.is;
    return answer.is && asked.relation === 'equal' && before.relation === 'equal' ? false : null;
  }

  /**
   * Tests of one value in a row of alternatives (`towards`: the outcome that they share, on yes or on no) are brought
   * together: a later one moves up before others in between.
   */
  private pullUp(decision: Decision, towards: boolean): void {
    const into = this.into.get(decision)!;
    const [first] = into;
    if (first === undefined) return;
    const { value } = this.question(first.from);
    if (into.some((edge) => this.question(edge.from).value !== value)) return;
    const goal = out(decision, towards);
    const belongs = (outcome: Outcome): outcome is Decision =>
      typeof outcome !== 'string' &&
      out(outcome, towards) === goal &&
      (this.dominators.get(outcome)?.has(decision) ?? false);
    let above: Decision | null = null;
    let low: Outcome = decision;
    for (;;) {
      if (!belongs(low)) return;
      if (this.question(low).value !== value) break;
      above = low;
      low = out(low, !towards);
    }
    let before: Decision = low;
    let pulled: Outcome = out(low, !towards);
    for (;;) {
      if (!belongs(pulled)) return;
      if (this.question(pulled).value === value) break;
      before = pulled;
      pulled = out(pulled, !towards);
    }
    lead(before, !towards, out(pulled, !towards));
    lead(pulled, !towards, low);
    if (above !== null) lead(above, !towards, pulled);
    else for (const { from } of into) lead(from, from.yes === decision, pulled);
    this.changed = true;
    this.survey();
  }
}

function out(decision: Decision, is: boolean): Outcome {
  return is ? decision.yes : decision.no;
}

function lead(decision: Decision, is: boolean, to: Outcome): void {
  if (is) decision.yes = to;
  else decision.no = to;
}

/** What is in both; all of the second where there is no first. */
function common(some: Set<Decision> | null, others: Set<Decision>): Set<Decision> {
  return new Set(some === null ? others : [...others].filter((one) => some.has(one)));
}

function isSame(one: Edge, other: Edge): boolean {
  return one.from === other.from && one.is === other.is;
}

/** The answer to a test of numbers as they are written; null for others. */
function plainAnswer(test: Test): boolean | null {
  if (test.kind === 'chain' || test.right.kind !== 'number') return null;
  const right = test.right.number;
  if (test.relation === 'any bit' && right === 0) return false;
  if (ownMask(test.left) === 0 && test.relation === 'equal' && right === 0) return true;
  if (test.left.kind === 'operation' && test.left.operator === '-' && test.relation === 'equal') {
    const { left, right: subtracted } = test.left;
    if (left.kind === 'number' && subtracted.kind === 'number')
      return left.number === ((right + subtracted.number) | 0);
  }
  return test.left.kind === 'number' ? compare(test.left.number, test.relation, right) : null;
}

/** What two tests must have in common for one to say something of the other: what libpcap's value numbering sees. */
function questionOf({ left, relation, right }: Extract<Test, { readonly kind: 'test' }>): Question {
  const mask = ownMask(left);
  if (mask !== null && relation === 'equal' && right.kind === 'number' && right.number === 0)
    return { value: textOf((left as { readonly left: Value }).left), relation: 'any bit', right: `not ${mask}` };
  return { value: textOf(left), relation, right: textOf(right) };
}

function ownMask(value: Value): number | null {
  return value.kind === 'operation' && value.isOwnMask === true && value.right.kind === 'number'
    ? value.right.number
    : null;
}

function textOf(value: Value): string {
  switch (value.kind) {
    case 'number':
      return String(value.number);
    case 'length':
      return 'len';
    case 'slot':
      return `slot ${value.slot}`;
    case 'octets':
      return `[${value.index === null ? '' : `${textOf(value.index)} + `}${value.at}:${value.size}]`;
    case 'operation':
      return `(${textOf(value.left)} ${value.operator} ${textOf(value.right)})`;
  }
}
