/** What a layer is, as it stands in the contract's `layers`: an index into LAYER_NAMES. */
export const LAYER = {
  eth: 0,
  vlan: 1,
  ip: 2,
  ip6: 3,
  tcp: 4,
  mpls: 5,
  pppoe: 6,
  ppp: 7,
  llc: 8,
  pbb: 9,
  vntag: 10,
  dsa: 11,
  wlan: 12,
  radiotap: 13,
  prism: 14,
  avs: 15,
  ppi: 16,
  null: 17,
  raw: 18,
  sll: 19,
  sll2: 20,
  slip: 21,
  tokenRing: 22,
  fddi: 23,
  atm: 24,
  chdlc: 25,
  frameRelay: 26,
  enc: 27,
  pflog: 28,
  ipnet: 29,
  nflog: 30,
  firewire: 31,
  arcnet: 32,
  pktap: 33,
  juniper: 34,
  ipoib: 35,
  gre: 36,
  erspan: 37,
  udp: 38,
  vxlan: 39,
  geneve: 40,
  gtp: 41,
  teredo: 42,
  l2tp: 43,
  ah: 44,
  icmp: 45,
  lwapp: 46,
  capwap: 47,
  mfr: 48,
  nsh: 49,
  ayiya: 50,
} as const;
export type Layer = (typeof LAYER)[keyof typeof LAYER];

// biome-ignore format: in the order of LAYER
const LAYER_NAMES: readonly string[] = [
  'eth', 'vlan', 'ip', 'ip6', 'tcp', 'mpls', 'pppoe', 'ppp', 'llc', 'pbb', 'vntag', 'dsa',
  'wlan', 'radiotap', 'prism', 'avs', 'ppi', 'null', 'raw', 'sll', 'sll2', 'slip', 'token-ring', 'fddi',
  'atm', 'chdlc', 'frame-relay', 'enc', 'pflog', 'ipnet', 'nflog', 'ieee1394', 'arcnet', 'pktap', 'juniper', 'ipoib',
  'gre', 'erspan', 'udp', 'vxlan', 'geneve', 'gtp', 'teredo', 'l2tp', 'ah', 'icmp', 'lwapp', 'capwap', 'mfr', 'nsh',
  'ayiya',
];

/** The identifier of a layer that has none. */
export const NO_ID = -1;
/** The empty stack: the parent of every link layer. */
export const NO_LAYERS = 0;
const MAX_STACKS = 4096;
/** The rest is for layers without identifiers, so that a flood of identifiers does not hide them. */
const MAX_STACKS_WITH_ID = 3072;

/**
 * Every stack of layers that was seen, each named by a small number: a tree in which a stack is a child of the stack
 * without its last layer. Holds 4096 stacks at most; when it fills, identifiers are dropped, then whole layers.
 */
export class LayerTable {
  private readonly parents = new Int32Array(MAX_STACKS);
  private readonly layers = new Int32Array(MAX_STACKS);
  private readonly ids = new Int32Array(MAX_STACKS);
  private readonly slots = new Int32Array(MAX_STACKS * 4);
  private readonly named: (readonly string[] | undefined)[] = [];
  /** Stacks so far; the first is the empty one. */
  private count = 1;

  /** The stack `parent` with one more layer at its end. `id` is int32, or NO_ID. */
  push(parent: number, layer: Layer, id: number): number {
    const slot = this.slotOf(parent, layer, id);
    const known = this.slots[slot]!;
    if (known !== 0) return known;
    if (this.count < (id === NO_ID ? MAX_STACKS : MAX_STACKS_WITH_ID)) return this.add(slot, parent, layer, id);
    return id === NO_ID ? parent : this.push(parent, layer, NO_ID);
  }

  private slotOf(parent: number, layer: number, id: number): number {
    const mask = this.slots.length - 1;
    let hash = Math.imul(parent * 64 + layer, 0x9e3779b1) ^ Math.imul(id, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const stack = this.slots[slot]!;
      if (stack === 0) return slot;
      if (this.parents[stack] === parent && this.layers[stack] === layer && this.ids[stack] === id) return slot;
    }
  }

  private add(slot: number, parent: number, layer: Layer, id: number): number {
    const stack = this.count++;
    this.parents[stack] = parent;
    this.layers[stack] = layer;
    this.ids[stack] = id;
    this.slots[slot] = stack;
    return stack;
  }

  /** The names of a stack's layers, outermost first; `[]` for a number that is no stack. The same array each time. */
  names(stack: number): readonly string[] {
    if (stack <= 0 || stack >= this.count) return [];
    const known = this.named[stack];
    if (known) return known;
    const name = LAYER_NAMES[this.layers[stack]!]!;
    const id = this.ids[stack]!;
    const names = [...this.names(this.parents[stack]!), id === NO_ID ? name : `${name} ${id >>> 0}`];
    this.named[stack] = names;
    return names;
  }
}
