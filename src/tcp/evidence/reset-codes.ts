import { FLOW, FLOW_BITS } from '../../flow/rows.ts';

/**
 * Who writes the reason of a RST into its window: NetScaler (Citrix ADC) does. An ordinary host's window may hold one of
 * these numbers by chance, so a host is believed only once its RSTs have held two of them and hardly any other number.
 * In bounded memory: a host has a place by its address, and a newcomer takes the place.
 */
export class ResetCodes {
  private readonly i32 = new Int32Array(PLACES * WORDS);

  /** A side of the row's flow sent a RST with this window, as it stands in the header. */
  take(rows: Int32Array, row: number, side: number, window: number): void {
    const at = this.place(rows, row, side);
    const { i32 } = this;
    if (!isResetCode(window)) {
      i32[at + AT.others] = i32[at + AT.others]! + 1;
      return;
    }
    if (i32[at + AT.coded] === 0) i32[at + AT.first] = window;
    else if (i32[at + AT.first] !== window) i32[at + AT.several] = 1;
    i32[at + AT.coded] = i32[at + AT.coded]! + 1;
  }

  /** Whether what the side has sent so far shows that it writes reasons there. */
  areWrittenBy(rows: Int32Array, row: number, side: number): boolean {
    const at = this.place(rows, row, side);
    return this.i32[at + AT.several] === 1 && this.i32[at + AT.others]! * 8 <= this.i32[at + AT.coded]!;
  }

  /** The place of a side's address, which a newcomer gets empty. */
  private place(rows: Int32Array, row: number, side: number): number {
    const clientIsHigh = (rows[row + FLOW.bits]! & FLOW_BITS.clientIsHigh) !== 0;
    const address = rows[row + (clientIsHigh === (side === 0) ? FLOW.keyHigh : FLOW.keyLow)]!;
    const hash = Math.imul(address, 0x9e3779b1);
    const at = (hash >>> (32 - PLACE_BITS)) * WORDS;
    const { i32 } = this;
    if (i32[at + AT.address] !== address) {
      i32.fill(0, at, at + WORDS);
      i32[at + AT.address] = address;
    }
    return at;
  }
}

/** What a reset code means; undefined for a window that is none. */
export function resetCodeMeaning(window: number): string | undefined {
  return CODES.find(([from, to]) => window >= from && window <= to)?.[2];
}

function isResetCode(window: number): boolean {
  return window >= 8196 && window <= 10042 && resetCodeMeaning(window) !== undefined;
}

const MEMORY = 'the device was short of memory';
const HTTP = 'an HTTP message was not valid';
const TLS = 'TLS failed';
const TLS_CHANGED = 'settings of TLS were changed';
const DATABASE = 'the database proxy failed';
const BALANCING = 'global load balancing was not possible';
const MPTCP = 'Multipath TCP failed';
const REPLACED = 'its other half was gone, or another connection took its place';
const FEATURE = 'a feature of the device failed';
const GATEWAY = 'the SIP gateway failed';

/**
 * First and last number of a run, and what those mean. Numbers that the vendor does not list are left out.
 * After Citrix's article CTX200852, NetScaler reset codes, of January 2023.
 */
