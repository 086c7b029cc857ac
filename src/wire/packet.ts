import { ethernet, etherType, llc, mpls } from './ethernet.ts';
import { extensionHeader, fragmentHeader, IP_PROTOCOL, icmp, ip, ipv4, ipv6, routingHeader, tcp } from './ip.ts';
import { link } from './link.ts';
import { WIRE, type WireResult } from './segment.ts';
import { authenticationHeader, gre, ipInIp, udp } from './tunnels.ts';
import { NEXT, type Next, type PacketWalk } from './walk.ts';
import { chdlc, frameRelay, nlpid, ppp, pppProtocol } from './wan.ts';
import { wlan } from './wireless.ts';

/** Headers of one packet, at most. More is an attack or garbage. */
const MAX_HEADERS = 64;

/** Goes from header to header until TCP, or until there is none to be found. */
export function walkPacket(walk: PacketWalk): WireResult {
  let next: Next = NEXT.link;
  for (let i = 0; i < MAX_HEADERS; i++) {
    next = step(walk, next);
    if (next === NEXT.stop) return walk.result;
  }
  walk.unfollowed++;
  return WIRE.other;
}

function step(walk: PacketWalk, next: Next): Next {
  switch (next) {
    case NEXT.stop:
      return next;
    case NEXT.link:
      return link(walk);
    case NEXT.ethernet:
      return ethernet(walk);
    case NEXT.etherType:
      return etherType(walk);
    case NEXT.llc:
      return llc(walk);
    case NEXT.ppp:
      return ppp(walk);
    case NEXT.pppProtocol:
      return pppProtocol(walk);
    case NEXT.ip:
      return ip(walk);
    case NEXT.ipv4:
      return ipv4(walk);
    case NEXT.ipv6:
      return ipv6(walk);
    case NEXT.ipProtocol:
      return ipProtocol(walk);
    case NEXT.mpls:
      return mpls(walk);
    case NEXT.wlan:
      return wlan(walk);
    case NEXT.nlpid:
      return nlpid(walk);
    case NEXT.frameRelay:
      return frameRelay(walk);
    case NEXT.chdlc:
      return chdlc(walk);
  }
}

/** What an IP header's protocol or next header number leads to. */
function ipProtocol(walk: PacketWalk): Next {
  switch (walk.protocol) {
    case IP_PROTOCOL.tcp:
      return tcp(walk);
    case IP_PROTOCOL.icmp:
    case IP_PROTOCOL.icmpv6:
      return icmp(walk);
    case IP_PROTOCOL.hopByHop:
    case IP_PROTOCOL.destination:
    case IP_PROTOCOL.mobility:
    case IP_PROTOCOL.hostIdentity:
    case IP_PROTOCOL.shim6:
      return extensionHeader(walk);
    case IP_PROTOCOL.routing:
      return routingHeader(walk);
    case IP_PROTOCOL.fragment:
      return fragmentHeader(walk);
    case IP_PROTOCOL.authentication:
      return authenticationHeader(walk);
    case IP_PROTOCOL.ipv4:
    case IP_PROTOCOL.ipv6:
      return ipInIp(walk);
    case IP_PROTOCOL.gre:
      return gre(walk);
    case IP_PROTOCOL.udp:
      return udp(walk);
    case IP_PROTOCOL.mplsInIp:
      return NEXT.mpls;
    default:
      return walk.stop(WIRE.other);
  }
}
