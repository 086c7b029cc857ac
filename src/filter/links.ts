import { masked, number, octets, operation, type Place, type Value } from './condition.ts';

/**
 * How a link type tells what it holds:
 * - `ethernet`: an EtherType or a length before 802.2; `llc`: 802.2; `cooked`: Linux's; `wlan`: 802.11, then 802.2
 * - `hdlc`, `ppp`, `bsd-ppp`, `typed`: a number of 16 bits of its own kind
 * - `raw`: IP, by its version; `only`: always one protocol; `families`: a number for each protocol that it knows
 * - `sunatm`, `juniper`: like `llc`, and not at all beyond a magic number
 * - `untyped`: libpcap can't tell, or lastack does not know
 */
export type LinkKind =
  | 'ethernet'
  | 'llc'
  | 'cooked'
  | 'wlan'
  | 'hdlc'
  | 'ppp'
  | 'bsd-ppp'
  | 'typed'
  | 'raw'
  | 'only'
  | 'families'
  | 'sunatm'
  | 'juniper'
  | 'untyped';

/** Code that runs before a filter, for lengths that vary: of the header before 802.11's, and of that. */
export type Prelude = 'none' | '802.11' | 'radiotap' | 'prism' | 'avs' | 'ppi';

/** Where a link type's headers lie and what is in them. */
export interface LinkLayout {
  readonly name: string;
  readonly kind: LinkKind;
  readonly prelude: Prelude;
  readonly header: Place;
  readonly type: Place | null;
  readonly payload: Place;
  /** Octets of 802.2 and SNAP before the network layer; and of 802.2 alone. */
  readonly network: number;
  readonly noSnap: number;
  /** `kind` only: an EtherType. */
  readonly only?: number;
  /** `kind` families: where the number is, and which numbers mean an EtherType. */
  readonly familyAt: number;
  readonly familySize: number;
  readonly families?: ReadonlyMap<number, readonly number[]>;
  /** PPP has a number for MPLS. */
  readonly mpls?: boolean;
  /** Where the addresses of Ethernet's shape lie. */
  readonly addresses?: { readonly destination: number; readonly source: number };
  /** How `inbound` and `outbound` are told: octets at a place, and their value then; without it, the other is not so. */
  readonly direction?: {
    readonly size: number;
    readonly at: number;
    readonly mask?: number;
    readonly outbound?: number;
    readonly inbound?: number;
  };
}

/** Puts a layout together; absent parts are those of a link type that has nothing before the network layer. */
function layout(
  name: string,
  kind: LinkKind,
  typeAt: number | null,
  payloadAt: number,
  network = 0,
  noSnap = 0,
  rest: Partial<LinkLayout> = {},
): LinkLayout {
  const header = { at: 0, index: null };
  const type = typeAt === null ? null : { at: typeAt, index: null };
  const payload = { at: payloadAt, index: null };
  return { name, kind, prelude: 'none', header, type, payload, network, noSnap, familyAt: 0, familySize: 1, ...rest };
}

/** 802.11 behind a header whose length slot 0 holds, or none; slot 1 is where its payload begins. */
function wlan(name: string, prelude: Prelude): LinkLayout {
  const header = { at: 0, index: prelude === '802.11' ? null : SLOTS[0] };
  return layout(name, 'wlan', null, 0, 8, 3, { prelude, header, payload: { at: 0, index: SLOTS[1] } });
}

const SLOTS: readonly [Value, Value] = [
  { kind: 'slot', slot: 0 },
  { kind: 'slot', slot: 1 },
];
const JUNIPER_DIRECTION = { size: 1, at: 3, mask: 1, outbound: 0, inbound: 1 };
const ETHERNET_ADDRESSES = { destination: 0, source: 6 };
const IP = 0x0800;
const IP6 = 0x86dd;

