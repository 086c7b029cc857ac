import type { ByteWriter } from '../bytes/writer.ts';
import type { SegmentView } from '../wire/segment.ts';
import type { LineAddresses } from './line-address.ts';

/**
 * An ICMP or ICMPv6 error that quotes a TCP segment, as tcpdump prints it after `IP a > b: `.
 *
 * The addresses and the port are those of the quoted segment's destination.
 */
export function writeIcmp(out: ByteWriter, segment: SegmentView, addresses: LineAddresses): void {
  if (segment.outerIpVersion === 6) {
    out.ascii('ICMP6, ');
    if (!writeIcmpv6(out, segment, addresses)) return;
  } else {
    out.ascii('ICMP ');
    writeIcmpv4(out, segment, addresses);
  }
  out.ascii(', length ');
  out.unsigned(icmpLength(segment));
}

/** Octets of the ICMP message by the IP header around it. */
function icmpLength(segment: SegmentView): number {
  const view = segment.view;
  const outer = segment.outerIpAt;
  const end = segment.outerIpVersion === 6 ? outer + 40 + view.getUint16(outer + 4) : outer + view.getUint16(outer + 2);
  return Math.max(end - segment.icmpAt, 0);
}

function writeIcmpv4(out: ByteWriter, segment: SegmentView, addresses: LineAddresses): void {
  const code = segment.icmpCode;
  switch (segment.icmpType) {
    case UNREACHABLE:
      writeUnreachable(out, segment, addresses, code);
      return;
    case SOURCE_QUENCH:
      out.ascii('source quench');
      return;
    case REDIRECT:
      out.ascii(code < REDIRECTS.length ? REDIRECTS[code]! : `redirect-#${code}`);
      out.ascii(' ');
      writeDestination(out, segment, addresses);
      out.ascii(code < REDIRECT_TO.length ? REDIRECT_TO[code]! : ' to ');
      addresses.write(out, segment.bytes, segment.view, 4, segment.icmpAt + 4);
      return;
    case TIME_EXCEEDED:
      if (code === 0) out.ascii('time exceeded in-transit');
      else if (code === 1) out.ascii('ip reassembly time exceeded');
      else out.ascii(`time exceeded-#${code}`);
      return;
    case PARAMETER_PROBLEM:
      if (code === 0) out.ascii(`parameter problem - octet ${segment.bytes[segment.icmpAt + 4]!}`);
      else out.ascii(`parameter problem - code ${code}`);
      return;
    default:
      out.ascii(`type-#${segment.icmpType}`);
  }
}

function writeUnreachable(out: ByteWriter, segment: SegmentView, addresses: LineAddresses, code: number): void {
  const text = UNREACHABLE_TEXT[code];
  if (text !== undefined) out.ascii(text[0]);
  writeDestination(out, segment, addresses);
  if (code === PROTOCOL) out.ascii(' protocol 6 unreachable');
  else if (code === PORT) {
    out.ascii(' tcp port ');
    out.unsigned(segment.destinationPort);
    out.ascii(' unreachable');
  } else if (code === FRAGMENTATION_NEEDED) {
    out.ascii(' unreachable - need to frag');
    const mtu = segment.view.getUint16(segment.icmpAt + 6);
    if (mtu !== 0) out.ascii(` (mtu ${mtu})`);
  } else out.ascii(text === undefined ? ` unreachable - #${code}` : text[1]);
}

function writeDestination(out: ByteWriter, segment: SegmentView, addresses: LineAddresses): void {
  addresses.write(out, segment.bytes, segment.view, segment.ipVersion, segment.destinationAt);
}

