import type { ByteWriter } from '../bytes/writer.ts';

/**
 * What tcpdump 4.99 prints of a radiotap header (radiotap.org): the fields that it knows, each with a space behind it, up
 * to the first that it doesn't know. Prism, AVS and PPI headers leave no text.
 */
export class RadiotapPrefix {
  /** The last flags field of the header written last (wire/wireless.ts), 0 without one. */
  flags = 0;

  /** The next field, and the header's first octet and end. */
  private next = 0;
  private start = 0;
  private end = 0;

  /**
   * Writes the text of the header from `at` to `end`, all of it kept, 8 octets at least. Answers whether tcpdump reads on
   * behind it: not where the bitmaps of fields go beyond the header.
   */
  write(out: ByteWriter, view: DataView, at: number, end: number): boolean {
    this.flags = 0;
    this.start = at;
    this.end = end;
    let last = at + FIRST_BITMAP;
    while (last + 4 <= end && (view.getInt32(last, true) & MORE) !== 0) last += 4;
    if (last + 4 > end) return false;
    this.next = last + 4;
    this.bitmaps(out, view, at + FIRST_BITMAP, last);
    return true;
  }

  /** The fields of all bitmaps. Bits count on from one to the next, unless one says that a namespace begins. */
  private bitmaps(out: ByteWriter, view: DataView, first: number, last: number): void {
    let bitsBefore = 0;
    let known = true;
    for (let at = first; at <= last; at += 4) {
      const present = view.getInt32(at, true);
      if (known && !this.fields(out, view, present, bitsBefore)) return;
      const isRadiotap = (present & RADIOTAP_NAMESPACE) !== 0;
      const isVendor = (present & VENDOR_NAMESPACE) !== 0;
      if (isRadiotap === isVendor) {
        // Both at once mean nothing.
        if (!isRadiotap) bitsBefore += 32;
        continue;
      }
      bitsBefore = 0;
      known = isRadiotap;
      if (isVendor && !this.skipVendor(out, view)) return;
    }
  }

  /** The fields of one bitmap. Answers whether more can be read behind them. */
  private fields(out: ByteWriter, view: DataView, present: number, bitsBefore: number): boolean {
    for (let bits = present & FIELD_BITS; bits !== 0; bits &= bits - 1) {
      const bit = bitsBefore + 31 - Math.clz32(bits & -bits);
      const field = FIELDS[bit];
      if (field === undefined) {
        out.ascii(`[bit ${bit}] `);
        return false;
      }
      const at = this.take(field.align, field.size);
      if (at < 0) return cut(out);
      if (bit === FLAGS) this.flags = view.getUint8(at);
      out.ascii(field.text(view, at, present));
    }
    return true;
  }

  /** A vendor's identifier, a number, and its fields, of which the length is told. Answers whether they were there. */
  private skipVendor(out: ByteWriter, view: DataView): boolean {
    // tcpdump moves on from what is not aligned yet, which shows where the header ends in the midst of this.
    const isCut = this.aligned(2) + 2 > this.end;
    if (!isCut) this.next += 3;
    const at = isCut || this.take(1, 1) < 0 ? -1 : this.take(2, 2);
    if (at >= 0) return this.take(1, view.getUint16(at, true)) >= 0;
    cut(out);
    return true;
  }

  /** Where the next field of `size` octets lies, aligned from the header's start; -1 when the header ends before it does. */
  private take(align: number, size: number): number {
    const at = this.aligned(align);
    if (at + size > this.end) return -1;
    this.next = at + size;
    return at;
  }

  private aligned(align: number): number {
    return this.next + ((this.start - this.next) & (align - 1));
  }
}

function cut(out: ByteWriter): false {
  out.ascii(' [|802.11_radio]');
  return false;
}

const FIRST_BITMAP = 4;
const FLAGS = 1;
const WIDE_CHANNEL = 1 << 18;
const MCS = 1 << 19;
/** Bits of every bitmap. */
const FIELD_BITS = 0x1fffffff;
const RADIOTAP_NAMESPACE = 0x20000000;
const VENDOR_NAMESPACE = 0x40000000;
const MORE = 0x80000000 | 0;

interface Field {
  readonly align: number;
  readonly size: number;
  /** `present`: the bitmap in which the field is. */
  readonly text: (view: DataView, at: number, present: number) => string;
}

