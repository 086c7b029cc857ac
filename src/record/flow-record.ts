/** Made from `record/flow.ts`; to change it, change that table and run `npx vitest run test/record -u`. */

import type { Finding } from '../findings/finding.ts';

/** One TCP connection, as captured. */
export interface FlowRecord {
  /** 1-based, in order of each flow's first segment, whatever the order of printing. */
  readonly flow: number;
  /** The end that opened the connection. */
  readonly client: Endpoint;
  /** The end that was connected to. */
  readonly server: Endpoint;
  /** How the roles were told: by a SYN, a SYN+ACK, the only port below 1024 (the server's), or the first segment's sender. */
  readonly clientBy: 'syn' | 'syn-ack' | 'port' | 'first-segment';
  /** What the first segment was wrapped in, outermost first. */
  readonly layers: readonly string[];
  /** 1-based number of the first record of the flow. */
  readonly firstFrame: number;
  /** 1-based number of the last record of the flow. */
  readonly lastFrame: number;
  /** Capture that holds the first record, where there are several captures. */
  readonly file?: string;
  /** 1-based number of the first record in `file`. */
  readonly fileFrame?: number;
  /** Time of the first record. */
  readonly start: string;
  /** Time of the last record. */
  readonly end: string;
  /** From start to end. */
  readonly durationMs: number;
  /** The longest time between two of its segments; null when there is one alone, or the capture's clock was set meanwhile. */
  readonly longestIdleMs: number | null;
  /** Which end the capture was likely taken near, or between them; null where its times do not tell. */
  readonly vantage: 'client' | 'server' | 'between' | null;
  /** How the connection was opened. */
  readonly handshake: Handshake;
  /** How the connection was closed. */
  readonly close: Close;
  /** Every state each endpoint went through, as far as the capture shows it. */
  readonly states: States;
  /** Bits of Wireshark's tcp.completeness: 1 SYN, 2 SYN+ACK, 4 ACK, 8 data, 16 FIN, 32 RST. */
  readonly completeness: number;
  /** Zeek's conn_state; as in Zeek, who is the originator may be guessed otherwise than `client`. */
  readonly connState:
    | 'S0'
    | 'S1'
    | 'S2'
    | 'S3'
    | 'SF'
    | 'REJ'
    | 'RSTO'
    | 'RSTR'
    | 'RSTOS0'
    | 'RSTRH'
    | 'SH'
    | 'SHR'
    | 'OTH';
  /** Zeek's history: a letter for each kind of segment, the originator's in upper case. */
  readonly history: string;
  /** What the client sent. */
  readonly fromClient: Direction;
  /** What the server sent. */
  readonly fromServer: Direction;
  /** What is remarkable about the flow, the gravest first; `lastack explain CODE` tells what a code means. */
  readonly findings: readonly Finding[];
  /** Community ID, version 1, seed 0. */
  readonly communityId: string;
}

export interface Endpoint {
  /** IPv4 address, or IPv6 address as in RFC 5952. */
  readonly address: string;
  /** TCP port. */
  readonly port: number;
}

export interface Handshake {
  /** What came of the handshake, as far as it was captured. */
  readonly outcome: 'not-captured' | 'unanswered' | 'half-open' | 'complete' | 'refused' | 'aborted';
  /** The first SYN: its frame. */
  readonly synFrame: number | null;
  /** The SYN+ACK: its frame. */
  readonly synAckFrame: number | null;
  /** The ACK that completed the handshake: its frame. */
  readonly ackFrame: number | null;
  /** From the last SYN to the SYN+ACK. */
  readonly synToSynAckMs: number | null;
  /** From the SYN+ACK to the ACK of it. */
  readonly synAckToAckMs: number | null;
  /** From the last SYN to the ACK that completed the handshake, or to the RST that ended it. */
  readonly totalMs: number | null;
  /** How often the SYN was sent again. */
  readonly synRetransmissions: number;
  /** How often the SYN+ACK was sent again. */
  readonly synAckRetransmissions: number;
  /** How often the SYN+ACK was sent again although the ACK of it had been captured: it was lost behind the tap, or the server threw it away (a full accept queue). */
  readonly synAckRetransmissionsAfterAck: number | null;
  /** Both ends sent a SYN before they saw the other one. */
  readonly simultaneousOpen: boolean;
  /** TCP Fast Open was used (RFC 7413). */
  readonly fastOpen: boolean;
  /** Octets of payload in the SYN. */
  readonly dataInSyn: number;
}

export interface Close {
  /** The way of closing, fixed at the second FIN or the RST. */
  readonly pattern:
    | 'open'
    | 'half-closed'
    | 'four-way'
    | 'three-way'
    | 'simultaneous'
    | 'reset'
    | 'reset-after-fin'
    | 'refused';
  /** Who sent the first FIN, or the RST of an abort; null while open. */
  readonly initiator: 'client' | 'server' | null;
  /** The first FIN: its frame. */
  readonly firstFinFrame: number | null;
  /** The other end's FIN: its frame. */
  readonly secondFinFrame: number | null;
  /** The last ACK of a FIN: its frame. */
  readonly lastAckFrame: number | null;
  /** The RST that closed the connection: its frame. */
  readonly resetFrame: number | null;
  /** The RST that closed the connection: who sent it, and as what. */
  readonly reset: Reset | null;
  /** The first FIN's segment carried payload. */
  readonly finWithData: boolean;
  /** From the first FIN to the second. */
  readonly halfCloseMs: number | null;
  /** From the first FIN to the last ACK of a FIN; null after a reset. */
  readonly closeMs: number | null;
  /** Who holds TIME_WAIT, and how long. */
  readonly timeWait: TimeWait | null;
}

