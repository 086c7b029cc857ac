import { LAYER } from './layers.ts';
import { WIRE } from './segment.ts';
import { NEXT, type Next, type PacketWalk } from './walk.ts';

const DATA = 2;
/** Bits of the subtype of a data frame (IEEE 802.11 9.2.4.1.3). */
const NO_DATA = 0x4;
const QOS = 0x8;
/** Bits of the second octet of frame control. */
const TO_DS = 0x01;
const FROM_DS = 0x02;
const PROTECTED = 0x40;
const HT_CONTROL = 0x80;
/** Bit of QoS control: the body is an aggregate of frames. */
const AGGREGATE = 0x80;

/** An IEEE 802.11 data frame (9.3.2.1): addresses, QoS and HT control, then LLC. Other frames hold no TCP. */
export function wlan(walk: PacketWalk): Next {
  const { view, at } = walk;
  let length = wlanHeaderLength(view, at, walk.kept(), walk.controlSwapped);
  if (length < 0) return walk.stop(WIRE.other);
  const aggregate = isAggregate(view, at, walk.controlSwapped);
  if (walk.headerPadded) length = (length + 3) & ~3;
  if (!walk.skip(length)) return walk.stop(WIRE.other);
  walk.headerPadded = false;
  walk.controlSwapped = false;
  walk.push(LAYER.wlan);
  // The first frame of an aggregate (9.3.2.2): addresses and a length before its LLC.
  if (aggregate) {
    if (!walk.skip(14)) return walk.stop(WIRE.other);
    walk.limit(walk.at + view.getUint16(walk.at - 2));
  }
  return NEXT.llc;
}

/**
 * Octets of the header of a data frame of which `kept` octets were kept, without padding; -1 for other frames, for those
 * whose body is enciphered, and for those that are cut short.
 *
 * @param swapped frame control's two octets stand in the other order
 */
export function wlanHeaderLength(view: DataView, at: number, kept: number, swapped: boolean): number {
  if (kept < 24) return -1;
  const type = view.getUint8(swapped ? at + 1 : at);
  const flags = view.getUint8(swapped ? at : at + 1);
  const subtype = type >> 4;
  if (((type >> 2) & 3) !== DATA || (subtype & NO_DATA) !== 0 || (flags & PROTECTED) !== 0) return -1;
  const addresses = addressesLength(flags);
  if ((subtype & QOS) === 0) return kept < addresses ? -1 : addresses;
  const length = addresses + ((flags & HT_CONTROL) !== 0 ? 6 : 2);
  return kept < length ? -1 : length;
}

/** Up to sequence control, and the fourth address. */
function addressesLength(flags: number): number {
  return (flags & (TO_DS | FROM_DS)) === (TO_DS | FROM_DS) ? 30 : 24;
}

function isAggregate(view: DataView, at: number, swapped: boolean): boolean {
  const type = view.getUint8(swapped ? at + 1 : at);
  const flags = view.getUint8(swapped ? at : at + 1);
  return ((type >> 4) & QOS) !== 0 && (view.getUint8(at + addressesLength(flags)) & AGGREGATE) !== 0;
}

/** Bits of radiotap's flags: four octets of check sequence at the frame's end, 802.11's header is padded. */
export const RADIOTAP_FCS = 0x10;
export const RADIOTAP_PADDED = 0x20;
const CHECK_SEQUENCE = 4;

/** Radiotap (radiotap.org): version 0, length, then fields by the bits of one or more words. */
export function radiotap(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.kept() < 8 || view.getUint8(at) !== 0) return walk.stop(WIRE.other);
  const length = view.getUint16(at + 2, true);
  if (length < 8 || !walk.skip(length)) return walk.stop(WIRE.other);
  walk.push(LAYER.radiotap);
  const present = view.getInt32(at + 4, true);
  let fields = 4;
  while (fields + 4 <= length && (view.getInt32(at + fields, true) & 0x80000000) !== 0) fields += 4;
  fields += 4;
  // Bit 0 is a time of eight octets, on a multiple of eight; bit 1 the flags.
  if ((present & 1) !== 0) fields = ((fields + 7) & ~7) + 8;
  if ((present & 2) !== 0 && fields < length) {
    const flags = view.getUint8(at + fields);
    if ((flags & RADIOTAP_FCS) !== 0) walk.limit(walk.wireEnd - CHECK_SEQUENCE);
    walk.headerPadded = (flags & RADIOTAP_PADDED) !== 0;
  }
  return NEXT.wlan;
}

const AVS_MAGIC = 0x80211000;

/** Prism's header of fixed length, unless it is an AVS header in its place. */
export function prism(walk: PacketWalk): Next {
  if (walk.kept() < 8) return walk.stop(WIRE.other);
  if ((walk.view.getInt32(walk.at) & ~15) === (AVS_MAGIC | 0)) return avs(walk);
  if (!walk.skip(144)) return walk.stop(WIRE.other);
  walk.push(LAYER.prism);
  return NEXT.wlan;
}

/** AVS: magic, length. */
export function avs(walk: PacketWalk): Next {
  if (walk.kept() < 8 || !walk.skip(walk.view.getUint32(walk.at + 4))) return walk.stop(WIRE.other);
  walk.push(LAYER.avs);
  return NEXT.wlan;
}

/** Field of PPI with what all 802.11 frames have, and where its flags are. */
const PPI_COMMON = 2;

/** Per-packet information: version, flags, length, link type of the frame, fields (CACE Technologies 1.0.10). */
export function ppi(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.kept() < 8) return walk.stop(WIRE.other);
  const length = view.getUint16(at + 2, true);
  if (length < 8 || !walk.skip(length)) return walk.stop(WIRE.other);
  walk.push(LAYER.ppi);
  if (length >= 22 && view.getUint16(at + 8, true) === PPI_COMMON && (view.getUint8(at + 20) & 1) !== 0) {
    walk.limit(walk.wireEnd - CHECK_SEQUENCE);
  }
  return walk.by(NEXT.link, view.getUint32(at + 4, true));
}
