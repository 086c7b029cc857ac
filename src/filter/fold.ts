import type { Relation, Value } from './condition.ts';
import type { Operator } from './expression.ts';

/** What an operator makes of two 32-bit numbers, unsigned. The right one of a division is not 0. */
export function evaluate(left: number, operator: Operator, right: number): number {
  switch (operator) {
    case '+':
      return (left + right) | 0;
    case '-':
      return (left - right) | 0;
    case '*':
      return Math.imul(left, right);
    case '/':
      return Math.floor((left >>> 0) / (right >>> 0)) | 0;
    case '%':
      return ((left >>> 0) % (right >>> 0)) | 0;
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '<<':
      return right >>> 0 > 31 ? 0 : left << right;
    case '>>':
      return right >>> 0 > 31 ? 0 : (left >>> right) | 0;
  }
}

/** The comparison that classic BPF makes. */
export function compare(left: number, relation: Relation, right: number): boolean {
  switch (relation) {
    case 'equal':
      return left === right;
    case 'greater':
      return left >>> 0 > right >>> 0;
    case 'at least':
      return left >>> 0 >= right >>> 0;
    case 'any bit':
      return (left & right) !== 0;
  }
}

/** The value with everything computed that depends on no packet. */
export function evaluated(value: Value): Value {
  if (value.kind === 'octets') {
    if (value.index === null) return value;
    const index = evaluated(value.index);
    if (index.kind === 'number') return { ...value, at: (value.at + index.number) | 0, index: null };
    if (index.kind === 'operation' && index.operator === '+') {
      const { left, right } = index;
      if (right.kind === 'number') return { ...value, at: (value.at + right.number) | 0, index: left };
      if (left.kind === 'number') return { ...value, at: (value.at + left.number) | 0, index: right };
    }
    return { ...value, index };
  }
  if (value.kind !== 'operation') return value;
  const left = evaluated(value.left);
  const right = evaluated(value.right);
  const { operator } = value;
  if (right.kind === 'number') {
    if (left.kind === 'number' && !(right.number === 0 && (operator === '/' || operator === '%')))
      return { kind: 'number', number: evaluate(left.number, operator, right.number) };
    if (right.number === 0) {
      if (operator === '*' || operator === '&') return right;
      if (operator !== '/' && operator !== '%') return left;
    }
  } else if (left.kind === 'number' && left.number === 0) {
    if (operator === '+' || operator === '|' || operator === '^') return right;
    if (operator !== '-') return left;
  }
  return { kind: 'operation', operator, left, right };
}

/** The answer to a test that depends on no packet, once everything is computed; null when it does. */
export function constantAnswer(left: Value, relation: Relation, right: Value): boolean | null {
  const first = evaluated(left);
  const second = evaluated(right);
  if (second.kind !== 'number') return null;
  if (first.kind === 'number') return compare(first.number, relation, second.number);
  // libpcap takes it that one bit of 32 is always set: `ip[12:4] & 0xffffffff = 0` is never so.
  const isAll =
    first.kind === 'operation' && first.operator === '&' && first.right.kind === 'number' && first.right.number === -1;
  return isAll && relation === 'equal' && second.number === 0 ? false : null;
}
