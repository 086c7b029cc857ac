import type { Random } from '../random.ts';

/** Values that occur in a capture, so that expressions made of them select something. */
export interface Seen {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly mac: readonly string[];
  readonly ports: readonly number[];
  readonly vlans: readonly number[];
  readonly lengths: readonly number[];
  /** Octets of some packets. */
  readonly packets: readonly Uint8Array[];
}

/** An expression from the grammar of pcap-filter: any that it allows, some of which mean nothing on some link types. */
export function expression(random: Random, seen: Seen, depth = 3): string {
  return new Grammar(random, seen).expression(depth);
}

class Grammar {
  private readonly random: Random;
  private readonly seen: Seen;

  constructor(random: Random, seen: Seen) {
    this.random = random;
    this.seen = seen;
  }

  expression(depth: number): string {
    const { random } = this;
    if (depth === 0 || random.chance(0.3)) return this.term(depth);
    let text = this.term(depth - 1);
    for (let i = random.between(1, 2); i > 0; i--) {
      const second = random.chance(0.12) ? this.identifiers() : this.term(depth - 1);
      text += ` ${this.pick(['and', 'or', 'and', 'or', '&&', '||'])} ${second}`;
    }
    return text;
  }

  private term(depth: number): string {
    const { random } = this;
    if (random.chance(0.12)) return `${this.pick(['not ', '!', '! '])}${this.term(depth)}`;
    if (depth > 0 && random.chance(0.2)) return `(${this.expression(depth - 1)})`;
    return this.pick<() => string>([
      () => this.address(),
      () => this.address(),
      () => this.address(),
      () => this.port(),
      () => this.port(),
      () => this.protocol(),
      () => this.protocol(),
      () => this.protocolNumber(),
      () => this.comparison(),
      () => this.comparison(),
      () => this.comparison(),
      () => this.octetsSeen(),
      () => this.ethernet(),
      () => this.special(),
    ])();
  }

  private address(): string {
    const { random } = this;
    const direction = this.direction();
    const protocol = random.chance(0.25) ? this.pick(['ip ', 'arp ', 'rarp ', 'ip6 ', 'tcp ']) : '';
    if (random.chance(0.25)) {
      const address = this.pick(this.seen.ipv6.length > 0 ? this.seen.ipv6 : ['::1', 'fe80::1', '2001:db8::2']);
      return `${protocol === 'ip ' ? '' : protocol}${direction}${this.pick(['host ', '', 'net ']) || (direction === '' ? 'host ' : '')}${address}`;
    }
    const address = this.ipv4();
    switch (random.below(6)) {
      case 0: {
        const octets = address.split('.');
        const kept = random.between(1, 3);
        return `${protocol}${direction}net ${octets.slice(0, kept).join('.')}`;
      }
      case 1: {
        const length = random.between(0, 33);
        return `${protocol}${direction}net ${random.chance(0.9) ? cleared(address, length) : address}/${length}`;
      }
      case 2:
        return `${direction}net ${cleared(address, 16)} mask 255.255.0.0`;
      default:
        return `${protocol}${direction}${direction === '' || random.chance(0.4) ? 'host ' : ''}${address}`;
    }
  }

  private port(): string {
    const { random } = this;
    const protocol = this.pick(['', '', 'tcp ', 'udp ', 'sctp ', random.chance(0.1) ? 'ip ' : '']);
    const first = this.portNumber();
    if (random.chance(0.2)) return `${protocol}${this.direction()}portrange ${first}-${this.portNumber()}`;
    const name = this.pick(['http', 'domain', 'ssh', 'https', 'smtp', 'ntp', 'nosuchservice']);
    return `${protocol}${this.direction()}port ${random.chance(0.15) ? name : first}`;
  }

  private identifiers(): string {
    const { random } = this;
    const one = (): string =>
      `${random.chance(0.15) ? 'not ' : ''}${random.chance(0.5) ? this.portNumber() : this.ipv4()}`;
    return random.chance(0.3) ? `(${one()} or ${one()})` : one();
  }

  private protocol(): string {
    return this.pick(
      (
        'ip ip6 arp rarp tcp udp icmp icmp6 igmp sctp ip ip6 tcp udp ah esp pim vrrp igrp carp stp ipx netbeui atalk aarp ' +
        'decnet lat moprc mopdl iso isis esis csnp'
      ).split(' '),
    );
  }

  private protocolNumber(): string {
    const { random } = this;
    const number = this.pick([6, 17, 1, 58, 2, 47, 50, random.below(256), random.below(300)]);
    switch (random.below(6)) {
      case 0:
        return `proto ${number}`;
      case 1:
        return `ip proto ${random.chance(0.3) ? '\\tcp' : number}`;
      case 2:
        return `ip6 proto ${random.chance(0.3) ? '\\udp' : number}`;
      case 3:
        return `ether proto ${this.pick(['0x800', '0x86dd', '\\ip', '\\arp', '2054', '0x8100', '\\ip6', '\\stp', '66', '\\ipx'])}`;
      case 4:
        return `${this.pick(['ip ', 'ip6 ', ''])}protochain ${number}`;
      default:
        return `${this.pick(['iso', 'isis', 'tcp', 'arp'])} proto ${number}`;
    }
  }

