/** One input, as the capture's record tells of it. */
export interface InputRecord {
  /** The path as the user gave it; `-` for standard input. */
  readonly path: string;
  readonly format: string;
  /** LINKTYPE_ numbers of its interfaces, each once. */
  readonly linkTypes: readonly number[];
  /** Octets as they stand on disk, or as many as were read from a pipe. */
  readonly bytes: number;
  readonly records: number;
  /** Of the file as it stands on disk; null where it was not read to the end. */
  readonly sha256: string | null;
}

/** Something remarkable about the capture as a whole. */
export interface CaptureFinding {
  readonly code: string;
  readonly severity: 'info' | 'notice' | 'warning' | 'alert';
  readonly confidence: 'certain' | 'likely' | 'possible';
  /** The deciding frame; null where it rests on no single one. */
  readonly frame: number | null;
  /** Evidence, in ascending order: where there is much, some of it. */
  readonly frames: readonly number[];
  /** Numbers of the flows that it is about, in ascending order: where there are many, some of them. */
  readonly flows: readonly number[];
  /** What was measured and compared. Names that end in `Ms` are milliseconds. */
  readonly values: Readonly<Record<string, number | string | null>>;
  /** What was seen, what it means, and what to look at next. */
  readonly message: string;
  /** A Wireshark display filter that shows the evidence; null where none does. */
  readonly filter: string | null;
}

/** How many segments of a flow came after it had been handed on. */
export interface LateSegments {
  readonly flow: number;
  readonly segments: number;
}

/** What was in the capture besides its flows. */
export interface CaptureSummary {
  /** Times of the earliest and the latest record that was not left out, RFC 3339; null when there is none. */
  readonly start: string | null;
  readonly end: string | null;
  /** As frames are numbered: every record counts, whatever it holds. */
  readonly records: number;
  /** Of these, records that `--from` and `--to` left out. */
  readonly outsideTime: number;
  /** Records whose link type lastack can't decode. */
  readonly undecoded: number;
  /** Segments that belong to flows. */
  readonly tcpSegments: number;
  /** Copies of a mirror port that were folded. */
  readonly duplicates: number;
  /** Packets that the capturing program says it lost. */
  readonly dropped: number;
  /** Segments that came after their flow had been handed on. */
  readonly lateSegments: number;
  /** Whose they were: the flows with late segments, as far as they are remembered, at most 1000. */
  readonly lateSegmentsByFlow: readonly LateSegments[];
  readonly findings: readonly CaptureFinding[];
}

/** The capture's record: what `--capture-record` and the `json` document say besides the flows. */
export interface CaptureRecord {
  readonly inputs: readonly InputRecord[];
  readonly capture: CaptureSummary;
}

const INTEGER = { type: 'integer' } as const;
const TIME_OR_NULL = { type: ['string', 'null'], format: 'date-time' } as const;

/** The capture's record as JSON Schema. */
export const CAPTURE_SCHEMA: {
  readonly type: 'object';
  readonly properties: object;
  readonly required: readonly string[];
} = {
  type: 'object',
  properties: {
    inputs: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          path: { type: 'string' },
          format: { enum: ['pcap', 'pcapng'] },
          linkTypes: { type: 'array', items: INTEGER },
          bytes: INTEGER,
          records: INTEGER,
          sha256: { type: ['string', 'null'] },
        } satisfies Record<keyof InputRecord, object>,
        required: ['path', 'format', 'linkTypes', 'bytes', 'records', 'sha256'],
      },
    },
    capture: {
      type: 'object',
      properties: {
        start: TIME_OR_NULL,
        end: TIME_OR_NULL,
        records: INTEGER,
        outsideTime: INTEGER,
        undecoded: INTEGER,
        tcpSegments: INTEGER,
        duplicates: INTEGER,
        dropped: INTEGER,
        lateSegments: INTEGER,
        lateSegmentsByFlow: {
          type: 'array',
          items: {
            type: 'object',
            properties: { flow: INTEGER, segments: INTEGER } satisfies Record<keyof LateSegments, object>,
            required: ['flow', 'segments'],
          },
        },
        findings: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              code: { type: 'string' },
              severity: { enum: ['info', 'notice', 'warning', 'alert'] },
              confidence: { enum: ['certain', 'likely', 'possible'] },
              frame: { type: ['integer', 'null'] },
              frames: { type: 'array', items: INTEGER },
              flows: { type: 'array', items: INTEGER },
              values: { type: 'object' },
              message: { type: 'string' },
              filter: { type: ['string', 'null'] },
            } satisfies Record<keyof CaptureFinding, object>,
            required: ['code', 'severity', 'confidence', 'frame', 'frames', 'flows', 'values', 'message', 'filter'],
          },
        },
      } satisfies Record<keyof CaptureSummary, object>,
      required: [
        'start',
        'end',
        'records',
        'outsideTime',
        'undecoded',
        'tcpSegments',
        'duplicates',
        'dropped',
        'lateSegments',
        'lateSegmentsByFlow',
        'findings',
      ],
    },
  } satisfies Record<keyof CaptureRecord, object>,
  required: ['inputs', 'capture'],
};
