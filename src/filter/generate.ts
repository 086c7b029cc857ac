import { comparison } from './arithmetic.ts';
import { ALWAYS, both, type Condition, either, LENGTH, not, octetsEqual, test } from './condition.ts';
import type { Expression, Primitive, Special } from './expression.ts';
import { FilterProblem, type Span } from './filter-error.ts';
import { ETHERTYPE, type Layers } from './layers.ts';
import { primitive } from './primitives.ts';
import { holds, protocolAlone } from './protocols.ts';
import { wlanBroadcast, wlanMulticast, wlanSubtype } from './wlan.ts';

/**
 * What a packet must be like for an expression, in the layers of one link type. Parts are visited as they are written,
 * since `vlan`, `mpls` and `pppoes` move the layers for everything after them, whatever operator stands between.
 *
 * Throws FilterProblem where the expression means nothing on this link type.
 */
export function generate(expression: Expression, layers: Layers): Condition {
  switch (expression.kind) {
    case 'everything':
      return ALWAYS;
    case 'and':
    case 'or': {
      const first = generate(expression.first, layers);
      const second = generate(expression.second, layers);
      return expression.kind === 'and' ? both(first, second) : either(first, second);
    }
    case 'not':
      return not(generate(expression.of, layers));
    case 'protocol':
      return protocolAlone(expression.protocol, layers, expression);
    case 'comparison':
      return comparison(expression, layers);
    case 'primitive':
      return primitive(expression as Primitive, layers);
    case 'special':
      return special(expression, layers);
  }
}

function special(word: Special, layers: Layers): Condition {
  const [operand] = word.operands;
  const value = operand?.kind === 'number' ? operand.value : null;
  switch (word.word) {
    case 'less':
      return not(test(LENGTH, 'greater', value!));
    case 'greater':
      return test(LENGTH, 'at least', value!);
    case 'byte':
      return byte(word, layers);
    case 'broadcast':
      return broadcast(word, layers);
    case 'multicast':
      return multicast(word, layers);
    case 'inbound':
    case 'outbound':
      return direction(word, layers);
    case 'vlan':
      return vlan(word, value, layers);
    case 'mpls':
      return mpls(word, value, layers);
    case 'pppoed':
      return holds(ETHERTYPE.pppoeDiscovery, layers, word);
    case 'pppoes':
      if (value !== null && value > 0xffff) throw new FilterProblem(`a PPPoE session is at most 65535`, operand!);
      return layers.pppoes(value) ?? untold(word, layers);
    case 'llc':
      return llc(word, layers);
    default:
      return wlanSubtype(word, layers);
  }
}

/** `byte 0 = 3`, from tcpdump's early days. */
function byte({ operands, ...span }: Special, layers: Layers): Condition {
  const [at, relation, value] = operands;
  const octet = layers.headerOctets(1, at!.value);
  switch (relation!.text) {
    case '=':
      return test(octet, 'equal', value!.value);
    case '<':
      return not(test(octet, 'at least', value!.value));
    case '>':
      return test(octet, 'greater', value!.value);
    default: {
      const remedy = `ether[${at!.text}] ${relation!.text} ${value!.text} != 0`;
      throw new FilterProblem(`libpcap does not read the octet here: write ${remedy}`, span);
    }
  }
}

function broadcast(word: Special, layers: Layers): Condition {
  const { layout } = layers;
  if (word.protocol === 'ip') {
    const isIp = holds(ETHERTYPE.ip, layers, word);
    const destination = layers.networkOctets(4, 16);
    return both(isIp, either(test(destination, 'equal', 0), test(destination, 'equal', -1)));
  }
  if (word.protocol !== null && word.protocol !== 'link')
    throw new FilterProblem(`"${word.protocol} broadcast" is not told: broadcast and ip broadcast are`, word);
  if (layout.kind === 'wlan') return wlanBroadcast(layers);
  if (isArcnet(layers)) return test(layers.headerOctets(1, 1), 'equal', 0);
  if (layout.addresses === undefined) throw new FilterProblem(`${layout.name} has no broadcasts`, word);
  return octetsEqual(layers.header.at + layout.addresses.destination, layers.header.index, Array(6).fill(0xff));
}

