import { both, type Condition, either, masked, not, octetsEqual, test } from './condition.ts';
import type { Direction, Special } from './expression.ts';
import { FilterProblem } from './filter-error.ts';
import type { Layers } from './layers.ts';

/** Frame control: whether a frame is control or reserved (0x04), data (0x08), goes to (0x01) or comes from (0x02) the distribution system. */
const CONTROL = 0x04;
const DATA = 0x08;
const TO_DS = 0x01;
const FROM_DS = 0x02;
/** Where the addresses lie. */
const ADDRESS1 = 4;
const ADDRESS2 = 10;
const ADDRESS3 = 16;
const ADDRESS4 = 24;

/** An address of an 802.11 frame; which of the four is the source or destination depends on where the frame goes. */
export function wlanAddress(address: readonly number[], direction: Direction | null, layers: Layers): Condition {
  const is = (at: number): Condition => octetsEqual(layers.header.at + at, layers.header.index, address);
  const first = (bit: number): Condition => test(layers.headerOctets(1, 0), 'any bit', bit);
  const second = (bit: number): Condition => test(layers.headerOctets(1, 1), 'any bit', bit);
  switch (direction) {
    case 'src': {
      const fromDs = either(both(not(second(TO_DS)), is(ADDRESS3)), both(second(TO_DS), is(ADDRESS4)));
      const data = either(both(not(second(FROM_DS)), is(ADDRESS2)), both(second(FROM_DS), fromDs));
      return both(not(first(CONTROL)), either(both(not(first(DATA)), is(ADDRESS2)), both(first(DATA), data)));
    }
    case 'dst': {
      const data = either(both(not(second(TO_DS)), is(ADDRESS1)), both(second(TO_DS), is(ADDRESS3)));
      return both(not(first(CONTROL)), either(both(not(first(DATA)), is(ADDRESS1)), both(first(DATA), data)));
    }
    case 'src and dst':
      return both(wlanAddress(address, 'src', layers), wlanAddress(address, 'dst', layers));
    case null:
    case 'src or dst':
      return either(wlanAddress(address, 'src', layers), wlanAddress(address, 'dst', layers));
    case 'addr1':
      return is(ADDRESS1);
    case 'addr2':
      return both(hasAddress2(layers), is(ADDRESS2));
    case 'addr3':
      return both(not(test(masked(layers.headerOctets(1, 0), 0x0c), 'equal', CONTROL)), is(ADDRESS3));
    case 'addr4':
      return both(test(masked(layers.headerOctets(1, 1), 0x03), 'equal', TO_DS | FROM_DS), is(ADDRESS4));
    case 'ra':
      return both(first(DATA), is(ADDRESS1));
    case 'ta':
      return both(first(DATA), both(hasAddress2(layers), is(ADDRESS2)));
  }
}

/** Clear to send and acknowledgments have no second address. */
function hasAddress2(layers: Layers): Condition {
  const type = (mask: number, value: number): Condition =>
    test(masked(layers.headerOctets(1, 0), mask), 'equal', value);
  return either(not(type(0x0c, CONTROL)), both(not(type(0xf0, 0xc0)), not(type(0xf0, 0xd0))));
}

