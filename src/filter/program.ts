import type { Relation, Value } from './condition.ts';
import { type Decision, inOrder, type Outcome } from './decisions.ts';
import type { Operator } from './expression.ts';
import { constantAnswer, evaluated } from './fold.ts';
import type { Prelude } from './links.ts';
import { IF_BEHIND_HEADER, IF_OCTETS, OP, OPERATORS, type Program, RELATIONS } from './machine.ts';

/** The program for decisions. What depends on no packet is computed now where they were simplified, too. */
export function program(root: Outcome, simplified: boolean, prelude: Prelude): Program {
  const writer = new Writer(simplified);
  const list = inOrder(root);
  for (const decision of list) writer.decision(decision);
  writer.end(root);
  const { slots } = writer;
  return {
    code: writer.code(),
    prelude: slots[0] || slots[1] ? prelude : 'none',
    wantsPayload: slots[1],
    memory: new Int32Array(2 + writer.deepest),
  };
}

/** Writes the code of decisions, one after the other. */
class Writer {
  /** Whether code reads what the prelude computes. */
  readonly slots: [boolean, boolean] = [false, false];
  /** Numbers kept at once, at most. */
  deepest = 0;
  private readonly simplified: boolean;
  private readonly words: number[] = [];
  private readonly starts = new Map<Outcome, number>();
  /** Words that are to hold where a decision's code is. */
  private readonly open: { readonly word: number; readonly target: Outcome }[] = [];

  constructor(simplified: boolean) {
    this.simplified = simplified;
  }

  decision(decision: Decision): void {
    this.starts.set(decision, this.words.length);
    const { test } = decision;
    if (test.kind === 'chain') {
      this.words.push(OP.ifChain, test.at, 0, 0, test.version, test.protocol);
      this.branch(decision, this.words.length - 4);
      return;
    }
    const left = this.simplified ? evaluated(test.left) : test.left;
    const right = this.simplified ? evaluated(test.right) : test.right;
    if (right.kind === 'number') {
      const answer = this.simplified ? constantAnswer(left, test.relation, right) : null;
      const { yes, no } = decision;
      const settled = answer === null ? decision : answer ? { yes, no: yes } : { yes: no, no };
      const start = this.words.length;
      if (this.octets(left, test.relation, right.number)) {
        this.branch(settled, start + 2);
        return;
      }
      this.value(left, 0);
      this.words.push(TEST_OPS[test.relation], right.number, 0, 0);
      this.branch(settled, this.words.length - 2);
      return;
    }
    this.value(left, 0);
    this.words.push(OP.keep, this.kept(0));
    this.value(right, 1);
    this.words.push(OP.ifCompares, this.kept(0), 0, 0, RELATIONS.indexOf(test.relation));
    this.branch(decision, this.words.length - 3);
  }

  /** One instruction for the whole test, where there is one. */
  private octets(left: Value, relation: Relation, right: number): boolean {
    let value = left;
    let mask = -1;
    if (value.kind === 'operation' && value.operator === '&' && value.right.kind === 'number') {
      mask = value.right.number;
      value = value.left;
    }
    if (value.kind !== 'octets') return false;
    const { at, size, index } = value;
    const header = index === null ? null : headerOf(index);
    if (index !== null && header === null) return false;
    const op = header === null ? IF_OCTETS : IF_BEHIND_HEADER;
    this.words.push(op, right, 0, 0, at, size, mask, RELATIONS.indexOf(relation), header ?? 0);
    return true;
  }

  private branch(decision: Pick<Decision, 'yes' | 'no'>, word: number): void {
    this.open.push({ word, target: decision.yes }, { word: word + 1, target: decision.no });
  }

  /** Code that leaves a number in `a`; numbers before `depth` are kept. */
  private value(value: Value, depth: number): void {
    switch (value.kind) {
      case 'number':
        this.words.push(OP.number, value.number);
        return;
      case 'length':
        this.words.push(OP.length, 0);
        return;
      case 'slot':
        this.slots[value.slot] = true;
        this.words.push(OP.recall, value.slot);
        return;
      case 'octets': {
        const size = value.size >> 1;
        if (value.index === null) this.words.push(OP.octet + size, value.at);
        else {
          this.value(value.index, depth);
          this.words.push(OP.octetAt + size, value.at);
        }
        return;
      }
      case 'operation': {
        this.value(value.left, depth);
        const { right } = value;
        const quick = right.kind === 'number' ? QUICK[value.operator] : undefined;
        if (quick !== undefined && right.kind === 'number') {
          this.words.push(quick, right.number);
          return;
        }
        this.words.push(OP.keep, this.kept(depth));
        this.value(right, depth + 1);
        this.words.push(OP.operate, this.kept(depth), OPERATORS.indexOf(value.operator));
      }
    }
  }

  private kept(depth: number): number {
    this.deepest = Math.max(this.deepest, depth + 1);
    return 2 + depth;
  }

  /** The ends, and the places of everything that is gone to. */
  end(root: Outcome): void {
    this.starts.set('accept', this.words.length);
    this.words.push(OP.end, 1);
    this.starts.set('reject', this.words.length);
    this.words.push(OP.end, 0);
    for (const { word, target } of this.open) this.words[word] = this.starts.get(target)!;
    if (typeof root === 'string') this.words.unshift(OP.end, root === 'accept' ? 1 : 0);
  }

  code(): Int32Array {
    return Int32Array.from(this.words);
  }
}

/** Where an IPv4 header begins, if the value is its length. */
function headerOf(value: Value): number | null {
  if (value.kind !== 'operation' || value.operator !== '*' || !isNumber(value.right, 4)) return null;
  const nibble = value.left;
  if (nibble.kind !== 'operation' || nibble.operator !== '&' || !isNumber(nibble.right, 0xf)) return null;
  const { left } = nibble;
  return left.kind === 'octets' && left.size === 1 && left.index === null ? left.at : null;
}

function isNumber(value: Value, number: number): boolean {
  return value.kind === 'number' && value.number === number;
}

/** Operators that have an instruction of their own where the right operand is a number. */
const QUICK: Partial<Record<Operator, number>> = { '&': OP.and, '+': OP.add, '*': OP.multiply };
/** The instruction for each relation to a number. */
const TEST_OPS = {
  equal: OP.ifEqual,
  greater: OP.ifGreater,
  'at least': OP.ifAtLeast,
  'any bit': OP.ifAnyBit,
} as const;