function multicast(word: Special, layers: Layers): Condition {
  const { layout } = layers;
  if (word.protocol === 'ip')
    return both(holds(ETHERTYPE.ip, layers, word), test(layers.networkOctets(1, 16), 'at least', 224));
  if (word.protocol === 'ip6')
    return both(holds(ETHERTYPE.ip6, layers, word), test(layers.networkOctets(1, 24), 'equal', 255));
  if (word.protocol !== null && word.protocol !== 'link')
    throw new FilterProblem(
      `"${word.protocol} multicast" is not told: multicast, ip multicast, ip6 multicast are`,
      word,
    );
  if (layout.kind === 'wlan') return wlanMulticast(layers);
  if (isArcnet(layers)) return test(layers.headerOctets(1, 1), 'equal', 0);
  if (layout.addresses === undefined) throw new FilterProblem(`${layout.name} has no multicasts`, word);
  return test(layers.headerOctets(1, layout.addresses.destination), 'any bit', 1);
}

function isArcnet(layers: Layers): boolean {
  return layers.layout.name.startsWith('ARCNET');
}

function direction(word: Special, layers: Layers): Condition {
  const rule = layers.layout.direction;
  if (rule === undefined) throw new FilterProblem(`captures of ${layers.layout.name} do not tell ${word.word}`, word);
  const wanted = word.word === 'outbound' ? rule.outbound : rule.inbound;
  const other = word.word === 'outbound' ? rule.inbound : rule.outbound;
  let octets = layers.headerOctets(rule.size, rule.at);
  if (rule.mask !== undefined) octets = { kind: 'operation', operator: '&', left: octets, right: mask(rule.mask) };
  return wanted === undefined ? not(test(octets, 'equal', other!)) : test(octets, 'equal', wanted);
}

function mask(bits: number): { kind: 'number'; number: number } {
  return { kind: 'number', number: bits };
}

function vlan(word: Special, id: number | null, layers: Layers): Condition {
  if (layers.underLabels) throw new FilterProblem('no VLAN tag is looked for behind an MPLS label', word);
  if (id !== null && id > 0xfff) throw new FilterProblem('a VLAN is at most 4095', word.operands[0]!);
  const condition = layers.vlan(id);
  if (condition === null) throw new FilterProblem(`${layers.layout.name} has no VLAN tags`, word);
  return condition;
}

function mpls(word: Special, label: number | null, layers: Layers): Condition {
  if (label !== null && label > 0xf_ffff)
    throw new FilterProblem('an MPLS label is at most 1048575', word.operands[0]!);
  const condition = layers.mpls(label);
  if (condition === null) throw new FilterProblem(`${layers.layout.name} has no MPLS labels`, word);
  return condition;
}

function llc(word: Special, layers: Layers): Condition {
  if (word.operands.length > 0) throw new FilterProblem('kinds of LLC frames are not supported', word.operands[0]!);
  switch (layers.layout.kind) {
    case 'ethernet': {
      const isLength = not(test(layers.typeField(), 'greater', 1500));
      return both(isLength, not(test(layers.networkOctets(2, 0), 'equal', 0xffff)));
    }
    case 'sunatm':
      return test({ kind: 'operation', operator: '&', left: layers.headerOctets(1, 0), right: mask(0xf) }, 'equal', 2);
    case 'wlan': {
      const control = layers.headerOctets(1, 0);
      return both(not(test(control, 'any bit', 4)), test(control, 'any bit', 8));
    }
    case 'llc':
      if (layers.layout.name !== 'classical IP over ATM') return ALWAYS;
      break;
    default:
  }
  throw new FilterProblem(`${layers.layout.name} has no 802.2 headers`, word);
}

function untold(span: Span, layers: Layers): never {
  throw new FilterProblem(`what ${layers.layout.name} holds can't be told by a filter`, span);
}