  private ethernet(): string {
    const { random } = this;
    if (random.chance(0.3))
      return this.pick([
        'broadcast',
        'multicast',
        'ether broadcast',
        'ether multicast',
        'ip multicast',
        'ip6 multicast',
        'ip broadcast',
      ]);
    const address = this.pick(this.seen.mac.length > 0 ? this.seen.mac : ['ff:ff:ff:ff:ff:ff']);
    const direction = this.pick(['host ', 'src ', 'dst ', 'src host ', 'dst host ', 'src or dst ', 'addr1 ', 'ta ']);
    return `${this.pick(['ether ', 'ether ', 'wlan '])}${direction}${random.chance(0.2) ? address.replaceAll(':', '-') : address}`;
  }

  private special(): string {
    const { random, seen } = this;
    const vlan = this.pick(seen.vlans.length > 0 ? seen.vlans : [10]);
    const length = this.pick(seen.lengths);
    return this.pick([
      'vlan',
      `vlan ${vlan}`,
      `vlan ${random.below(4200)}`,
      'mpls',
      `mpls ${random.below(200)}`,
      'pppoes',
      'pppoed',
      `pppoes ${random.below(70_000)}`,
      `less ${length}`,
      `greater ${length}`,
      `byte ${random.below(40)} ${this.pick(['=', '<', '>'])} ${random.below(256)}`,
      'inbound',
      'outbound',
      'llc',
      `type ${this.pick(['mgt', 'ctl', 'data'])}`,
      `subtype ${this.pick(['beacon', 'ack', 'qos-data', 'probe-req'])}`,
      'dir tods',
    ]);
  }

  private comparison(): string {
    const { random } = this;
    const flags = this.pick([
      'tcp-syn',
      'tcp-fin',
      'tcp-ack',
      'tcp-rst',
      'tcp-push',
      'tcp-syn|tcp-fin',
      'tcp-syn|tcp-ack',
      '0x3f',
    ]);
    switch (random.below(6)) {
      case 0:
        return `tcp[tcpflags] & (${flags}) ${this.pick(['!=', '=', '=='])} ${this.pick(['0', flags])}`;
      case 1:
        return `${this.octets()} ${this.relation()} ${random.below(300)}`;
      case 2:
        return `${this.arithmetic(2)} ${this.relation()} ${random.below(2000)}`;
      case 3:
        return `len ${this.relation()} ${this.pick(this.seen.lengths)}`;
      default:
        return `${this.arithmetic(2)} ${this.relation()} ${this.arithmetic(2)}`;
    }
  }

  private relation(): string {
    return this.pick(['=', '==', '!=', '>', '<', '>=', '<=']);
  }

  private octets(): string {
    const { random } = this;
    const protocol = this.pick(
      'ip ip ip tcp tcp tcp udp icmp ether ether ip6 arp link sctp igmp icmp6 vrrp radio esp'.split(' '),
    );
    const index = random.chance(0.08) ? this.arithmetic(1) : random.chance(0.9) ? random.below(30) : random.below(1500);
    return `${protocol}[${index}${this.pick(['', '', ':1', ':2', ':4', random.chance(0.05) ? ':3' : ':2'])}]`;
  }

  private arithmetic(depth: number): string {
    const { random } = this;
    if (depth === 0 || random.chance(0.35)) {
      const number = this.pick([
        String(random.below(300)),
        `0x${random.below(65_536).toString(16)}`,
        '0',
        '1',
        `0${random.below(64).toString(8)}`,
      ]);
      return random.chance(0.55) ? this.octets() : random.chance(0.1) ? 'len' : number;
    }
    if (random.chance(0.07)) return `-${this.arithmetic(depth - 1)}`;
    if (random.chance(0.15)) return `(${this.arithmetic(depth - 1)})`;
    const operator = this.pick(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>', '&', '+']);
    const right = operator.length === 2 ? random.below(34) : this.arithmetic(depth - 1);
    return `${this.arithmetic(depth - 1)} ${operator} ${right}`;
  }

  /** Octets of the link layer as some packet has them. */
  private octetsSeen(): string {
    const { random } = this;
    const packet = this.pick(this.seen.packets);
    const size = this.pick([1, 2, 4]);
    if (packet.length < size) return `ether[0] = 1`;
    const at = random.below(Math.min(packet.length - size + 1, 90));
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + packet[at + i]!;
    return `${this.pick(['ether', 'link'])}[${at}:${size}] ${this.pick(['=', '!=', '>', '<='])} ${value}`;
  }

  private direction(): string {
    return this.pick(['', '', '', 'src ', 'dst ', 'src or dst ', 'src and dst ', 'dst or src ']);
  }

  private ipv4(): string {
    return this.pick(this.seen.ipv4.length > 0 ? this.seen.ipv4 : ['10.0.0.1', '192.168.1.1']);
  }

  private portNumber(): number {
    const { random, seen } = this;
    return seen.ports.length > 0 && random.chance(0.7)
      ? this.pick(seen.ports)
      : this.pick([80, 443, 53, 22, random.below(70_000)]);
  }

  private pick<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.random.below(choices.length)]!;
  }
}

