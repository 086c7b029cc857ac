import { Analysis } from '../analyze.ts';
import { RecordView } from '../capture/record.ts';
import { Checker } from '../check/checker.ts';
import { type Profile, Profiler } from '../check/profile.ts';
import type { Report, Rule } from '../check/rule.ts';
import { SurroundingLines } from '../check/surrounding-lines.ts';
import type { CaptureSource } from '../input/capture-source.ts';
import { openCaptures } from '../input/captures.ts';
import { FlowCursor } from '../record/cursor.ts';

/** What captures say to rules, and their profile. Throws what is wrong with a capture: a test is no place for half of one. */
export async function checkCaptures(
  paths: readonly string[],
  rules: readonly Rule[],
  textOf: (file: string) => string,
): Promise<{ readonly report: Report; readonly profile: Profile }> {
  const checker = new Checker(rules, { today: new Date().toISOString().slice(0, 10), show: 5, textOf });
  const profiler = new Profiler(false);
  const source = await openCaptures(paths);
  const analysis: Analysis = new Analysis({
    onFlow: (row) => {
      cursor.move(row);
      cursor.baseSeconds = analysis.baseSeconds;
      checker.take(cursor);
      profiler.take(cursor);
    },
  });
  const files = source.inputs.map((input) => input.path);
  const cursor = new FlowCursor(analysis.flowContext(files));
  await read(source, analysis);
  const results = checker.results(cursor, (analysis.latest - analysis.start) / 1e9);
  const flows = results.filter((result) => result.outcome !== 'passed').flatMap((result) => result.flows);
  if (flows.length > 0) {
    const lines = new SurroundingLines(flows, () => 0);
    await read(await openCaptures(paths), new Analysis({ onSegment: (...segment) => lines.take(...segment) }));
    lines.end();
  }
  return { report: { version: '', captures: files, flows: checker.flows, results }, profile: profiler.profile() };
}

async function read(source: CaptureSource, analysis: Analysis): Promise<void> {
  const record = new RecordView();
  try {
    do {
      while (source.next(record)) analysis.take(record);
    } while (await source.fill());
  } finally {
    source.close();
  }
  analysis.end();
  const [problem] = source.problems;
  if (problem !== undefined) throw problem;
}