/** Answers whether the length follows; tcpdump prints octets in its place where it doesn't know the code. */
function writeIcmpv6(out: ByteWriter, segment: SegmentView, addresses: LineAddresses): boolean {
  const code = segment.icmpCode;
  const pointer = segment.view.getUint32(segment.icmpAt + 4);
  switch (segment.icmpType) {
    case UNREACHABLE_V6:
      return writeUnreachableV6(out, segment, addresses, code);
    case TOO_BIG:
      out.ascii('packet too big, mtu ');
      out.unsigned(pointer);
      return true;
    case TIME_EXCEEDED_V6:
      out.ascii('time exceeded in-transit');
      if (code === 0) {
        out.ascii(' for ');
        writeDestination(out, segment, addresses);
      } else out.ascii(code === 1 ? ' (reassembly)' : `, unknown code (${code})`);
      return true;
    case PARAMETER_PROBLEM_V6:
      out.ascii('parameter problem, ');
      if (code < PROBLEMS_V6.length) {
        out.ascii(PROBLEMS_V6[code]!);
        out.ascii(' - octet ');
        out.unsigned(pointer);
      } else out.ascii(`code-#${code}`);
      return true;
    default:
      out.ascii(`unknown icmp6 type (${segment.icmpType})`);
      return true;
  }
}

function writeUnreachableV6(out: ByteWriter, segment: SegmentView, addresses: LineAddresses, code: number): boolean {
  out.ascii('destination unreachable, ');
  if (code >= UNREACHABLE_V6_TEXT.length) {
    out.ascii(`unknown unreach code (${code})`);
    return false;
  }
  out.ascii(UNREACHABLE_V6_TEXT[code]!);
  writeDestination(out, segment, addresses);
  if (code === BEYOND_SCOPE_V6) {
    out.ascii(', source address ');
    addresses.write(out, segment.bytes, segment.view, segment.ipVersion, segment.sourceAt);
  } else if (code === PORT_V6) {
    out.ascii(' tcp port ');
    out.unsigned(segment.destinationPort);
  }
  return true;
}

/** ICMP types (RFC 792) and codes of "unreachable". */
const UNREACHABLE = 3;
const SOURCE_QUENCH = 4;
const REDIRECT = 5;
const TIME_EXCEEDED = 11;
const PARAMETER_PROBLEM = 12;
const PROTOCOL = 2;
const PORT = 3;
const FRAGMENTATION_NEEDED = 4;

const REDIRECTS: readonly string[] = ['redirect', 'redirect', 'redirect-tos', 'redirect-tos'];
const REDIRECT_TO: readonly string[] = [' to net ', ' to host ', ' to net ', ' to host '];

/** What stands before and after the address, by code (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1). */
const UNREACHABLE_TEXT: readonly (readonly [string, string])[] = [
  ['net ', ' unreachable'],
  ['host ', ' unreachable'],
  ['', ''],
  ['', ''],
  ['', ''],
  ['', ' unreachable - source route failed'],
  ['net ', ' unreachable - unknown'],
  ['host ', ' unreachable - unknown'],
  ['', ' unreachable - source host isolated'],
  ['net ', ' unreachable - admin prohibited'],
  ['host ', ' unreachable - admin prohibited'],
  ['net ', ' unreachable - tos prohibited'],
  ['host ', ' unreachable - tos prohibited'],
  ['host ', ' unreachable - admin prohibited filter'],
  ['host ', ' unreachable - host precedence violation'],
  ['host ', ' unreachable - precedence cutoff'],
];

/** ICMPv6 types and codes (RFC 4443 3). */
const UNREACHABLE_V6 = 1;
const TOO_BIG = 2;
const TIME_EXCEEDED_V6 = 3;
const PARAMETER_PROBLEM_V6 = 4;
const BEYOND_SCOPE_V6 = 2;
const PORT_V6 = 4;

const UNREACHABLE_V6_TEXT: readonly string[] = [
  'unreachable route ',
  ' unreachable prohibited ',
  'beyond scope ',
  'unreachable address ',
  'unreachable port, ',
];
const PROBLEMS_V6: readonly string[] = ['erroneous', 'next header', 'option', 'incomplete header chain'];
