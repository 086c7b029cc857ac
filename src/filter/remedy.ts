import { meant } from '../bytes/nearest.ts';
import { PROTOCOL_WORDS, type Token } from './lexer.ts';
import { CONSTANTS, serviceNames } from './names.ts';

/** What a word that a filter can't use was most likely meant to be: `; did you mean port?`, or nothing. */
export function remedy(token: Token): string {
  if (token.kind !== 'name') return '';
  if (DISPLAY_FILTER.test(token.text)) return "; that is Wireshark's display filter: here it is host, port, tcp port …";
  return meant(token.text, [...COMMON, ...PROTOCOL_WORDS, ...CONSTANTS.keys()]);
}

/** The same of a service's name. */
export function serviceRemedy(name: string): string {
  return meant(name, serviceNames());
}

/** The words that people write most come first: of words that are equally near, the first is meant. */
const COMMON =
  'port host net and or not src dst portrange tcp udp ip ip6 less greater vlan proto len gateway mask'.split(' ');
const DISPLAY_FILTER = /^(?:ip|ipv6|tcp|udp|eth|frame|vlan|icmp)\.[a-z]/;
