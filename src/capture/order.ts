import type { RecordView } from './record.ts';

/**
 * The order of records in a merged capture: negative when `a` comes before `b`. By time; records of the same time by
 * their content, so that the order in which the files were named changes nothing.
 */
export function compareRecords(a: RecordView, b: RecordView): number {
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds || compareContent(a, b);
}

/** Any order will do that depends on nothing but the records. */
function compareContent(a: RecordView, b: RecordView): number {
  const length = Math.min(a.end - a.at, b.end - b.at);
  for (let i = 0; i < length; i++) {
    const difference = a.bytes[a.at + i]! - b.bytes[b.at + i]!;
    if (difference !== 0) return difference;
  }
  return a.end - a.at - (b.end - b.at) || a.originalLength - b.originalLength || a.linkType - b.linkType;
}