export interface Reset {
  /** Who sent it. */
  readonly by: 'client' | 'server';
  /** A socket killed, no socket for a segment, or no socket for a SYN. */
  readonly form: 'abort' | 'reply' | 'reply-to-syn';
  /** The sender's state before it. */
  readonly state:
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
  /** How far the connection was. */
  readonly stage: 'post-syn' | 'post-ack' | 'post-psh' | 'later';
  /** Why: one code, which `lastack explain` describes. */
  readonly cause:
    | 'unsolicited-reset'
    | 'reset-sender-alive'
    | 'handshake-refused'
    | 'accept-queue-reset'
    | 'handshake-aborted-by-client'
    | 'data-after-close'
    | 'fin-wait2-expired'
    | 'linger2-abort'
    | 'reset-both-ways'
    | 'reset-keepalive-timeout'
    | 'gave-up-silently'
    | 'reset-idle'
    | 'reset-peer-restarted'
    | 'reset-bad-ack'
    | 'reset-syn-in-window'
    | 'reset-no-socket'
    | 'reset-unaccepted'
    | 'reset-unread-data'
    | 'reset-linger-zero'
    | 'reset-unexplained'
    | null;
  /** How sure the cause is. */
  readonly confidence: 'possible' | 'likely' | 'certain' | null;
}

export interface TimeWait {
  /** The end that waits. */
  readonly side: 'client' | 'server' | 'both';
  /** When the wait began. */
  readonly since: string;
  /** since + 2 MSL (--msl). */
  readonly until: string;
}

export interface States {
  /** The states of the client, in order. */
  readonly client: readonly StateEntry[];
  /** The states of the server, in order. */
  readonly server: readonly StateEntry[];
}

export interface StateEntry {
  /** netstat's name of the state. */
  readonly state:
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
    | 'TIME_WAIT';
  /** Frame of the segment; null before the capture shows. */
  readonly frame: number | null;
  /** Time of the segment. */
  readonly at: string | null;
}

export interface Direction {
  /** Segments. */
  readonly packets: number;
  /** Octets of payload as sent, repeats included. */
  readonly bytes: number;
  /** Octets of IP packets, headers included. */
  readonly ipBytes: number;
  /** Octets of payload without repeats. */
  readonly uniqueBytes: number;
  /** Data and FINs sent again, in lastack's judgement. */
  readonly retransmittedSegments: number;
  /** Octets of payload in them. */
  readonly retransmittedBytes: number;
  /** From the flow's start to this end's first payload; null when there is none, or the start was not captured. */
  readonly firstPayloadMs: number | null;
  /** Segments sent again by a timer (retransmission timeout or tail loss probe), as far as the capture can tell; null when it holds nothing of the other end, or its clock was set meanwhile. */
  readonly timeouts: number | null;
  /** The most timeouts of the same octets, one after the other: back-off doubles the wait each time. */
  readonly timeoutsInARow: number | null;
  /** The longest of these waits; null when there was none. */
  readonly longestTimeoutMs: number | null;
  /** Pure ACKs that came 35 to 510 ms later than the fastest, with nothing else to acknowledge: consistent with a delayed-ACK timer; null when none was timed. */
  readonly delayedAcks: number | null;
  /** Initial sequence number. */
  readonly isn: number | null;
  /** Maximum segment size it announced. */
  readonly mss: number | null;
  /** Window scale shift it announced. */
  readonly windowScale: number | null;
  /** Its SYN permitted SACK. */
  readonly sackPermitted: boolean | null;
  /** Its SYN carried timestamps. */
  readonly timestamps: boolean | null;
  /** Smallest window it announced, scaled. */
  readonly minWindow: number | null;
  /** Largest window it announced, scaled. */
  readonly maxWindow: number | null;
  /** Round-trip times of its segments: from a segment to its acknowledgment, at the place of capture; null when the capture's clock was set while the flow went on. */
  readonly rtt: RoundTrips;
  /** How often each event of the timeline occurred. */
  readonly events: EventCounts;
}

export interface RoundTrips {
  /** How many were measured. */
  readonly samples: number;
  /** The shortest. */
  readonly minMs: number | null;
  /** Their mean. */
  readonly meanMs: number | null;
  /** The longest. */
  readonly maxMs: number | null;
  /** Their median: exact up to 64 samples, then within 2%. */
  readonly p50Ms: number | null;
  /** Their 99th percentile, as exact. */
  readonly p99Ms: number | null;
}

export interface EventCounts {
  /** How often retransmission occurred. */
  readonly retransmission?: number;
  /** How often fast-retransmission occurred. */
  readonly 'fast-retransmission'?: number;
  /** How often spurious-retransmission occurred. */
  readonly 'spurious-retransmission'?: number;
  /** How often out-of-order occurred. */
  readonly 'out-of-order'?: number;
  /** How often lost-segment occurred. */
  readonly 'lost-segment'?: number;
  /** How often duplicate-ack occurred. */
  readonly 'duplicate-ack'?: number;
  /** How often ack-unseen-segment occurred. */
  readonly 'ack-unseen-segment'?: number;
  /** How often keep-alive occurred. */
  readonly 'keep-alive'?: number;
  /** How often keep-alive-ack occurred. */
  readonly 'keep-alive-ack'?: number;
  /** How often zero-window occurred. */
  readonly 'zero-window'?: number;
  /** How often zero-window-probe occurred. */
  readonly 'zero-window-probe'?: number;
  /** How often zero-window-probe-ack occurred. */
  readonly 'zero-window-probe-ack'?: number;
  /** How often window-full occurred. */
  readonly 'window-full'?: number;
  /** How often window-update occurred. */
  readonly 'window-update'?: number;
  /** How often port-reused occurred. */
  readonly 'port-reused'?: number;
}