/** The address with the bits past a prefix cleared. */
function cleared(address: string, length: number): string {
  const octets = address.split('.').map(Number);
  return octets.map((octet, i) => octet & (0xff00 >> Math.max(0, Math.min(8, length - 8 * i))) & 0xff).join('.');
}

/** Expressions from tcpdump's and pcap-filter's manuals, and what people type. */
export const FAMILIAR: readonly string[] = String.raw`
host sundown
host helios and \( hot or ace \)
ip host ace and not helios
host 10.0.0.1
src host 10.0.0.1
dst host 10.0.0.1
src or dst host 10.0.0.1
host 10.0.0.1 and (10.0.0.2 or 10.0.0.3)
ip host 10.0.0.1 and not 10.0.0.2
net 10
net 10.0
src net 192.168.0.0/16
dst net 172.16
net 192.168.1.0 mask 255.255.255.0
not net 127
gateway snup and (port ftp or ftp-data)
port 80
port http
tcp port 80
udp port 53
port 80 or 443
tcp port 80 or 443 or 8080
src port 80
dst port 443
tcp dst port 80
port not 22
portrange 6000-6008
tcp portrange 1-1023
tcp port 21, 25
tcp port (21 or 25 or 53)
tcp
udp
icmp
arp
ip
ip6
icmp6
not arp
not arp and not icmp
tcp or udp
ip proto \tcp
ip proto 17
ip proto tcp
ip6 proto 6
proto \icmp
ether proto \ip
ether proto 0x0806
ether proto \arp
ether host 00:11:22:33:44:55
ether src 00:11:22:33:44:55
ether dst ff:ff:ff:ff:ff:ff
broadcast
ether broadcast
multicast
ip multicast
ip6 multicast
ip broadcast
ether multicast
less 64
greater 1000
len > 100
len <= 60
vlan
vlan 100
vlan 300
vlan and ip
vlan and host 10.0.0.1
(vlan 10 and tcp) or tcp
ip or (vlan and ip)
vlan && vlan 300 && ip
vlan 100 && vlan 200
mpls
mpls 1024
mpls 100000 && mpls 1024
pppoes
pppoes 0x27 and ip
pppoes && ip
pppoed
tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not src and dst net 127
tcp[tcpflags] & (tcp-syn|tcp-fin) != 0
tcp[tcpflags] == tcp-syn
tcp[tcpflags] & (tcp-rst|tcp-ack) == (tcp-rst|tcp-ack)
tcp[tcpflags] & (tcp-syn|tcp-ack) == (tcp-syn|tcp-ack)
tcp[13] & 2 != 0
tcp[13] = 18
tcp[13] == 2
tcp[13] & 4 != 0
tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)
gateway snup and ip[2:2] > 576
ip[2:2] > 576
ether[0] & 1 = 0 and ip[16] >= 224
ether[0] & 1 = 1
icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply
icmp[icmptype] = icmp-unreach
icmp[0] = 8
icmp6[icmp6type] = icmp6-echo
icmp6[icmp6type] == icmp6-neighborsolicit
ip[0] & 0xf != 5
ip[6:2] & 0x1fff = 0
ip[6:2] & 0x1fff != 0
ip[8] < 5
ip[8] = 64
ip6[6] = 6
ip6[7] <= 64
ip host 10.0.0.1 and tcp and not port 22
src 10.0.0.1 and dst port 443
(src net 10 or src net 192.168) and tcp
not (src net 10 or dst net 10)
tcp and (port 80 or port 443) and not host 10.0.0.1
udp and not port 53
udp[8:2] & 0x8000 = 0
udp[4:2] > 512
tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420
tcp[((tcp[12] & 0xf0) >> 2):4] = 0x48545450
tcp[2:2] = 443
tcp[0:2] > 1024 and tcp[2:2] < 1024
tcp[14:2] = 0
tcp[tcpflags] & tcp-rst != 0
tcp[tcpflags] & tcp-push != 0 and len > 200
host fe80::1
net fe80::/10
net 2001:db8::/32
ip6 host ::1
src host ::1 and tcp
arp[6:2] = 1
arp[7] = 2
arp host 10.0.0.1
rarp
stp
ether proto 0x88cc
ip6 protochain 6
ip protochain 17
ip and ip6
tcp and udp
inbound
outbound
1.2.3.4
tcp port
host 10.0.0.1 and
(tcp
tcp)
port 70000
tcp[100000] = 1
ip[2:3] = 1
ip proto \nosuch
vlan 5000
len
`
  .split('\n')
  .map((line) => line.replaceAll('\\(', '(').replaceAll('\\)', ')').trim())
  .filter((line) => line !== '');
