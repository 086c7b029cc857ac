import { parseDotted, parseIpv6, parseMac, prefixMask } from './addresses.ts';
import { both, type Condition, either, masked, not, octetsEqual, test, type Value } from './condition.ts';
import type { Direction, Primitive, Qualifiers } from './expression.ts';
import { FilterProblem } from './filter-error.ts';
import { ETHERTYPE, type Layers } from './layers.ts';
import type { Token } from './lexer.ts';
import { ETHER_PROTOCOLS, IP_PROTOCOLS, ISO_PROTOCOLS, service } from './names.ts';
import { holds, inIp, inIsis, inIso, inVersion, isFirstFragment } from './protocols.ts';
import { serviceRemedy } from './remedy.ts';
import { wlanAddress } from './wlan.ts';

/** An identifier with its qualifiers: `src host 10.0.0.1`, `tcp port 80`, `ip proto \udp` … */
export function primitive(expression: Primitive, layers: Layers): Condition {
  const { qualifiers, id } = expression;
  if (qualifiers === null)
    throw new FilterProblem(`"${id.text}" has no word before it that says what it is: host, net, port …`, id);
  const asked: Asked = { ...qualifiers, id, mask: expression.mask, layers };
  switch (id.kind) {
    case 'number':
    case 'ipv4':
      return numeric(asked);
    case 'ipv6':
      return ipv6(asked);
    case 'mac':
      return ethernetAddress(asked);
    case 'name':
      return named(asked);
    default:
      return arcnetAddress(asked);
  }
}

/** A primitive on its way. */
interface Asked extends Qualifiers {
  readonly id: Token;
  readonly mask: Token | null;
  readonly layers: Layers;
}

function numeric(asked: Asked): Condition {
  const { id, type, protocol } = asked;
  const dotted = id.kind === 'ipv4' ? parseDotted(id.text) : null;
  if (id.kind === 'ipv4' && dotted === null) throw new FilterProblem(`"${id.text}" is no IPv4 address`, id);
  if (asked.mask !== null) return network(asked, dotted!);
  if (dotted !== null && type !== null && type !== 'host' && type !== 'net')
    throw new FilterProblem(`an address is no ${type}`, id);
  switch (type) {
    case null:
    case 'host':
    case 'net': {
      if (protocol === 'link') throw new FilterProblem(`"${id.text}" is no link-layer address`, id);
      if (dotted !== null) return host(asked, dotted.value << (32 - dotted.bits), prefixMask(dotted.bits));
      let { value } = id;
      let mask = -1;
      // A net's number is what it begins with.
      while (type === 'net' && value !== 0 && value >>> 24 === 0) {
        value <<= 8;
        mask <<= 8;
      }
      return host(asked, value, mask);
    }
    case 'port':
    case 'portrange': {
      const port = portNumber(id.value, id);
      return ports(asked, transportOf(asked), port, port);
    }
    case 'gateway':
      throw new FilterProblem('gateway needs names of hosts, which lastack does not look up', id);
    case 'proto':
      return protocolNumber(asked, id.value);
    case 'protochain':
      return chain(asked, id.value);
  }
}

/** `10.0.0.0/8`, `10.0.0.0 mask 255.0.0.0`. */
function network(asked: Asked, dotted: { readonly value: number; readonly bits: number }): Condition {
  const token = asked.mask!;
  const address = dotted.value << (32 - dotted.bits);
  let mask: number;
  if (token.kind === 'number') {
    if (token.value > 32) throw new FilterProblem('a prefix is at most 32 bits long', token);
    mask = prefixMask(token.value);
  } else {
    const parsed = parseDotted(token.text);
    if (parsed === null) throw new FilterProblem(`"${token.text}" is no mask`, token);
    mask = parsed.value << (32 - parsed.bits);
  }
  if ((address & ~mask) !== 0) throw new FilterProblem('the address has bits outside of the mask', asked.id);
  if (asked.type !== 'net') throw new FilterProblem('only a net has a mask', token);
  return host(asked, address, mask);
}

/** IPv4 addresses, in ARP and RARP too. */
function host(asked: Asked, address: number, mask: number): Condition {
  const { protocol, layers, id } = asked;
  const at = (etherType: number, source: number, destination: number): Condition =>
    ends(asked, (isSource) =>
      both(
        holds(etherType, layers, id),
        test(masked(layers.networkOctets(4, isSource ? source : destination), mask), 'equal', address),
      ),
    );
  const ip = (): Condition => at(ETHERTYPE.ip, 12, 16);
  const arp = (): Condition => at(ETHERTYPE.arp, 14, 24);
  const reverseArp = (): Condition => at(ETHERTYPE.reverseArp, 14, 24);
  switch (protocol) {
    case null:
      return layers.underLabels ? ip() : either(either(ip(), arp()), reverseArp());
    case 'ip':
      return ip();
    case 'arp':
      return arp();
    case 'rarp':
      return reverseArp();
    default:
      throw new FilterProblem(`"${protocol}" has no IPv4 addresses`, id);
  }
}