/** By the bit of a bitmap; names in the comments are radiotap.org's. */
// biome-ignore format: a table
const FIELDS: readonly (Field | undefined)[] = [
  /* TSFT */ { align: 8, size: 8, text: (view, at) => `${view.getBigUint64(at, true)}us tsft ` },
  /* Flags */ { align: 1, size: 1, text: flagsText },
  /* Rate */ { align: 1, size: 1, text: rateText },
  /* Channel */ { align: 2, size: 4, text: channelText },
  // Two octets that tcpdump reads one by one, and one where two are: the fields behind them may seem to lie elsewhere.
  /* FHSS */ { align: 1, size: 2, text: (view, at) => `fhset ${view.getUint8(at)} fhpat ${view.getUint8(at + 1)} ` },
  /* Antenna signal */ { align: 1, size: 1, text: (view, at) => `${view.getInt8(at)}dBm signal ` },
  /* Antenna noise */ { align: 1, size: 1, text: (view, at) => `${view.getInt8(at)}dBm noise ` },
  /* Lock quality */ { align: 2, size: 2, text: (view, at) => `${view.getUint16(at, true)} sq ` },
  /* TX attenuation */ { align: 2, size: 2, text: (view, at) => `${0 - view.getInt16(at, true)} tx power ` },
  /* dB TX attenuation */ { align: 1, size: 1, text: (view, at) => `${0 - view.getInt8(at)}dB tx attenuation ` },
  /* dBm TX power */ { align: 1, size: 1, text: (view, at) => `${view.getInt8(at)}dBm tx power ` },
  /* Antenna */ { align: 1, size: 1, text: (view, at) => `antenna ${view.getUint8(at)} ` },
  /* dB antenna signal */ { align: 1, size: 1, text: (view, at) => `${view.getUint8(at)}dB signal ` },
  /* dB antenna noise */ { align: 1, size: 1, text: (view, at) => `${view.getUint8(at)}dB noise ` },
  /* RX flags */ { align: 2, size: 2, text: () => '' },
  undefined, // TX flags
  undefined, // RTS retries
  undefined, // data retries
  /* XChannel */ { align: 4, size: 8, text: wideChannelText },
  /* MCS */ { align: 1, size: 3, text: htText },
  /* A-MPDU status */ { align: 4, size: 8, text: () => '' },
  /* VHT */ { align: 2, size: 12, text: vhtText },
];

/** Names of the bits of the flags field, the lowest first. */
const FLAG_NAMES: readonly [bit: number, text: string][] = [
  [0x01, 'cfp '],
  [0x02, 'short preamble '],
  [0x04, 'wep '],
  [0x08, 'fragmented '],
  [0x40, 'bad-fcs '],
];

function flagsText(view: DataView, at: number): string {
  const flags = view.getUint8(at);
  return FLAG_NAMES.map(([bit, text]) => ((flags & bit) === 0 ? '' : text)).join('');
}

/** In halves of a megabit; before radiotap had a field for it, drivers put 802.11n's MCS here with the highest bit set. */
function rateText(view: DataView, at: number): string {
  const rate = view.getUint8(at);
  return rate >> 4 === 8 ? `MCS ${rate & 0xf} ` : `${(rate / 2).toFixed(1)} Mb/s `;
}

/** Bits of a channel's flags; those above 16 are XChannel's. */
const CHANNEL = {
  turbo: 0x10,
  cck: 0x20,
  ofdm: 0x40,
  twoGHz: 0x80,
  fiveGHz: 0x100,
  dynamic: 0x400,
  gfsk: 0x800,
  half: 0x4000,
  quarter: 0x8000,
  ht20: 0x10000,
  ht40Up: 0x20000,
  ht40Down: 0x40000,
} as const;

/** Left out where XChannel says the same. */
function channelText(view: DataView, at: number, present: number): string {
  if ((present & WIDE_CHANNEL) !== 0) return '';
  return `${view.getUint16(at, true)} MHz${bandText(view.getUint16(at + 2, true), present)} `;
}

function wideChannelText(view: DataView, at: number, present: number): string {
  return `${view.getUint16(at + 4, true)} MHz${bandText(view.getInt32(at, true), present)} `;
}

/** The part of 802.11 by a channel's flags, unless there is a field that 802.11n alone has. */
function bandText(flags: number, present: number): string {
  const text = (present & MCS) !== 0 ? ' 11n' : legacyText(flags);
  if ((flags & CHANNEL.ht20) !== 0) return `${text} ht/20`;
  if ((flags & CHANNEL.ht40Down) !== 0) return `${text} ht/40-`;
  return (flags & CHANNEL.ht40Up) !== 0 ? `${text} ht/40+` : text;
}

function legacyText(flags: number): string {
  const has = (bits: number): boolean => (flags & bits) === bits;
  const width = has(CHANNEL.half) ? '/10Mhz' : has(CHANNEL.quarter) ? '/5Mhz' : '';
  let text = has(CHANNEL.twoGHz | CHANNEL.gfsk) ? ' FHSS' : '';
  if (has(CHANNEL.fiveGHz | CHANNEL.ofdm)) text += ` 11a${width}`;
  if (has(CHANNEL.twoGHz | CHANNEL.ofdm) || has(CHANNEL.twoGHz | CHANNEL.dynamic)) text += ` 11g${width}`;
  else if (has(CHANNEL.twoGHz | CHANNEL.cck)) text += ' 11b';
  return has(CHANNEL.turbo) ? `${text} Turbo` : text;
}

