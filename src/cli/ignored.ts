import type { CaptureRecord } from '../record/capture.ts';
import { say } from './standard.ts';

/** The capture's record without the findings that are ignored, which are counted with those of the flows. */
export function withoutIgnored(
  record: CaptureRecord,
  ignored: ReadonlySet<string>,
  suppressed: Map<string, number>,
): CaptureRecord {
  if (ignored.size === 0) return record;
  const findings = record.capture.findings.filter(({ code }) => {
    if (!ignored.has(code)) return true;
    suppressed.set(code, (suppressed.get(code) ?? 0) + 1);
    return false;
  });
  return { ...record, capture: { ...record.capture, findings } };
}

/** Says on standard error what `--ignore` left out. */
export function reportIgnored(suppressed: ReadonlyMap<string, number>): void {
  if (suppressed.size === 0) return;
  const codes = [...suppressed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, times]) => `${code} (${times})`);
  say(`lastack: --ignore left out ${codes.join(', ')}\n`);
}
