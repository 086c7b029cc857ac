import { both, type Condition, either, not, test } from './condition.ts';
import { FilterProblem, type Span } from './filter-error.ts';
import { ETHERTYPE, type Layers } from './layers.ts';
import { IP_PROTOCOLS } from './names.ts';

/** Whether the packet holds this protocol, an EtherType or an 802.2 service access point. */
export function holds(protocol: number, layers: Layers, span: Span): Condition {
  const condition = layers.holds(protocol);
  if (condition !== null) return condition;
  const where = layers.underLabels ? 'an MPLS label' : layers.layout.name;
  throw new FilterProblem(`what ${where} holds can't be told by a filter`, span);
}

/** A protocol's name alone. */
export function protocolAlone(protocol: string, layers: Layers, span: Span): Condition {
  const linkProtocol = LINK_PROTOCOLS.get(protocol);
  if (linkProtocol !== undefined) return holds(linkProtocol, layers, span);
  const ip = TRANSPORTS.get(protocol);
  if (ip !== undefined) {
    const [number, version] = ip;
    return version === null ? inIp(number, layers, span) : inVersion(version, number, layers, span);
  }
  const iso = OSI_NETWORK.get(protocol);
  if (iso !== undefined) return inIso(iso, layers, span);
  const units = ISIS_UNITS.get(protocol);
  if (units === undefined) throw new FilterProblem(`"${protocol}" is no condition by itself`, span);
  return units.map((unit) => inIsis(unit, layers, span)).reduceRight((rest, unit) => either(unit, rest));
}

/** `proto`: over IPv4 or IPv6. */
export function inIp(protocol: number, layers: Layers, span: Span): Condition {
  return either(inVersion(4, protocol, layers, span), inVersion(6, protocol, layers, span));
}

export function inVersion(version: 4 | 6, protocol: number, layers: Layers, span: Span): Condition {
  if (version === 4)
    return both(holds(ETHERTYPE.ip, layers, span), test(layers.networkOctets(1, 9), 'equal', protocol));
  const next = (): Condition => test(layers.networkOctets(1, 6), 'equal', protocol);
  const fragment = test(layers.networkOctets(1, 6), 'equal', IP_PROTOCOLS.get('ipv6-frag')!);
  const inFragment = both(fragment, test(layers.networkOctets(1, 40), 'equal', protocol));
  return both(holds(ETHERTYPE.ip6, layers, span), either(next(), inFragment));
}

/** `iso proto`. */
export function inIso(protocol: number, layers: Layers, span: Span): Condition {
  if (layers.layout.name === 'Frame Relay') return test(layers.headerOctets(2, 2), 'equal', (3 << 8) | protocol);
  if (layers.layout.kind === 'hdlc')
    return both(holds(ISO, layers, span), test(layers.noSnapOctets(1, 1), 'equal', protocol));
  return both(holds(ISO, layers, span), test(layers.noSnapOctets(1, 0), 'equal', protocol));
}

/** `isis proto`. */
export function inIsis(unit: number, layers: Layers, span: Span): Condition {
  return both(inIso(ISIS, layers, span), test(layers.noSnapOctets(1, 4), 'equal', unit));
}

/** Not a later fragment: only the first holds the transport's header. */
export function isFirstFragment(layers: Layers): Condition {
  return not(test(layers.networkOctets(2, 6), 'any bit', 0x1fff));
}

const ISO = 0xfe;
const ISIS = 0x83;
const LINK_PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['ip', ETHERTYPE.ip],
  ['ip6', ETHERTYPE.ip6],
  ['arp', ETHERTYPE.arp],
  ['rarp', ETHERTYPE.reverseArp],
  ['atalk', ETHERTYPE.appleTalk],
  ['aarp', ETHERTYPE.appleArp],
  ['decnet', 0x6003],
  ['lat', 0x6004],
  ['sca', 0x6007],
  ['mopdl', 0x6001],
  ['moprc', 0x6002],
  ['iso', ISO],
  ['stp', 0x42],
  ['ipx', 0xe0],
  ['netbeui', 0xf0],
]);
/** IP protocols by name, and the version of IP that the name implies. */
const TRANSPORTS: ReadonlyMap<string, readonly [number: number, version: 4 | 6 | null]> = new Map<
  string,
  [number, 4 | 6 | null]
>([
  ['sctp', [132, null]],
  ['tcp', [6, null]],
  ['udp', [17, null]],
  ['icmp', [1, 4]],
  ['igmp', [2, 4]],
  ['igrp', [9, 4]],
  ['pim', [103, null]],
  ['vrrp', [112, 4]],
  ['carp', [112, 4]],
  ['icmp6', [58, 6]],
  ['ah', [51, null]],
  ['esp', [50, null]],
]);
const OSI_NETWORK: ReadonlyMap<string, number> = new Map([
  ['esis', 0x82],
  ['isis', ISIS],
]);
/** IS-IS: numbers of the protocol data units, in the order in which libpcap tests them. */
const ISIS_UNITS: ReadonlyMap<string, readonly number[]> = new Map([
  ['l1', [26, 24, 18, 15, 17]],
  ['l2', [27, 25, 20, 16, 17]],
  ['iih', [15, 16, 17]],
  ['lsp', [18, 20]],
  ['snp', [24, 25, 26, 27]],
  ['csnp', [24, 25]],
  ['psnp', [26, 27]],
]);
