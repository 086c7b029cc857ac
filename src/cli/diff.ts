import { Analysis } from '../analyze.ts';
import { DEFAULT_TOLERANCE } from '../check/baseline-file.ts';
import { diffText } from '../check/baseline-results.ts';
import { compare } from '../check/compare.ts';
import { type Profile, Profiler } from '../check/profile.ts';
import { type LastackError, UsageError } from '../errors.ts';
import { FLOW } from '../flow/rows.ts';
import { openCaptures } from '../input/captures.ts';
import { FlowCursor } from '../record/cursor.ts';
import { analysisOptions, type ReadingOptions } from './capture-options.ts';
import { EXIT, exitStatus } from './exit.ts';
import { missingFlows } from './missing-flows.ts';
import { Output } from './output.ts';
import { reportProblems } from './problems.ts';
import { readAll } from './reading.ts';

export interface DiffOptions extends ReadingOptions {
  readonly addresses: 'keep' | 'roles';
}

/** `lastack diff A B`: what a baseline of A would say of B; answers the exit status. */
export async function diff(before: string, now: string, options: DiffOptions): Promise<number> {
  const problems: LastackError[] = [];
  const inputs = [before, now];
  const first = await profileOf(before, options, problems, inputs);
  const second = first === null ? null : await profileOf(now, options, problems, inputs);
  if (first !== null && second !== null) {
    const output = new Output(options.output, inputs);
    output.out.text(diffText(compare(first, second, DEFAULT_TOLERANCE)));
    output.close();
  }
  reportProblems(problems);
  return first === null || second === null ? exitStatus(problems) || EXIT.interrupted : exitStatus(problems);
}

/** Null when it can't be read, or was interrupted. @param inputs gets the paths of what was read */
async function profileOf(
  capture: string,
  options: DiffOptions,
  problems: LastackError[],
  inputs: string[],
): Promise<Profile | null> {
  const holds = options.where === undefined ? null : await (await import('./where.ts')).whereOf(options.where);
  const source = await openCaptures([capture]);
  if (source.inputs.length === 0) {
    problems.push(...source.problems);
    return null;
  }
  const wanted = options.flow === undefined ? null : new Set(options.flow);
  const profiler = new Profiler(options.addresses === 'keep');
  const analysis: Analysis = new Analysis({
    ...analysisOptions(options),
    onFlow: (row) => {
      cursor.move(row);
      cursor.baseSeconds = analysis.baseSeconds;
      if (wanted !== null && !wanted.has(cursor.word(FLOW.number))) return;
      if (holds === null || holds(cursor)) profiler.take(cursor);
    },
  });
  const cursor = new FlowCursor(analysis.flowContext(source.inputs.map((input) => input.path)));
  const interrupted = await readAll(source, analysis, options.progress);
  problems.push(...source.problems);
  if (interrupted || source.inputs.length === 0) return null;
  inputs.push(...source.inputs.map((input) => input.path));
  const [missing] = missingFlows(options.flow, analysis.tracker.identity.flows);
  if (missing !== undefined) problems.push(new UsageError(`${capture}: ${missing.message}`));
  return profiler.profile();
}
