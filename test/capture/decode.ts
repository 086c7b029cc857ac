import type { CaptureDecoder } from '../../src/capture/decoder.ts';
import { decoderFor } from '../../src/capture/format.ts';
import { RecordView } from '../../src/capture/record.ts';
import type { LastackError } from '../../src/errors.ts';

/** What a record says, as values that may be kept and compared. */
export interface Decoded {
  readonly frame: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly carriedSeconds: number;
  readonly data: readonly number[];
  readonly originalLength: number;
  readonly linkType: number;
  readonly interfaceIndex: number;
  readonly offset: number;
}

export interface Outcome {
  readonly records: readonly Decoded[];
  /** `code` and place of what was wrong, or null. */
  readonly problem: { readonly code: string; readonly record?: number; readonly offset?: number } | null;
  readonly decoder: CaptureDecoder;
}

/** Decodes a file that comes in the given chunks, through a window that begins with `capacity` octets. */
export function decode(chunks: readonly Uint8Array[], capacity: number = 64): Outcome {
  const all = Buffer.concat(chunks);
  const decoder = decoderFor(all, 'test.pcap', capacity);
  if (!decoder) throw new Error('not a capture');
  const record = new RecordView();
  const records: Decoded[] = [];
  for (const chunk of chunks) {
    decoder.feed(chunk);
    while (decoder.next(record)) records.push(kept(record));
  }
  let problem: Outcome['problem'] = null;
  try {
    decoder.end();
  } catch (error) {
    problem = told(error as LastackError);
  }
  return { records, problem, decoder };
}

export function kept(record: RecordView): Decoded {
  return {
    frame: record.frame,
    seconds: record.seconds,
    nanoseconds: record.nanoseconds,
    carriedSeconds: record.carriedSeconds,
    data: [...record.bytes.subarray(record.at, record.end)],
    originalLength: record.originalLength,
    linkType: record.linkType,
    interfaceIndex: record.interfaceIndex,
    offset: record.offset,
  };
}

export function told(error: LastackError): NonNullable<Outcome['problem']> {
  if (error.code !== 'damaged-capture') return { code: error.code };
  return { code: error.code, record: error.place.record, offset: error.place.offset };
}

/** Cuts a file into chunks at the given places (taken modulo its length). */
export function cutAt(file: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [...new Set(places.map((place) => place % (file.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((from, i) => file.subarray(from, cuts[i] ?? file.length));
}