function ipv6(asked: Asked): Condition {
  const { id, type, mask, protocol, layers } = asked;
  const address = parseIpv6(id.text)!;
  if (mask !== null && mask.value > 128) throw new FilterProblem('a prefix is at most 128 bits long', mask);
  const length = mask?.value ?? 128;
  const masks = [0, 32, 64, 96].map((before) => prefixMask(length - before));
  if (address.some((word, i) => (word & ~masks[i]!) !== 0))
    throw new FilterProblem('the address has bits outside of its prefix', id);
  if (type !== null && type !== 'host' && type !== 'net') throw new FilterProblem(`no ${type} is an IPv6 address`, id);
  if (type !== 'net' && length !== 128) throw new FilterProblem('only a net has a prefix', mask!);
  if (protocol !== null && protocol !== 'ip6') throw new FilterProblem(`"${protocol}" has no IPv6 addresses`, id);
  return ends(asked, (isSource) => {
    const words = address
      .map((word, i) => test(masked(layers.networkOctets(4, (isSource ? 8 : 24) + 4 * i), masks[i]!), 'equal', word))
      .reduceRight((rest, word) => both(word, rest));
    return both(holds(ETHERTYPE.ip6, layers, id), words);
  });
}

function ethernetAddress(asked: Asked): Condition {
  const { id, type, protocol, layers } = asked;
  if (protocol !== 'link' || (type !== null && type !== 'host'))
    throw new FilterProblem('an Ethernet address needs ether before it: ether host, ether src, ether dst', id);
  const address = parseMac(id.text);
  const { layout, header } = layers;
  if (layout.kind === 'wlan') return wlanAddress(address, asked.direction, layers);
  const { addresses } = layout;
  if (addresses === undefined) throw new FilterProblem(`${layout.name} has no Ethernet addresses`, id);
  return ends(asked, (isSource) =>
    octetsEqual(header.at + (isSource ? addresses.source : addresses.destination), header.index, address),
  );
}

function arcnetAddress(asked: Asked): Condition {
  const { id, type, protocol, layers } = asked;
  if (protocol !== 'link' || (type !== null && type !== 'host'))
    throw new FilterProblem('an ARCNET address needs link before it', id);
  if (!layers.layout.name.startsWith('ARCNET'))
    throw new FilterProblem(`${layers.layout.name} has no ARCNET addresses`, id);
  const value = Number.parseInt(id.text.slice(1), 16);
  return ends(asked, (isSource) => test(layers.headerOctets(1, isSource ? 0 : 1), 'equal', value));
}

function named(asked: Asked): Condition {
  const { id, type, protocol } = asked;
  switch (type) {
    case 'port': {
      const wanted = transportOf(asked);
      const known = service(id.text);
      if (known === null)
        throw new FilterProblem(
          `"${id.text}" is no service that lastack knows${serviceRemedy(id.text) || ": give the port's number"}`,
          id,
        );
      return ports(asked, agreed(wanted, known.transport, id), known.port, known.port);
    }
    case 'portrange':
      return portRange(asked);
    case 'proto':
    case 'protochain': {
      const number = namedProtocol(asked);
      return type === 'proto' ? protocolNumber(asked, number) : chain(asked, number);
    }
    case 'gateway':
      throw new FilterProblem('gateway needs names of hosts, which lastack does not look up', id);
    default: {
      const what = type === 'net' ? 'networks' : protocol === 'link' ? 'Ethernet addresses' : 'hosts';
      throw new FilterProblem(`names of ${what} are not looked up: give the address of "${id.text}"`, id);
    }
  }
}

/** `80-90`, `ssh-http`, `ftp-data-ssh`. */
function portRange(asked: Asked): Condition {
  const { id } = asked;
  const wanted = transportOf(asked);
  for (let dash = id.text.indexOf('-'); dash >= 0; dash = id.text.indexOf('-', dash + 1)) {
    const first = portOf(id.text.slice(0, dash));
    const last = portOf(id.text.slice(dash + 1));
    if (first === null || last === null) continue;
    let transport = first.transport;
    if (transport !== last.transport) transport = null;
    return ports(asked, agreed(wanted, transport, id), portNumber(first.port, id), portNumber(last.port, id));
  }
  throw new FilterProblem(`"${id.text}" is no range of ports like 6000-6008`, id);
}

function portOf(text: string): { readonly port: number; readonly transport: Transport | null } | null {
  return /^\d+$/.test(text) ? { port: Number(text), transport: null } : service(text);
}

type Transport = 'tcp' | 'udp' | 'sctp';

