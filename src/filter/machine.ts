import { IP_PROTOCOL } from '../wire/ip.ts';
import type { Relation } from './condition.ts';
import type { Operator } from './expression.ts';
import { compare, evaluate } from './fold.ts';
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
        relation === EQUAL
          ? a === k
          : relation === ANY_BIT
            ? (a & k) !== 0
            : relation === GREATER
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
export const OP = {
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
export const IF_OCTETS = 21;
export const IF_BEHIND_HEADER = 22;
/** Operators and relations, by the numbers that stand for them in code. */
export const OPERATORS: readonly Operator[] = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'];
export const RELATIONS: readonly Relation[] = ['equal', 'greater', 'at least', 'any bit'];
const EQUAL = 0;
const GREATER = 1;
const ANY_BIT = 3;

/** Headers that a chain may have; libpcap sets no bound and would never come back from a circle. */
const MOST_HEADERS = 1000;
const NO_NEXT = 59;

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
    if (next !== IP_PROTOCOL.authentication && (version === 4 || !isExtension(next))) return 0;
    const header = (packet + offset) | 0;
    if (header < 0 || header > kept - 2) return -1;
    const length = view.getUint8(at + header + 1);
    if (next === IP_PROTOCOL.authentication) offset = (length + 2) * 4;
    else offset += (length + 1) * 8;
    next = view.getUint8(at + header);
  }
  return 0;
}

function isExtension(protocol: number): boolean {
  return (
    protocol === IP_PROTOCOL.hopByHop ||
    protocol === IP_PROTOCOL.destination ||
    protocol === IP_PROTOCOL.routing ||
    protocol === IP_PROTOCOL.fragment
  );
}