const CODES: readonly (readonly [number, number, string])[] = [
  [8196, 8196, TLS],
  [8201, 8201, 'it answers a segment for a connection that was closed already'],
  [8202, 8202, 'it answers payload of a connection that is not known, and whose SYN cookie has expired'],
  [8204, 8204, 'a SYN was sent again with another sequence number'],
  [8205, 8205, 'the last ACK of the handshake acknowledged the wrong number'],
  [8206, 8206, 'the answer to the SYN was of another connection'],
  [8207, 8207, 'a SYN came inside the established connection'],
  [8208, 8208, 'the same was sent again too often'],
  [8209, 8209, MEMORY],
  [8210, 8210, 'the client failed the check against HTTP floods'],
  [8211, 8211, 'the connection was idle for too long'],
  [8212, 8212, 'nobody listens there, or the SYN cookie did not fit'],
  [8213, 8213, 'the client sent on a connection that was being closed'],
  [8214, 8214, 'the MSS is more than the interface carries'],
  [9100, 9100, 'an HTTP message stopped half way'],
  [9201, 9203, 'a server connection that was used again still held data of its last user'],
  [9205, 9210, HTTP],
  [9212, 9212, HTTP],
  [9214, 9214, 'the cache failed'],
  [9216, 9216, 'the cache failed'],
  [9217, 9218, HTTP],
  [9219, 9220, MEMORY],
  [9221, 9221, 'the URL names a domain that is no longer valid'],
  [9222, 9222, HTTP],
  [9300, 9303, 'the connection was idle for too long'],
  [9304, 9304, 'the window stayed closed for too long'],
  [9305, 9305, 'the server acknowledged another number than that of the SYN'],
  [9306, 9306, 'buffering was given up'],
  [9307, 9309, 'the window stayed small for too long'],
  [9310, 9310, 'keep-alives were not answered'],
  [9311, 9311, 'the table shared with other nodes did not answer'],
  [9400, 9400, 'a pooled connection to the server made room for another'],
  [9401, 9401, 'the device was full, or what it served was removed from its configuration'],
  [9450, 9460, DATABASE],
  [9600, 9601, 'too many segments had numbers that did not fit'],
  [9602, 9602, 'too many probes of the VPN came'],
  [9700, 9701, 'it passes on a RST of the other side'],
  [9702, 9702, 'payload came after the FIN'],
  [9704, 9704, 'packets that were held had to be dropped'],
  [9800, 9800, 'a check of the service timed out'],
  [9810, 9810, 'the status of the response is one that is to be reset'],
  [9811, 9811, 'a fatal TLS alert was sent before it'],
  [9812, 9812, 'its address was removed from the configuration'],
  [9813, 9813, 'an exchange between nodes was closed'],
  [9814, 9814, 'a policy says so'],
  [9816, 9816, TLS],
  [9817, 9817, TLS_CHANGED],
  [9818, 9821, TLS],
  [9822, 9822, TLS_CHANGED],
  [9823, 9824, 'authentication failed'],
  [9825, 9825, BALANCING],
  [9826, 9826, MEMORY],
  [9827, 9827, TLS_CHANGED],
  [9829, 9829, BALANCING],
  [9830, 9830, 'a rule of the access list denies it'],
  [9831, 9832, 'the application failed'],
  [9833, 9839, TLS],
  [9841, 9842, TLS],
  [9843, 9843, 'it ends a check of the service'],
  [9844, 9844, TLS],
  [9845, 9845, 'the application firewall says so'],
  [9846, 9847, FEATURE],
  [9848, 9848, TLS_CHANGED],
  [9849, 9849, BALANCING],
  [9850, 9851, 'DNS over TCP failed'],
  [9852, 9852, 'the RTSP gateway failed'],
  [9853, 9853, DATABASE],
  [9854, 9854, BALANCING],
  [9855, 9855, 'too many requests wait for a server'],
  [9856, 9856, 'the application firewall failed'],
  [9857, 9857, REPLACED],
  [9858, 9858, FEATURE],
  [9859, 9863, REPLACED],
  [9864, 9866, FEATURE],
  [9868, 9868, DATABASE],
  [9870, 9871, DATABASE],
  [9872, 9872, 'WebSocket is not enabled'],
  [9873, 9873, FEATURE],
  [9874, 9874, MEMORY],
  [9875, 9876, REPLACED],
  [9877, 9890, FEATURE],
  [9900, 9902, FEATURE],
  [9903, 9903, BALANCING],
  [9904, 9904, 'authentication failed'],
  [9905, 9905, DATABASE],
  [9906, 9906, BALANCING],
  [9911, 9912, MEMORY],
  [9913, 9915, FEATURE],
  [9951, 9952, TLS],
  [9953, 9953, 'a time limit of a policy was over'],
  [9956, 9957, FEATURE],
  [9960, 9969, MPTCP],
  [9970, 9970, FEATURE],
  [9971, 9973, MPTCP],
  [9974, 9975, 'the TCP layer of the device gave it up'],
  [9976, 9980, MPTCP],
  [9981, 9981, 'a connection for logs was closed'],
  [9982, 9982, 'the answer to a SYN with data did not fit'],
  [9983, 9983, MPTCP],
  [10000, 10004, 'the ICA proxy failed'],
  [10005, 10005, MPTCP],
  [10006, 10006, 'an administrator ended the RDP connection'],
  [10016, 10020, 'the SMPP proxy failed'],
  [10022, 10024, 'the SMPP proxy failed'],
  [10026, 10026, 'the SMPP proxy failed'],
  [10027, 10028, TLS],
  [10029, 10030, 'a rate limit was reached'],
  [10032, 10040, GATEWAY],
  [10042, 10042, GATEWAY],
];

const PLACE_BITS = 10;
const PLACES = 1 << PLACE_BITS;
const AT = { address: 0, first: 1, several: 2, coded: 3, others: 4 } as const;
const WORDS = 5;
