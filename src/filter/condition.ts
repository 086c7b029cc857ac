import type { Operator } from './expression.ts';

/**
 * A number that is read off a packet, 32 bits. Whatever lies past the octets that were kept rejects the packet, and so
 * does a division by zero: in classic BPF no `or` and no `not` saves it.
 */
export type Value =
  | { readonly kind: 'number'; readonly number: number }
  /** Octets that the packet had on the wire. */
  | { readonly kind: 'length' }
  /** A length that the prelude computes (`PRELUDE`): of the header before 802.11's, or up to its payload. */
  | { readonly kind: 'slot'; readonly slot: 0 | 1 }
  /** 1, 2 or 4 octets at `at` past `index`, in network order. */
  | { readonly kind: 'octets'; readonly size: number; readonly at: number; readonly index: Value | null }
  | {
      readonly kind: 'operation';
      readonly operator: Operator;
      readonly left: Value;
      readonly right: Value;
      /** A mask of libpcap's own, which it sees through; it does not see through those that the expression has. */
      readonly isOwnMask?: true;
    };

/** How two numbers compare, unsigned; `any bit`: whether they have a bit in common. */
export type Relation = 'equal' | 'greater' | 'at least' | 'any bit';

/** What a packet must be like, for one link type. The order is that of libpcap, since a short packet is rejected where it ends. */
export type Condition =
  | { readonly kind: 'test'; readonly left: Value; readonly relation: Relation; readonly right: Value }
  /** A protocol anywhere in the chain of headers of the IP packet at `at`. */
  | { readonly kind: 'chain'; readonly version: 4 | 6; readonly at: number; readonly protocol: number }
  | { readonly kind: 'and' | 'or'; readonly first: Condition; readonly second: Condition }
  | { readonly kind: 'not'; readonly of: Condition };

/** A place in the packet: octets past its start, or past a length that the packet itself tells. */
export interface Place {
  readonly at: number;
  readonly index: Value | null;
}

export function number(value: number): Value {
  return { kind: 'number', number: value | 0 };
}

export const LENGTH: Value = { kind: 'length' };

export function octets(size: number, at: number, index: Value | null): Value {
  return { kind: 'octets', size, at: at | 0, index };
}

export function operation(left: Value, operator: Operator, right: Value): Value {
  return { kind: 'operation', operator, left, right };
}

export function masked(value: Value, mask: number): Value {
  if ((mask | 0) === -1) return value;
  return { kind: 'operation', operator: '&', left: value, right: number(mask), isOwnMask: true };
}

export function test(left: Value, relation: Relation, right: Value | number): Condition {
  const other = typeof right === 'number' ? number(right) : right;
  // As classic BPF compares two variables; `decisions.ts` finds out what both sides have in common.
  if (relation === 'equal' && other.kind !== 'number')
    return { kind: 'test', left: operation(left, '-', other), relation, right: number(0) };
  return { kind: 'test', left, relation, right: other };
}

export function both(first: Condition, second: Condition): Condition {
  return { kind: 'and', first, second };
}

export function either(first: Condition, second: Condition): Condition {
  return { kind: 'or', first, second };
}

export function not(of: Condition): Condition {
  return { kind: 'not', of };
}

export const ALWAYS: Condition = test(number(0), 'equal', 0);
export const NEVER: Condition = test(number(1), 'equal', 0);

/** Whether octets at `at` past `index` equal these, the last four first, as libpcap compares them. */
export function octetsEqual(at: number, index: Value | null, expected: readonly number[]): Condition {
  let condition: Condition | null = null;
  for (let left = expected.length; left > 0; ) {
    const size = left >= 4 ? 4 : left >= 2 ? 2 : 1;
    left -= size;
    let wanted = 0;
    for (let i = 0; i < size; i++) wanted = (wanted << 8) | expected[left + i]!;
    const part = test(octets(size, at + left, index), 'equal', wanted);
    condition = condition === null ? part : both(condition, part);
  }
  return condition ?? ALWAYS;
}