/** Which values of the MCS field are known, its first octet. */
const HT = { bandwidth: 0x01, index: 0x02, guard: 0x04, format: 0x08, fec: 0x10, stbc: 0x20 } as const;
const HT_BANDWIDTHS: readonly string[] = ['20 MHz ', '40 MHz ', '20 MHz (L) ', '20 MHz (U) '];

/** 802.11n: known, flags, index. */
function htText(view: DataView, at: number): string {
  const known = view.getUint8(at);
  const flags = view.getUint8(at + 1);
  const index = view.getUint8(at + 2);
  const bandwidth = flags & 3;
  const short = (flags & 0x04) !== 0;
  let text = '';
  if ((known & HT.index) !== 0) {
    if ((known & (HT.bandwidth | HT.guard)) !== 0) text += htRate(index, bandwidth === 1, short);
    text += `MCS ${index} `;
  }
  if ((known & HT.bandwidth) !== 0) text += HT_BANDWIDTHS[bandwidth]!;
  if ((known & HT.guard) !== 0) text += guardText(short);
  if ((known & HT.format) !== 0) text += (flags & 0x08) !== 0 ? 'greenfield ' : 'mixed ';
  if ((known & HT.fec) !== 0) text += fecText((flags & 0x10) !== 0);
  if ((known & HT.stbc) !== 0) text += `RX-STBC${(flags >> 5) & 3} `;
  return text;
}

function guardText(short: boolean): string {
  return short ? 'short GI ' : 'long GI ';
}

function fecText(ldpc: boolean): string {
  return ldpc ? 'LDPC FEC ' : 'BCC FEC ';
}

/**
 * How often the rate of MCS 0 each index has (IEEE 802.11-2020 19.5): one to four equal streams; 32, which is a format of
 * its own; from 33 on two to four streams of different modulation.
 */
// biome-ignore format: a table
const HT_MULTIPLES: readonly number[] = [
  1, 2, 3, 4, 6, 8, 9, 10, 2, 4, 6, 8, 12, 16, 18, 20, 3, 6, 9, 12, 18, 24, 27, 30, 4, 8, 12, 16, 24, 32, 36, 40,
  0, 6, 8, 10, 9, 12, 15, 8, 10, 10, 12, 14, 14, 16, 12, 15, 15, 18, 21, 21, 24, 10, 12, 14, 12, 14, 16, 18, 16, 18,
  20, 20, 22, 15, 18, 21, 18, 21, 24, 27, 24, 27, 30, 30, 33,
];
const HT_DUPLICATE = 32;

/** The rate by index, bandwidth (20 or 40 MHz) and guard interval; nothing where there is none. */
function htRate(index: number, wide: boolean, short: boolean): string {
  const multiple = HT_MULTIPLES[index] ?? 0;
  const long = index === HT_DUPLICATE ? (wide ? 6 : 0) : multiple * (wide ? 13.5 : 6.5);
  // A symbol takes 3.6 µs instead of 4 behind a short guard interval.
  return long === 0 ? '' : `${(short ? (long * 10) / 9 : long).toFixed(1)} Mb/s `;
}

/** Which values of the VHT field are known, in its first two octets. */
const VHT = { guard: 0x04, bandwidth: 0x40 } as const;
const VHT_SHORT = 0x04;
/** Sides of a wider channel on which a part lies; two have one name in tcpdump. */
const VHT_BANDWIDTHS: readonly string[] = [
  ...HT_BANDWIDTHS,
  ...['', '(L) ', '(U) ', '(LL) ', '(LU) ', '(UL) ', '(UU) '].map((side) => `80 MHz ${side}`),
  ...['', '(L) ', '(U) ', '(LL) ', '(LU) ', '(UL) ', '(UU) '].map((side) => `160 MHz ${side}`),
  ...['LLL', 'LLU', 'LUL', 'UUU', 'ULL', 'ULU', 'UUL', 'UUU'].map((side) => `160 MHz (${side}) `),
];

/** 802.11ac: known, flags, bandwidth, MCS and streams of four users, their codings, group, partial AID. */
function vhtText(view: DataView, at: number): string {
  const known = view.getUint16(at, true);
  const bandwidth = view.getUint8(at + 3) & 0x1f;
  const coding = view.getUint8(at + 8);
  let text = '';
  for (let user = 0; user < 4; user++) {
    const streams = view.getUint8(at + 4 + user);
    if ((streams & 0xf) === 0) continue;
    text += `User ${user} MCS ${streams >> 4} ${fecText((coding & (1 << user)) !== 0)}`;
  }
  if ((known & VHT.bandwidth) !== 0) text += VHT_BANDWIDTHS[bandwidth] ?? `unknown (${bandwidth}) `;
  if ((known & VHT.guard) !== 0) text += guardText((view.getUint8(at + 2) & VHT_SHORT) !== 0);
  return text;
}