export function wlanBroadcast(layers: Layers): Condition {
  return wlanAddress([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 'dst', layers);
}

export function wlanMulticast(layers: Layers): Condition {
  const first = (bit: number): Condition => test(layers.headerOctets(1, 0), 'any bit', bit);
  const second = (bit: number): Condition => test(layers.headerOctets(1, 1), 'any bit', bit);
  const group = (at: number): Condition => test(layers.headerOctets(1, at), 'any bit', 1);
  const data = either(both(not(second(TO_DS)), group(ADDRESS1)), both(second(TO_DS), group(ADDRESS3)));
  return both(not(first(CONTROL)), either(both(not(first(DATA)), group(ADDRESS1)), both(first(DATA), data)));
}

/** `type`, `subtype` and `dir`: by number only as far as numbers are one octet of frame control; names are those of the manual. */
export function wlanSubtype(word: Special, layers: Layers): Condition {
  if (layers.layout.kind !== 'wlan') throw new FilterProblem(`${word.word} is for 802.11 only`, word);
  const [operand, , detail] = word.operands;
  const control = layers.headerOctets(1, 0);
  if (word.word === 'dir') {
    const direction = operand!.kind === 'number' ? operand!.value : DIRECTIONS.get(operand!.text.toLowerCase());
    if (direction === undefined) throw new FilterProblem(`"${operand!.text}" is no direction`, operand!);
    return test(masked(layers.headerOctets(1, 1), 0x03), 'equal', direction);
  }
  if (word.word === 'type') {
    const type = operand!.kind === 'number' ? operand!.value : TYPES.get(operand!.text.toLowerCase());
    if (type === undefined || (type & ~0x0c) !== 0) throw new FilterProblem(`"${operand!.text}" is no type`, operand!);
    if (detail === undefined) return test(masked(control, 0x0c), 'equal', type);
    const names = SUBTYPES.get(type);
    const subtype = detail.kind === 'number' ? detail.value : names?.get(detail.text.toLowerCase());
    if (subtype === undefined || (subtype & ~0xf0) !== 0)
      throw new FilterProblem(`"${detail.text}" is no subtype of it`, detail);
    return test(masked(control, 0xfc), 'equal', type | subtype);
  }
  if (operand!.kind === 'number') {
    if ((operand!.value & ~0xf0) !== 0) throw new FilterProblem(`${operand!.text} is no subtype`, operand!);
    return test(masked(control, 0xf0), 'equal', operand!.value);
  }
  for (const [type, names] of SUBTYPES) {
    const subtype = names.get(operand!.text.toLowerCase());
    if (subtype !== undefined) return test(masked(control, 0xfc), 'equal', type | subtype);
  }
  throw new FilterProblem(`"${operand!.text}" is no subtype`, operand!);
}

const DIRECTIONS: ReadonlyMap<string, number> = new Map([
  ['nods', 0],
  ['tods', TO_DS],
  ['fromds', FROM_DS],
  ['dstods', TO_DS | FROM_DS],
]);
const TYPES: ReadonlyMap<string, number> = new Map([
  ['mgt', 0],
  ['management', 0],
  ['ctl', CONTROL],
  ['control', CONTROL],
  ['data', DATA],
]);
const SUBTYPES: ReadonlyMap<number, ReadonlyMap<string, number>> = new Map([
  [
    0,
    new Map([
      ['assocreq', 0x00],
      ['assoc-req', 0x00],
      ['assocresp', 0x10],
      ['assoc-resp', 0x10],
      ['reassocreq', 0x20],
      ['reassoc-req', 0x20],
      ['reassocresp', 0x30],
      ['reassoc-resp', 0x30],
      ['probereq', 0x40],
      ['probe-req', 0x40],
      ['proberesp', 0x50],
      ['probe-resp', 0x50],
      ['beacon', 0x80],
      ['atim', 0x90],
      ['disassoc', 0xa0],
      ['disassociation', 0xa0],
      ['auth', 0xb0],
      ['authentication', 0xb0],
      ['deauth', 0xc0],
      ['deauthentication', 0xc0],
    ]),
  ],
  [
    CONTROL,
    new Map([
      ['ps-poll', 0xa0],
      ['rts', 0xb0],
      ['cts', 0xc0],
      ['ack', 0xd0],
      ['cf-end', 0xe0],
      ['cf-end-ack', 0xf0],
    ]),
  ],
  [
    DATA,
    new Map([
      ['data', 0x00],
      ['data-cf-ack', 0x10],
      ['data-cf-poll', 0x20],
      ['data-cf-ack-poll', 0x30],
      ['null', 0x40],
      ['cf-ack', 0x50],
      ['cf-poll', 0x60],
      ['cf-ack-poll', 0x70],
      ['qos-data', 0x80],
      ['qos-data-cf-ack', 0x90],
      ['qos-data-cf-poll', 0xa0],
      ['qos-data-cf-ack-poll', 0xb0],
      ['qos', 0xc0],
      ['qos-cf-poll', 0xe0],
      ['qos-cf-ack-poll', 0xf0],
    ]),
  ],
]);
