/** Kinds of TCP options (IANA TCP parameters). */
export const KIND = {
  end: 0,
  noOperation: 1,
  mss: 2,
  windowScale: 3,
  sackPermitted: 4,
  sack: 5,
  echo: 6,
  echoReply: 7,
  timestamps: 8,
  cc: 11,
  ccNew: 12,
  ccEcho: 13,
  md5: 19,
  scps: 20,
  userTimeout: 28,
  authentication: 29,
  multipath: 30,
  fastOpen: 34,
  experiment: 254,
} as const;

/** Experiment identifier of TCP Fast Open before it had a kind (RFC 7413 4.1.1). */
export const FAST_OPEN_EXPERIMENT = 0xf989;
