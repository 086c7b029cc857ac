/** Made from `record/segment.ts`; to change it, change that table and run `npx vitest run test/record -u`. */

/** One TCP segment, as captured. */
export interface SegmentRecord {
  /** 1-based number of the record; of a fragmented segment, that of its last fragment. */
  readonly frame: number;
  /** Capture that holds the record, where there are several captures. */
  readonly file?: string;
  /** 1-based number of the record in `file`. */
  readonly fileFrame?: number;
  /** Number of its flow; null where it has none. */
  readonly flow: number | null;
  /** Time of the record. */
  readonly at: string;
  /** Who sent it; null where nobody can tell. */
  readonly from: 'client' | 'server' | null;
  /** The line that tcpdump or WinDump prints; null where the first fragment's record has it. */
  readonly line: string | null;
  /** Events, each in Wireshark's meaning. */
  readonly events: readonly (
    | 'retransmission'
    | 'fast-retransmission'
    | 'spurious-retransmission'
    | 'out-of-order'
    | 'lost-segment'
    | 'duplicate-ack'
    | 'ack-unseen-segment'
    | 'keep-alive'
    | 'keep-alive-ack'
    | 'zero-window'
    | 'zero-window-probe'
    | 'zero-window-probe-ack'
    | 'window-full'
    | 'window-update'
    | 'port-reused'
  )[];
  /** States after both endpoints have handled this segment. */
  readonly states: SegmentStates;
  /** What the segment did, in words. */
  readonly notes: readonly string[];
  /** The frame that this one acknowledges. */
  readonly acks: number | null;
  /** Time since that frame; null where the capture's clock did not move. */
  readonly rttMs: number | null;
  /** The frame that this one repeats, in lastack's own judgement. */
  readonly retransmits: number | null;
  /** The frame of which a mirror port made this copy. */
  readonly duplicateOf: number | null;
}

export interface SegmentStates {
  /** The client's; null while unknown. */
  readonly client:
    | 'CLOSED'
    | 'LISTEN'
    | 'SYN_SENT'
    | 'SYN_RECV'
    | 'ESTABLISHED'
    | 'FIN_WAIT1'
    | 'FIN_WAIT2'
    | 'CLOSE_WAIT'
    | 'CLOSING'
    | 'LAST_ACK'
    | 'TIME_WAIT'
    | null;
  /** The server's; null while unknown. */
  readonly server:
    | 'CLOSED'
    | 'LISTEN'
    | 'SYN_SENT'
    | 'SYN_RECV'
    | 'ESTABLISHED'
    | 'FIN_WAIT1'
    | 'FIN_WAIT2'
    | 'CLOSE_WAIT'
    | 'CLOSING'
    | 'LAST_ACK'
    | 'TIME_WAIT'
    | null;
}
