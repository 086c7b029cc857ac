import type { Relation, Value } from './condition.ts';
import { type Decision, inOrder, type Outcome } from './decisions.ts';
import type { Operator } from './expression.ts';
import { compare, constantAnswer, evaluate, evaluated } from './fold.ts';
import type { Prelude } from './links.ts';
import { PRELUDES } from './preludes.ts';

/** A filter for one link type, as code for `run`. */
export interface Program {
  readonly code: Int32Array;
  readonly prelude: Prelude;
  /** Whether it needs to know where the payload of 802.11 begins. */
  readonly wantsPayload: boolean;
  /** Numbers that the code keeps, after the prelude's two. */
  readonly memory: Int32Array;
}

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

/** Whether a program accepts the packet of which `view` has kept the octets from `at` to `end`. */
export function run(program: Program, view: DataView, at: number, end: number, length: number): boolean {
  const { code, prelude, memory } = program;
  const kept = end - at;
  if (prelude !== 'none' && !PRELUDES[prelude](view, at, kept, memory, program.wantsPayload)) return false;
  let next = 0;
  let a = 0;
  for (;;) {
    const k = code[next + 1]!;
    // Nearly every test is one of a few octets at a fixed place, or one behind IPv4's header: one instruction each.
    if (code[next]! >= IF_OCTETS) {
      let place = code[next + 4]!;
      if (code[next] === IF_BEHIND_HEADER) {
        const header = code[next + 8]!;
        if (header < 0 || header >= kept) return false;
        place += (view.getUint8(at + header) & 0xf) * 4;
      }
      const size = code[next + 5]!;
      if (place < 0 || place > kept - size) return false;
      place += at;
      a =
        (size === 2 ? view.getUint16(place) : size === 1 ? view.getUint8(place) : view.getInt32(place)) &
        code[next + 6]!;
      const relation = code[next + 7]!;
      const holds =
        relation === 0
          ? a === k
          : relation === 3
            ? (a & k) !== 0
            : relation === 1
              ? a >>> 0 > k >>> 0
              : a >>> 0 >= k >>> 0;
      next = code[next + (holds ? 2 : 3)]!;
      continue;
    }
    switch (code[next]) {
      case OP.number:
        a = k;
        break;
      case OP.length:
        a = length | 0;
        break;
      case OP.recall:
        a = memory[k]!;
        break;
      case OP.keep:
        memory[k] = a;
        break;
      case OP.octet:
        if (k < 0 || k >= kept) return false;
        a = view.getUint8(at + k);
        break;
      case OP.half:
        if (k < 0 || k > kept - 2) return false;
        a = view.getUint16(at + k);
        break;
      case OP.word:
        if (k < 0 || k > kept - 4) return false;
        a = view.getInt32(at + k);
        break;
      case OP.octetAt:
        a = (a + k) | 0;
        if (a < 0 || a >= kept) return false;
        a = view.getUint8(at + a);
        break;
      case OP.halfAt:
        a = (a + k) | 0;
        if (a < 0 || a > kept - 2) return false;
        a = view.getUint16(at + a);
        break;
      case OP.wordAt:
        a = (a + k) | 0;
        if (a < 0 || a > kept - 4) return false;
        a = view.getInt32(at + a);
        break;
      case OP.and:
        a &= k;
        break;
      case OP.add:
        a = (a + k) | 0;
        break;
      case OP.multiply:
        a = Math.imul(a, k);
        break;
      case OP.operate: {
        const left = memory[k]!;
        const operator = OPERATORS[code[next + 2]!]!;
        if (a === 0 && (operator === '/' || operator === '%')) return false;
        a = evaluate(left, operator, a);
        next++;
        break;
      }
      case OP.ifEqual:
        next = a === k ? code[next + 2]! : code[next + 3]!;
        continue;
      case OP.ifGreater:
        next = a >>> 0 > k >>> 0 ? code[next + 2]! : code[next + 3]!;
        continue;
      case OP.ifAtLeast:
        next = a >>> 0 >= k >>> 0 ? code[next + 2]! : code[next + 3]!;
        continue;
      case OP.ifAnyBit:
        next = (a & k) !== 0 ? code[next + 2]! : code[next + 3]!;
        continue;
      case OP.ifCompares:
        next = compare(memory[k]!, RELATIONS[code[next + 4]!]!, a) ? code[next + 2]! : code[next + 3]!;
        continue;
      case OP.ifChain: {
        const found = chainHolds(view, at, kept, k, code[next + 4]!, code[next + 5]!);
        if (found < 0) return false;
        next = found === 1 ? code[next + 2]! : code[next + 3]!;
        continue;
      }
      default:
        return k === 1;
    }
    next += 2;
  }
}

/** Instructions: a word that says which, an operand, and for tests where to go on. */
const OP = {
  number: 0,
  length: 1,
  recall: 2,
  keep: 3,
  octet: 4,
  half: 5,
  word: 6,
  octetAt: 7,
  halfAt: 8,
  wordAt: 9,
  and: 10,
  add: 11,
  multiply: 12,
  operate: 13,
  ifEqual: 14,
  ifGreater: 15,
  ifAtLeast: 16,
  ifAnyBit: 17,
  ifCompares: 18,
  ifChain: 19,
  end: 20,
} as const;
/**
 * Octets at a place, masked and compared: what with, where to go on, the place, size, mask and relation; and behind IPv4's
 * header, where that begins.
 */
const IF_OCTETS = 21;
const IF_BEHIND_HEADER = 22;
const OPERATORS: readonly Operator[] = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'];
const RELATIONS: readonly Relation[] = ['equal', 'greater', 'at least', 'any bit'];
const TEST_OPS = {
  equal: OP.ifEqual,
  greater: OP.ifGreater,
  'at least': OP.ifAtLeast,
  'any bit': OP.ifAnyBit,
} as const;

/** Headers that a chain may have; libpcap sets no bound and would never come back from a circle. */
const MOST_HEADERS = 1000;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const NO_NEXT = 59;
const DESTINATION = 60;

/**
 * Whether the chain of headers of the IP packet at `packet` holds a protocol: 1, 0, or -1 where it goes past what was kept.
 * As libpcap follows it, which takes a fragment header for one with a length, and the authentication header's for its place.
 */
function chainHolds(
  view: DataView,
  at: number,
  kept: number,
  packet: number,
  version: number,
  protocol: number,
): number {
  const nextAt = packet + (version === 4 ? 9 : 6);
  if (nextAt >= kept) return -1;
  let next = view.getUint8(at + nextAt);
  let offset = 40;
  if (version === 4) offset = (view.getUint8(at + packet) & 0xf) * 4;
  for (let i = 0; i < MOST_HEADERS; i++) {
    if (next === protocol || next === NO_NEXT) return next === protocol ? 1 : 0;
    const extension = next === HOP_BY_HOP || next === DESTINATION || next === ROUTING || next === FRAGMENT;
    if (next !== AUTHENTICATION && (version === 4 || !extension)) return 0;
    const header = (packet + offset) | 0;
    if (header < 0 || header > kept - 2) return -1;
    const length = view.getUint8(at + header + 1);
    if (next === AUTHENTICATION) offset = (length + 2) * 4;
    else offset += (length + 1) * 8;
    next = view.getUint8(at + header);
  }
  return 0;
}

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

const QUICK: Partial<Record<Operator, number>> = { '&': OP.and, '+': OP.add, '*': OP.multiply };