/** BSD's address families in four octets, of the capturing host's order or the network's. */
function loopback(name: string, payloadAt: number, swapped: boolean): LinkLayout {
  const family = (value: number): number => (swapped ? value << 24 : value);
  return layout(name, 'families', 0, payloadAt, 0, 0, {
    familySize: 4,
    families: new Map([
      [IP, [family(2)]],
      [IP6, [family(24), family(28), family(30)]],
    ]),
  });
}

/**
 * Juniper's: the name, and octets to the payload, to the network layer and to OSI's. libpcap knows nothing of the shape of
 * those with -1, and reads two octets before where it says.
 */
// biome-ignore format: a table is read by its columns
const JUNIPER: readonly (readonly [number, LinkLayout])[] = ([
  [130, 'MLPPP', 4, 0, -1], [131, 'MLFR', 4, 0, -1], [132, 'ES', -1, -1, -1], [133, 'GGSN', 12, 0, -1],
  [134, 'MFR', 4, 0, -1], [135, 'ATM2', 8, 0, 10], [136, 'services', -1, -1, -1], [137, 'ATM1', 4, 0, 10],
  [164, 'monitor', 12, 0, -1], [167, 'PPPoE', 14, 18, 21], [168, 'PPPoE over ATM', 6, 0, -1],
  [178, 'Ethernet', 14, 18, 21], [179, 'PPP', 4, 0, -1], [180, 'Frame Relay', 4, 0, -1], [181, 'C-HDLC', 4, 0, -1],
  [183, 'VP', -1, -1, -1], [194, 'ISM', -1, -1, -1], [232, 'VS', -1, -1, -1], [233, 'SRX E2E', -1, -1, -1],
  [234, 'Fibre Channel', -1, -1, -1], [238, 'ATM CEMIC', -1, -1, -1],
] as const).map(([linkType, name, payloadAt, network, noSnap]) => [
  linkType,
  layout(`Juniper ${name}`, 'juniper', null, payloadAt, network, noSnap, { direction: JUNIPER_DIRECTION }),
]);

