import type { Prelude } from './links.ts';

/**
 * The lengths of an 802.11 frame's headers, into `slots`: of what stands before it, and from the start to its payload.
 * False: the packet is cut short before that is known, and no filter that needs it accepts the packet.
 */
type Lengths = (view: DataView, at: number, kept: number, slots: Int32Array, wantsPayload: boolean) => boolean;

export const PRELUDES: Readonly<Record<Exclude<Prelude, 'none'>, Lengths>> = {
  '802.11': (view, at, kept, slots, wantsPayload) => payloadAt(view, at, kept, 0, slots, wantsPayload),
  radiotap: (view, at, kept, slots, wantsPayload) =>
    kept >= 4 &&
    payloadAt(view, at, kept, view.getUint16(at + 2, true), slots, wantsPayload) &&
    (!wantsPayload || padded(view, at, kept, slots)),
  prism: (view, at, kept, slots, wantsPayload) => {
    if (kept < 4) return false;
    // A header by itself is 144 octets; the AVS form that some drivers send under the same link type has its length.
    if ((view.getInt32(at) & 0xfffff000) !== AVS_MAGIC) return payloadAt(view, at, kept, 144, slots, wantsPayload);
    return kept >= 8 && payloadAt(view, at, kept, view.getInt32(at + 4), slots, wantsPayload);
  },
  avs: (view, at, kept, slots, wantsPayload) =>
    kept >= 8 && payloadAt(view, at, kept, view.getInt32(at + 4), slots, wantsPayload),
  // Only PPI around 802.11 is looked into.
  ppi: (view, at, kept, slots, wantsPayload) =>
    kept >= 8 &&
    view.getInt32(at + 4) === PPI_80211 &&
    payloadAt(view, at, kept, view.getUint16(at + 2, true), slots, wantsPayload),
};

const AVS_MAGIC = 0x80211000 | 0;
const PPI_80211 = 0x69000000;
const MAC_HEADER = 24;

/** 24 octets of header, and two of quality of service where frame control says so. */
function payloadAt(
  view: DataView,
  at: number,
  kept: number,
  header: number,
  slots: Int32Array,
  wantsPayload: boolean,
): boolean {
  slots[0] = header;
  if (!wantsPayload) return true;
  if (header < 0 || header >= kept) return false;
  const control = view.getUint8(at + header);
  slots[1] = header + MAC_HEADER + ((control & 0x8c) === 0x88 ? 2 : 0);
  return true;
}

/** Radiotap's flags may say that the header is padded to a multiple of four. */
function padded(view: DataView, at: number, kept: number, slots: Int32Array): boolean {
  const control = view.getUint8(at + slots[0]!);
  // libpcap looks at the flags of data only.
  if ((control & 0x0c) !== 0x08) return true;
  if (kept < 8) return false;
  const present = view.getUint32(at + 4, true);
  if ((present & 2) === 0 || (present & 0x80000000) !== 0) return true;
  const flagsAt = (present & 1) !== 0 ? 16 : 8;
  if (flagsAt >= kept) return false;
  if ((view.getUint8(at + flagsAt) & 0x20) !== 0) slots[1] = (slots[1]! + 3) & ~3;
  return true;
}
