import { both, type Condition, LENGTH, not, number, octets, operation, test, type Value } from './condition.ts';
import type { Arithmetic, Comparison, Operator } from './expression.ts';
import { FilterProblem } from './filter-error.ts';
import { evaluated } from './fold.ts';
import type { Layers } from './layers.ts';
import { isFirstFragment, protocolAlone } from './protocols.ts';

/** A number of an expression, and what must hold of the packet for it to be read. */
interface Reading {
  readonly value: Value;
  readonly guard: Condition | null;
}

/** A comparison holds only of packets that have the protocols whose octets it reads. */
export function comparison({ left, relation, right }: Comparison, layers: Layers): Condition {
  const first = arithmetic(left, layers);
  const second = arithmetic(right, layers);
  const guard = joint(first.guard, second.guard);
  const compared = compare(first.value, relation, second.value);
  return guard === null ? compared : both(guard, compared);
}

function compare(left: Value, relation: Comparison['relation'], right: Value): Condition {
  switch (relation) {
    case '=':
      return test(left, 'equal', right);
    case '!=':
      return not(test(left, 'equal', right));
    case '>':
      return test(left, 'greater', right);
    case '<=':
      return not(test(left, 'greater', right));
    case '>=':
      return test(left, 'at least', right);
    case '<':
      return not(test(left, 'at least', right));
  }
}

function arithmetic(expression: Arithmetic, layers: Layers): Reading {
  switch (expression.kind) {
    case 'number':
      return { value: number(expression.value), guard: null };
    case 'len':
      return { value: LENGTH, guard: null };
    case 'negative': {
      const { value, guard } = arithmetic(expression.of, layers);
      return { value: operation(number(0), '-', value), guard };
    }
    case 'operation': {
      const left = arithmetic(expression.left, layers);
      const right = arithmetic(expression.right, layers);
      // Behind 802.11 libpcap computes nothing beforehand.
      const computed = layers.layout.kind === 'wlan' ? right.value : evaluated(right.value);
      checkOperand(left.value, expression.operator, expression.right, computed);
      // libpcap asks for the protocols of the left operand only.
      return { value: operation(left.value, expression.operator, right.value), guard: left.guard };
    }
    case 'octets':
      return loaded(expression, layers);
  }
}

/**
 * Divisions by zero and shifts out of a number are refused. libpcap looks at the number that the right operand begins with,
 * so that it refuses `10 / ip[0]` and `1 << ip[40]` as well.
 */
function checkOperand(left: Value, operator: Operator, right: Arithmetic, computed: Value): void {
  const first = firstNumber(right);
  const isZero = first === 0 || (computed.kind === 'number' && computed.number === 0);
  if ((operator === '/' || operator === '%') && isZero)
    throw new FilterProblem(`a division by ${right.kind === 'number' ? 'zero' : 'what libpcap takes for zero'}`, right);
  const isFar = computed.kind === 'number' && computed.number >>> 0 > 31 && evaluated(left).kind !== 'number';
  if ((operator === '<<' || operator === '>>') && (isFar || (first !== null && first > 31)))
    throw new FilterProblem('a shift by more than 31 bits', right);
}

/** The number that stands first in an expression, which libpcap computes first. */
function firstNumber(expression: Arithmetic): number | null {
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'len':
      return null;
    case 'negative':
      return firstNumber(expression.of);
    case 'operation':
      return firstNumber(expression.left);
    case 'octets':
      return firstNumber(expression.index);
  }
}

function loaded(expression: Arithmetic & { readonly kind: 'octets' }, layers: Layers): Reading {
  const { protocol, size } = expression;
  const index = arithmetic(expression.index, layers);
  const past = (place: Value | null): Value => (place === null ? index.value : operation(place, '+', index.value));
  if (protocol === 'link') {
    const { at, index: header } = layers.header;
    return { value: octets(size, at, past(header)), guard: index.guard };
  }
  if (protocol === 'radio') {
    const { prelude } = layers.layout;
    if (prelude === 'none' || prelude === '802.11' || prelude === 'ppi')
      throw new FilterProblem(`${layers.layout.name} has no radio header`, expression);
    return { value: octets(size, 0, index.value), guard: index.guard };
  }
  const network = layers.payload.at + layers.network;
  if (NETWORK_PROTOCOLS.has(protocol)) {
    const guard = joint(index.guard, protocolAlone(protocol, layers, expression));
    return { value: octets(size, network, past(layers.payload.index)), guard };
  }
  if (protocol === 'icmp6') {
    const isIp6 = joint(index.guard, protocolAlone('ip6', layers, expression));
    const guard = joint(isIp6, test(layers.networkOctets(1, 6), 'equal', 58));
    return { value: octets(size, network + 40, past(layers.payload.index)), guard };
  }
  if (!TRANSPORT_PROTOCOLS.has(protocol)) throw new FilterProblem(`no octets can be read of "${protocol}"`, expression);
  const first = both(protocolAlone(protocol, layers, expression), isFirstFragment(layers));
  const guard = both(protocolAlone('ip', layers, expression), joint(index.guard, first)!);
  return { value: octets(size, network, operation(index.value, '+', layers.ipHeaderLength())), guard };
}

function joint(first: Condition | null, second: Condition | null): Condition | null {
  if (first === null) return second;
  return second === null ? first : both(first, second);
}

const NETWORK_PROTOCOLS: ReadonlySet<string> = new Set('ip arp rarp atalk decnet lat sca moprc mopdl ip6'.split(' '));
const TRANSPORT_PROTOCOLS: ReadonlySet<string> = new Set('sctp tcp udp icmp igmp igrp pim vrrp carp'.split(' '));