/** IPv6 counts as one more family where three values mean it: the order is libpcap's. */
const LAYOUTS: ReadonlyMap<number, LinkLayout> = new Map<number, LinkLayout>([
  [1, layout('Ethernet', 'ethernet', 12, 14, 0, 3, { addresses: ETHERNET_ADDRESSES })],
  [6, layout('Token Ring', 'llc', 14, 14, 8, 3, { addresses: { destination: 2, source: 8 } })],
  [7, arcnet('ARCNET (BSD)', 2, 6)],
  [8, layout('SLIP', 'raw', null, 16, 0, 0, { direction: { size: 1, at: 0, inbound: 0 } })],
  [9, layout('PPP', 'ppp', 2, 4, 0, 0, { mpls: true })],
  [10, layout('FDDI', 'llc', 13, 13, 8, 3, { addresses: { destination: 1, source: 7 } })],
  [11, layout('ATM (RFC 1483)', 'llc', 0, 0, 8, 3)],
  [12, layout('raw IP', 'raw', null, 0)],
  [15, layout('SLIP (BSD/OS)', 'raw', null, 24)],
  [16, layout('PPP (BSD/OS)', 'bsd-ppp', 5, 24)],
  [19, layout('classical IP over ATM', 'llc', 0, 0, 8, 3)],
  [50, layout('PPP in HDLC-like framing', 'ppp', 2, 4)],
  [51, layout('PPPoE', 'ppp', 6, 8)],
  [99, layout('Symantec firewall', 'typed', 6, 44)],
  [100, layout('ATM (RFC 1483)', 'llc', 0, 0, 8, 3)],
  [101, layout('raw IP', 'raw', null, 0)],
  [102, layout('SLIP (BSD/OS)', 'raw', null, 24)],
  [103, layout('PPP (BSD/OS)', 'bsd-ppp', 5, 24)],
  [104, layout('Cisco HDLC', 'hdlc', 2, 4)],
  [105, wlan('802.11', '802.11')],
  [106, layout('classical IP over ATM', 'llc', 0, 0, 8, 3)],
  [
    107,
    layout('Frame Relay', 'families', null, 0, 0, 0, {
      familyAt: 2,
      familySize: 2,
      families: new Map([
        [IP, [0x03cc]],
        [IP6, [0x038e]],
        [0xfe, [0x0381, 0x0382, 0x0383]],
      ]),
    }),
  ],
  [108, loopback('OpenBSD loopback', 4, false)],
  [113, layout('Linux cooked', 'cooked', 14, 16, 0, 0, { direction: { size: 2, at: 0, outbound: 4 } })],
  [114, layout('LocalTalk', 'only', null, 0, 0, 0, { only: 0x809b })],
  [
    117,
    layout('pflog', 'families', null, 0, 0, 0, {
      payload: { at: 0, index: masked(operation(octets(1, 0, null), '+', number(3)), 0xfffffffc) },
      familyAt: 1,
      families: new Map([
        [IP, [2]],
        [IP6, [10]],
      ]),
      direction: { size: 1, at: 60, outbound: 2, inbound: 1 },
    }),
  ],
  [119, wlan('802.11 with Prism headers', 'prism')],
  [122, layout('IP over Fibre Channel', 'llc', 16, 16, 8, 3, { addresses: { destination: 2, source: 10 } })],
  [123, layout('Sun raw ATM', 'sunatm', 4, 4, 8, 3)],
  [127, wlan('802.11 with radiotap', 'radiotap')],
  [129, arcnet('ARCNET (Linux)', 4, 8)],
  ...JUNIPER,
  [138, layout('IP over IEEE 1394 (Apple)', 'typed', 16, 18)],
  [163, wlan('802.11 with AVS headers', 'avs')],
  [166, layout('PPP with direction', 'ppp', 2, 4, 0, 0, { direction: { size: 1, at: 0, outbound: 1, inbound: 0 } })],
  [192, wlan('802.11 with PPI', 'ppi')],
  [
    226,
    layout('Solaris IPNET', 'families', null, 24, 0, -1, {
      familyAt: 1,
      families: new Map([
        [IP, [2]],
        [IP6, [26]],
      ]),
      direction: { size: 2, at: 2, outbound: 1, inbound: 2 },
    }),
  ],
  [228, layout('IPv4', 'only', null, 0, 0, 0, { only: IP })],
  [229, layout('IPv6', 'only', null, 0, 0, 0, { only: IP6 })],
  [276, layout('Linux cooked, version 2', 'cooked', 0, 20, 0, 0, { direction: { size: 1, at: 10, outbound: 4 } })],
]);
const NULL_LAYOUTS = [loopback('BSD loopback', 4, true), loopback('BSD loopback', 4, false)] as const;
const ENC_LAYOUTS = [
  loopback('OpenBSD encapsulated IP', 12, true),
  loopback('OpenBSD encapsulated IP', 12, false),
] as const;

function arcnet(name: string, typeAt: number, payloadAt: number): LinkLayout {
  return layout(name, 'families', typeAt, payloadAt, 0, 0, {
    familyAt: typeAt,
    families: new Map([
      [IP, [0xd4, 0xf0]],
      [0x0806, [0xd5, 0xf1]],
      [0x8035, [0xd6]],
      [0x809b, [0xdd]],
      [IP6, [0xc4]],
    ]),
  });
}

/** The layout of a LINKTYPE_ value; of one that lastack or libpcap knows no protocols of, an untyped one. */
export function linkLayout(linkType: number, bigEndian: boolean): LinkLayout {
  if (linkType === 0) return NULL_LAYOUTS[bigEndian ? 1 : 0];
  if (linkType === 109) return ENC_LAYOUTS[bigEndian ? 1 : 0];
  return LAYOUTS.get(linkType) ?? layout(`link type ${linkType}`, 'untyped', null, 0);
}
