import { parseIpv6 } from './addresses.ts';
import { FilterProblem, type Span } from './filter-error.ts';
import { CONSTANTS } from './names.ts';

/**
 * The least part of an expression. `word` is a keyword or an operator, whose `text` is one spelling of it (`and` for `&&`);
 * `name` is anything else that begins like a name, or a keyword after a backslash.
 */
export interface Token extends Span {
  readonly kind: 'word' | 'number' | 'ipv4' | 'ipv6' | 'mac' | 'arcnet' | 'name' | 'end';
  readonly text: string;
  /** Of a number: 0 to 2^32 - 1. */
  readonly value: number;
}

/**
 * The tokens of a pcap-filter expression, as pcap-filter(7) and libpcap 1.10 divide it: the longest that fits, and
 * among those of one length the first of the kinds listed in `KINDS`.
 */
export function tokens(expression: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  for (;;) {
    SPACE.lastIndex = at;
    at += SPACE.exec(expression)![0].length;
    if (at >= expression.length) break;
    const token = tokenAt(expression, at);
    found.push(token);
    at = token.end;
  }
  found.push({ kind: 'end', text: '', value: 0, at: expression.length, end: expression.length });
  return found;
}

function tokenAt(expression: string, at: number): Token {
  let kind: Token['kind'] | 'escaped' | undefined;
  let length = 0;
  for (const [candidate, pattern] of KINDS) {
    pattern.lastIndex = at;
    let text = pattern.exec(expression)?.[0] ?? '';
    if (candidate === 'ipv6') while (text !== '' && parseIpv6(text) === null) text = text.slice(0, -1);
    if (text.length <= length) continue;
    kind = candidate;
    length = text.length;
  }
  const span = { at, end: at + Math.max(length, 1) };
  const text = expression.slice(span.at, span.end);
  if (kind === undefined) throw new FilterProblem(`"${text}" means nothing here`, span);
  if (kind === 'number') return { kind, text, value: numberOf(text, span), ...span };
  if (kind === 'escaped') return { kind: 'name', text: text.slice(1), value: 0, ...span };
  if (kind === 'name') {
    const constant = CONSTANTS.get(text);
    if (constant !== undefined) return { kind: 'number', text, value: constant, ...span };
    const word = SPELLINGS.get(text) ?? text;
    if (KEYWORDS.has(word)) return { kind: 'word', text: word, value: 0, ...span };
  }
  return { kind, text: kind === 'word' ? (SPELLINGS.get(text) ?? text) : text, value: 0, ...span };
}

/** Decimal, octal after a 0, hexadecimal after 0x; of 32 bits. */
function numberOf(text: string, span: Span): number {
  if (/^0[0-9]*[89]/.test(text)) throw new FilterProblem(`${text} is octal by its 0 and has a digit that is not`, span);
  const octal = text.length > 1 && text.startsWith('0') && !/^0x/i.test(text);
  const value = Number(octal ? `0o${text.slice(1)}` : text);
  if (value > 0xffff_ffff) throw new FilterProblem(`${text} is more than 32 bits hold`, span);
  return value;
}

const SPACE = /[ \t\r\n]*/y;
const NUMBER = '(?:0[xX][0-9a-fA-F]+|[0-9]+)';
const KINDS: readonly (readonly [Token['kind'] | 'escaped', RegExp])[] = [
  ['arcnet', /\$[0-9a-f]{1,2}/iy],
  ['mac', /[0-9a-f]{1,2}([:.-])(?:[0-9a-f]{1,2}\1){4}[0-9a-f]{1,2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}|[0-9a-f]{12}/iy],
  ['number', new RegExp(NUMBER, 'y')],
  ['ipv4', new RegExp(`${NUMBER}(?:\\.${NUMBER}){1,3}`, 'y')],
  ['ipv6', /[0-9a-f:]*:[0-9a-f:]*(?:(?:\.[0-9]{1,3}){3})?/iy],
  ['name', /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y],
  ['escaped', /\\[^ !()\n\t]+/y],
  ['word', /&&|\|\||>=|<=|!=|==|<<|>>|[-+*/%:[\]!<>()&|^=]/y],
];

/** Other spellings of words. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
  ['==', '='],
  ['ether', 'link'],
  ['ppp', 'link'],
  ['slip', 'link'],
  ['fddi', 'link'],
  ['tr', 'link'],
  ['wlan', 'link'],
  ['length', 'len'],
  ['es-is', 'esis'],
  ['is-is', 'isis'],
  ['direction', 'dir'],
  ['address1', 'addr1'],
  ['address2', 'addr2'],
  ['address3', 'addr3'],
  ['address4', 'addr4'],
]);

/** Words that name a protocol, as qualifiers or alone. */
export const PROTOCOL_WORDS: ReadonlySet<string> = new Set(
  (
    'link ip arp rarp sctp tcp udp icmp igmp igrp pim vrrp carp atalk aarp decnet lat sca moprc mopdl ip6 icmp6 ah esp ' +
    'iso esis isis l1 l2 iih lsp snp psnp csnp stp ipx netbeui radio'
  ).split(' '),
);

/** Words of libpcap that lastack does not follow: ATM and SS7 signalling, packet filter logs, interfaces, Geneve. */
export const UNFOLLOWED_WORDS: ReadonlySet<string> = new Set(
  (
    'lane metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci connectmsg metaconnect on ifname rset ruleset rnr rulenum ' +
    'srnr subrulenum reason action fisu lssu lsu msu hfisu hlssu hmsu sio opc dpc sls hsio hopc hdpc hsls ifindex geneve'
  ).split(' '),
);

const KEYWORDS: ReadonlySet<string> = new Set([
  ...PROTOCOL_WORDS,
  ...UNFOLLOWED_WORDS,
  ...(
    'and or not dst src host net mask port portrange proto protochain gateway type subtype dir addr1 addr2 addr3 addr4 ra ' +
    'ta less greater byte broadcast multicast len inbound outbound vlan mpls pppoed pppoes llc'
  ).split(' '),
]);