function transportOf({ protocol, id, type }: Asked): Transport | null {
  if (protocol === null || protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp') return protocol;
  throw new FilterProblem(`"${protocol}" has no ${type}s: tcp, udp and sctp have`, id);
}

function agreed(wanted: Transport | null, known: Transport | null, id: Token): Transport | null {
  if (wanted !== null && known !== null && wanted !== known)
    throw new FilterProblem(`"${id.text}" is a service of ${known}, not of ${wanted}`, id);
  return wanted ?? known;
}

function portNumber(port: number, id: Token): number {
  if (port >>> 0 > 65_535) throw new FilterProblem(`a port is at most 65535`, id);
  return port;
}

/** Ports `first` to `last` over IPv6, then over IPv4 where it is no later fragment. */
function ports(asked: Asked, transport: Transport | null, first: number, last: number): Condition {
  const { layers, id } = asked;
  const numbers = transport === null ? ALL_TRANSPORTS : [IP_PROTOCOLS.get(transport)!];
  const [low, high] = first <= last ? [first, last] : [last, first];
  const isRange = asked.type === 'portrange';
  const at = (octets: (at: number) => Value): Condition =>
    ends(asked, (isSource) => {
      const port = octets(isSource ? 0 : 2);
      if (!isRange) return test(port, 'equal', first);
      return both(test(port, 'at least', low), not(test(port, 'greater', high)));
    });
  const over = (transports: (number: number) => Condition): Condition =>
    numbers.map(transports).reduceRight((rest, one) => either(one, rest));
  const ip6 = both(
    holds(ETHERTYPE.ip6, layers, id),
    over((number) =>
      both(
        test(layers.networkOctets(1, 6), 'equal', number),
        at((offset) => layers.networkOctets(2, 40 + offset)),
      ),
    ),
  );
  const ip4 = both(
    holds(ETHERTYPE.ip, layers, id),
    over((number) =>
      both(
        both(test(layers.networkOctets(1, 9), 'equal', number), isFirstFragment(layers)),
        at((offset) => layers.transport4(2, offset)),
      ),
    ),
  );
  return either(ip6, ip4);
}

/** SCTP, TCP, UDP: libpcap's order. */
const ALL_TRANSPORTS = [132, 6, 17];

function namedProtocol({ id, protocol }: Asked): number {
  const table =
    protocol === null || protocol === 'ip' || protocol === 'ip6'
      ? IP_PROTOCOLS
      : protocol === 'iso'
        ? ISO_PROTOCOLS
        : protocol === 'link'
          ? ETHER_PROTOCOLS
          : null;
  if (table === null) throw new FilterProblem(`"${protocol} proto" means nothing`, id);
  const number = table.get(id.text) ?? (table === IP_PROTOCOLS ? table.get(id.text.toLowerCase()) : undefined);
  if (number === undefined)
    throw new FilterProblem(`"${id.text}" is no protocol that lastack knows: give its number`, id);
  return number;
}

function protocolNumber({ protocol, direction, layers, id }: Asked, number: number): Condition {
  if (direction !== null) throw new FilterProblem('a protocol has no direction', id);
  switch (protocol) {
    case null:
      return inIp(number, layers, id);
    case 'ip':
      return inVersion(4, number, layers, id);
    case 'ip6':
      return inVersion(6, number, layers, id);
    case 'link':
      return holds(number, layers, id);
    case 'iso':
      return inIso(number, layers, id);
    case 'isis':
      return inIsis(number, layers, id);
    default:
      throw new FilterProblem(`"${protocol} proto" means nothing`, id);
  }
}

/** A protocol anywhere in the chain of headers. */
function chain(asked: Asked, number: number): Condition {
  const { protocol, layers, id } = asked;
  if (layers.payload.index !== null)
    throw new FilterProblem(`protochain does not work with ${layers.layout.name}, whose headers vary in length`, id);
  const at = layers.payload.at + layers.network;
  const over = (version: 4 | 6): Condition =>
    both(holds(version === 4 ? ETHERTYPE.ip : ETHERTYPE.ip6, layers, id), {
      kind: 'chain',
      version,
      at,
      protocol: number,
    });
  switch (protocol) {
    case null:
      return either(over(4), over(6));
    case 'ip':
      return over(4);
    case 'ip6':
      return over(6);
    default:
      throw new FilterProblem(`"${protocol} protochain" means nothing`, id);
  }
}

/** The condition on source, destination, either or both, source first. */
function ends({ direction, id }: Asked, end: (isSource: boolean) => Condition): Condition {
  switch (direction) {
    case 'src':
      return end(true);
    case 'dst':
      return end(false);
    case 'src and dst':
      return both(end(true), end(false));
    case null:
    case 'src or dst':
      return either(end(true), end(false));
    default:
      throw new FilterProblem(`${direction satisfies Direction} is for addresses of 802.11 only`, id);
  }
}
