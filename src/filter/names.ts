/** Names of offsets and values that stand for numbers wherever a number may (pcap-filter(7)). */
export const CONSTANTS: ReadonlyMap<string, number> = numbers(
  `tcpflags 13  tcp-fin 1  tcp-syn 2  tcp-rst 4  tcp-push 8  tcp-ack 16  tcp-urg 32  tcp-ece 64  tcp-cwr 128
   icmptype 0  icmpcode 1  icmp-echoreply 0  icmp-unreach 3  icmp-sourcequench 4  icmp-redirect 5  icmp-echo 8
   icmp-routeradvert 9  icmp-routersolicit 10  icmp-timxceed 11  icmp-paramprob 12  icmp-tstamp 13  icmp-tstampreply 14
   icmp-ireq 15  icmp-ireqreply 16  icmp-maskreq 17  icmp-maskreply 18  icmp6type 0  icmp6code 1
   icmp6-destinationunreach 1  icmp6-packettoobig 2  icmp6-timeexceeded 3  icmp6-parameterproblem 4  icmp6-echo 128
   icmp6-echoreply 129  icmp6-multicastlistenerquery 130  icmp6-multicastlistenerreportv1 131
   icmp6-multicastlistenerdone 132  icmp6-routersolicit 133  icmp6-routeradvert 134  icmp6-neighborsolicit 135
   icmp6-neighboradvert 136  icmp6-redirect 137  icmp6-routerrenum 138  icmp6-nodeinformationquery 139
   icmp6-nodeinformationresponse 140  icmp6-ineighbordiscoverysolicit 141  icmp6-ineighbordiscoveryadvert 142
   icmp6-multicastlistenerreportv2 143  icmp6-homeagentdiscoveryrequest 144  icmp6-homeagentdiscoveryreply 145
   icmp6-mobileprefixsolicit 146  icmp6-mobileprefixadvert 147  icmp6-certpathsolicit 148  icmp6-certpathadvert 149
   icmp6-multicastrouteradvert 151  icmp6-multicastroutersolicit 152  icmp6-multicastrouterterm 153`,
);

/** IP protocols by the names of /etc/protocols; in capitals they are known, too. */
export const IP_PROTOCOLS: ReadonlyMap<string, number> = numbers(
  `ip 0  hopopt 0  icmp 1  igmp 2  ggp 3  ipencap 4  st 5  tcp 6  egp 8  igp 9  pup 12  udp 17  hmp 20  xns-idp 22
   rdp 27  iso-tp4 29  dccp 33  xtp 36  ddp 37  idpr-cmtp 38  ipv6 41  ipv6-route 43  ipv6-frag 44  idrp 45  rsvp 46
   gre 47  esp 50  ah 51  skip 57  ipv6-icmp 58  ipv6-nonxt 59  ipv6-opts 60  rspf 73  vmtp 81  eigrp 88  ospf 89
   ax.25 93  ipip 94  etherip 97  encap 98  pim 103  ipcomp 108  vrrp 112  l2tp 115  isis 124  sctp 132  fc 133
   mobility-header 135  udplite 136  mpls-in-ip 137  manet 138  hip 139  shim6 140  wesp 141  rohc 142  ethernet 143`,
);

/** What `ether proto \NAME` means: EtherTypes, and service access points of 802.2. */
export const ETHER_PROTOCOLS: ReadonlyMap<string, number> = numbers(
  `aarp ${0x80f3}  arp ${0x0806}  atalk ${0x809b}  decnet ${0x6003}  ip ${0x0800}  ip6 ${0x86dd}  lat ${0x6004}
   loopback ${0x9000}  mopdl ${0x6001}  moprc ${0x6002}  rarp ${0x8035}  sca ${0x6007}
   iso ${0xfe}  stp ${0x42}  ipx ${0xe0}  netbeui ${0xf0}`,
);

/** What `iso proto \NAME` means. */
export const ISO_PROTOCOLS: ReadonlyMap<string, number> = numbers('clnp 129  esis 130  isis 131');

/**
 * Well-known services by the transports that they are registered for with Debian's /etc/services, which says what tcpdump
 * takes `port NAME` to mean. A table of our own, so that an expression means the same wherever it is read.
 */
const TCP_SERVICES: ReadonlyMap<string, number> = numbers(
  `tcpmux 1  systat 11  netstat 15  qotd 17  ftp-data 20  ftp 21  ssh 22  telnet 23  smtp 25  mail 25  whois 43
   gopher 70  finger 79  http 80  www 80  pop3 110  auth 113  ident 113  nntp 119  epmap 135  netbios-ssn 139  imap2 143
   imap 143  bgp 179  microsoft-ds 445  submissions 465  exec 512  login 513  shell 514  printer 515  spooler 515
   uucp 540  klogin 543  kshell 544  submission 587  ipp 631  rsync 873  ftps-data 989  ftps 990  telnets 992  imaps 993
   pop3s 995  socks 1080  ms-sql-s 1433  cvspserver 2401  dict 2628  gsiftp 2811  iscsi-target 3260  mysql 3306  svn 3690
   sieve 4190  xmpp-client 5222  xmpp-server 5269  postgresql 5432  amqps 5671  x11 6000  redis 6379  http-alt 8080
   webcache 8080  bacula-dir 9101  git 9418  zabbix-agent 10050  zabbix-trapper 10051`,
);
const UDP_SERVICES: ReadonlyMap<string, number> = numbers(
  `bootps 67  bootpc 68  tftp 69  ntp 123  netbios-ns 137  netbios-dgm 138  isakmp 500  biff 512  whod 513  who 513
   talk 517  ntalk 518  route 520  ms-sql-m 1434  l2f 1701  mdns 5353`,
);
const SERVICES: ReadonlyMap<string, number> = numbers(
  `echo 7  discard 9  daytime 13  chargen 19  time 37  tacacs 49  domain 53  kerberos 88  sunrpc 111  portmapper 111
   snmp 161  snmp-trap 162  snmptrap 162  ldap 389  https 443  kpasswd 464  syslog 514  rtsp 554  ldaps 636  domain-s 853
   openvpn 1194  radius 1812  radius-acct 1813  nfs 2049  nut 3493  sip 5060  sip-tls 5061`,
);

/** A service's port, and the one transport that it is known with; null for several. */
export interface Service {
  readonly port: number;
  readonly transport: 'tcp' | 'udp' | null;
}

export function service(name: string): Service | null {
  const tcp = TCP_SERVICES.get(name);
  if (tcp !== undefined) return { port: tcp, transport: 'tcp' };
  const udp = UDP_SERVICES.get(name);
  if (udp !== undefined) return { port: udp, transport: 'udp' };
  const port = SERVICES.get(name);
  return port === undefined ? null : { port, transport: null };
}

/** Every name that `service` knows. */
export function serviceNames(): readonly string[] {
  return [TCP_SERVICES, UDP_SERVICES, SERVICES].flatMap((table) => [...table.keys()]);
}

/** A table from `name number name number …`. */
function numbers(text: string): ReadonlyMap<string, number> {
  const words = text.trim().split(/\s+/);
  const table = new Map<string, number>();
  for (let i = 0; i + 1 < words.length; i += 2) table.set(words[i]!, Number(words[i + 1]));
  return table;
}
