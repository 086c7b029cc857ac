/**
 * The contract's words for how connections open and close, each list in the order of the numbers kept in rows.
 */

/** How the roles were told, the best first. */
export const CLIENT_BY = ['syn', 'syn-ack', 'port', 'first-segment'] as const;

export const HANDSHAKE_OUTCOMES = [
  'not-captured',
  'unanswered',
  'half-open',
  'complete',
  'refused',
  'aborted',
] as const;
export const OUTCOME = { notCaptured: 0, unanswered: 1, halfOpen: 2, complete: 3, refused: 4, aborted: 5 } as const;

export const CLOSE_PATTERNS = [
  'open',
  'half-closed',
  'four-way',
  'three-way',
  'simultaneous',
  'reset',
  'reset-after-fin',
  'refused',
] as const;
export const PATTERN = {
  open: 0,
  halfClosed: 1,
  fourWay: 2,
  threeWay: 3,
  simultaneous: 4,
  reset: 5,
  resetAfterFin: 6,
  refused: 7,
} as const;

/** The three forms of a RST (taxonomy of resets): a socket killed, no socket for the segment, no socket for a SYN. */
export const RESET_FORMS = ['abort', 'reply', 'reply-to-syn'] as const;
/** Where each stands in RESET_FORMS. */
export const RESET_FORM = { abort: 0, reply: 1, replyToSyn: 2 } as const;

/** How far the connection was when it was reset. */
export const RESET_STAGES = ['post-syn', 'post-ack', 'post-psh', 'later'] as const;

/**
 * `FLOW.reset`, packed: form in bits 0-1, stage in 2-3, sender's side in 4, sender's state before it in 5-8,
 * and whether it met no exact number in 9: only a minisocket in FIN_WAIT2 takes such a one.
 * Valid where FLOW_BITS.reset or FLOW_BITS.refused/aborted is set.
 */
export const RESET_PACK = { formMask: 3, stage: 2, side: 4, state: 5, inexact: 9 } as const;
