import type { ByteWriter } from '../bytes/writer.ts';
import { RADIOTAP_FCS, RADIOTAP_PADDED, wlanHeaderLength } from '../wire/wireless.ts';
import { RadiotapPrefix } from './radiotap-prefix.ts';

/**
 * What tcpdump 4.99 prints of an 802.11 frame up to its LLC, and of the radio headers before it: of these radiotap alone
 * has a text.
 */
export class WlanPrefix {
  /** Link type of what comes next: LINKTYPE_IEEE802_11 where it is LLC, another where PPI is around that link type. */
  linkType = 0;
  /** Where that begins, and the frame's end on the wire without its check sequence. */
  next = 0;
  limit = 0;

  private readonly radiotap: RadiotapPrefix = new RadiotapPrefix();

  /**
   * Writes the text of the headers from `at`. Answers whether anything follows them.
   *
   * @param end first octet past what was kept
   * @param limit the frame's end on the wire
   */
  write(out: ByteWriter, view: DataView, type: number, at: number, end: number, limit: number): boolean {
    this.linkType = WLAN_LINKTYPE.wlan;
    this.limit = limit;
    if (type === WLAN_LINKTYPE.wlan) return this.body(view, at, end, false);
    if (at + 8 > end) return false;
    const next = at + radioHeaderLength(view, type, at);
    if (next < at + 8 || next > end) return false;
    if (type === WLAN_LINKTYPE.ppi) {
      this.linkType = view.getUint32(at + 4, true);
      this.next = next;
      return this.linkType !== WLAN_LINKTYPE.wlan || this.body(view, next, end, false);
    }
    if (type !== WLAN_LINKTYPE.radiotap) return this.body(view, next, end, false);
    const { radiotap } = this;
    if (!radiotap.write(out, view, at, next)) return false;
    if ((radiotap.flags & RADIOTAP_FCS) !== 0) this.limit -= CHECK_SEQUENCE;
    return this.body(view, next, end, (radiotap.flags & RADIOTAP_PADDED) !== 0);
  }

  private body(view: DataView, at: number, end: number, padded: boolean): boolean {
    const length = wlanHeaderLength(view, at, end - at, false);
    this.next = at + (padded ? (length + 3) & ~3 : length);
    return length >= 0;
  }
}

/** 802.11's link types (tcpdump.org/linktypes). */
export const WLAN_LINKTYPE = { wlan: 105, prism: 119, radiotap: 127, avs: 163, ppi: 192 } as const;

const AVS_MAGIC = 0x80211000 | 0;
const PRISM = 144;
const CHECK_SEQUENCE = 4;

/** Octets before the 802.11 frame, by what is in the first eight. AVS headers also come under Prism's link type. */
function radioHeaderLength(view: DataView, type: number, at: number): number {
  if (type === WLAN_LINKTYPE.radiotap || type === WLAN_LINKTYPE.ppi) return view.getUint16(at + 2, true);
  const isAvs = type === WLAN_LINKTYPE.avs || (view.getInt32(at) & ~15) === AVS_MAGIC;
  return isAvs ? view.getUint32(at + 4) : PRISM;
}
