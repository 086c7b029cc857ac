import { existsSync, readFileSync } from 'node:fs';
import { Analysis } from '../analyze.ts';
import { meant } from '../bytes/nearest.ts';
import { type Baseline, baselineText, DEFAULT_TOLERANCE, readBaseline } from '../check/baseline-file.ts';
import { baselineResults } from '../check/baseline-results.ts';
import { Checker } from '../check/checker.ts';
import { compare } from '../check/compare.ts';
import { Profiler } from '../check/profile.ts';
import { redacted } from '../check/redact.ts';
import { REPORTERS } from '../check/reporters/reporter.ts';
import { isViolation, type Report, type RuleResult } from '../check/rule.ts';
import { SurroundingLines } from '../check/surrounding-lines.ts';
import { UsageError } from '../errors.ts';
import { FLOW } from '../flow/rows.ts';
import { openCaptures } from '../input/captures.ts';
import { reasonOf } from '../input/reason.ts';
import { RulesFiles } from '../input/rules-files.ts';
import { StoredInputs } from '../input/stored.ts';
import { FlowCursor } from '../record/cursor.ts';
import { analysisOptions, type ReadingOptions } from './capture-options.ts';
import { EXIT, exitStatus } from './exit.ts';
import { missingFlows } from './missing-flows.ts';
import { Output } from './output.ts';
import { printable, reportProblems } from './problems.ts';
import { Interruption, readAll } from './reading.ts';
import { say } from './standard.ts';
import { VERSION } from './version.ts';
import { localOffset } from './zone.ts';

export interface CheckOptions extends Omit<ReadingOptions, 'output'> {
  readonly rules?: readonly string[];
  readonly pack?: readonly string[];
  /** NAME or NAME=FILE. */
  readonly reporter?: readonly string[];
  readonly show: number;
  /** By default reports keep addresses, and baselines do not. */
  readonly addresses?: 'keep' | 'roles';
  readonly baseline?: string;
  readonly updateBaseline?: boolean;
}

/** `lastack check`: answers the exit status. */
export async function check(captures: readonly string[], options: CheckOptions): Promise<number> {
  const reporters = reportersOf(options.reporter ?? ['text']);
  const files = new RulesFiles();
  const baseline = baselineOf(options);
  const rules = files.read(options.rules ?? [], options.pack ?? [], baseline !== null);
  const checker = new Checker(rules, {
    today: new Date().toISOString().slice(0, 10),
    show: options.show,
    textOf: (file) => files.texts.get(file) ?? '',
  });
  const stored = new StoredInputs();
  const interruption = new Interruption();
  try {
    await stored.store(captures, interruption);
    interruption.forget();
    return await run(captures, options, checker, baseline, reporters, stored, interruption.happened);
  } finally {
    interruption.forget();
    stored.close();
  }
}

async function run(
  captures: readonly string[],
  options: CheckOptions,
  checker: Checker,
  baseline: BaselineCheck | null,
  reporters: readonly ChosenReporter[],
  stored: StoredInputs,
  interruptedBefore: boolean,
): Promise<number> {
  const holds = options.where === undefined ? null : await (await import('./where.ts')).whereOf(options.where);
  const source = await openCaptures(captures, { stored: stored.files });
  if (source.inputs.length === 0) {
    reportProblems(stored.ownOf(source.problems));
    return interruptedBefore ? EXIT.interrupted : exitStatus(source.problems);
  }
  const wanted = options.flow === undefined ? null : new Set(options.flow);
  const analysis: Analysis = new Analysis({
    ...analysisOptions(options),
    onFlow: (row) => {
      cursor.move(row);
      cursor.baseSeconds = analysis.baseSeconds;
      if (wanted !== null && !wanted.has(cursor.word(FLOW.number))) return;
      if (holds !== null && !holds(cursor)) return;
      checker.take(cursor);
      baseline?.profiler.take(cursor);
    },
  });
  const paths = source.inputs.map((input) => input.path);
  const cursor = new FlowCursor(analysis.flowContext(paths));
  let interrupted = (await readAll(source, analysis, options.progress)) || interruptedBefore;
  const problems = [...stored.ownOf(source.problems)];
  if (source.inputs.length === 0) {
    reportProblems(problems);
    return interrupted ? EXIT.interrupted : exitStatus(problems);
  }
  if (!interrupted) problems.push(...missingFlows(options.flow, analysis.tracker.identity.flows));
  const results = [...checker.results(cursor, (analysis.latest - analysis.start) / 1e9)];
  const spoiled = baseline?.update === true && problems.length > 0;
  if (baseline !== null && !interrupted && !spoiled) results.push(...resultsOf(baseline));
  if (!interrupted) interrupted = await addLines(results, paths, options, stored);
  const report: Report = { version: VERSION, captures: paths, flows: checker.flows, results };
  const shown = options.addresses === 'roles' ? redacted(report) : report;
  for (const { name, file } of reporters) {
    const output = new Output(file, [...captures, ...paths]);
    output.out.text(REPORTERS[name]!(shown));
    output.close();
  }
  reportProblems(problems);
  if (spoiled && !interrupted) {
    say(`lastack: ${printable(baseline.file)}: not written, since not all that was asked for could be read\n`);
  }
  if (checker.flows === 0 && !interrupted) say('lastack: no flows: nothing was checked\n');
  if (interrupted) return EXIT.interrupted;
  return exitStatus(problems) || (results.some(isViolation) ? EXIT.violation : EXIT.done);
}

/** Reads the captures again, where a rule is broken, for the lines around the frames that show it. Answers whether it was interrupted. */
async function addLines(
  results: readonly RuleResult[],
  paths: readonly string[],
  options: CheckOptions,
  stored: StoredInputs,
): Promise<boolean> {
  const flows = results.filter((result) => result.outcome !== 'passed').flatMap((result) => result.flows);
  if (flows.length === 0) return false;
  const source = await openCaptures(paths, { stored: stored.files });
  const lines = new SurroundingLines(flows, localOffset);
  const analysis = new Analysis({
    ...analysisOptions(options),
    onSegment: (verdict, segment, result) => lines.take(verdict, segment, result),
  });
  const interrupted = await readAll(source, analysis, options.progress);
  lines.end();
  return interrupted;
}

/** A baseline to compare with, or to write. */
interface BaselineCheck {
  readonly file: string;
  /** Null when there is none yet. */
  readonly before: Baseline | null;
  readonly text: string;
  readonly update: boolean;
  readonly profiler: Profiler;
}

function baselineOf(options: CheckOptions): BaselineCheck | null {
  const { baseline: file, updateBaseline: update = false } = options;
  if (file === undefined) {
    if (update) throw new UsageError('--update-baseline needs --baseline FILE');
    return null;
  }
  const text = baselineFile(file, update);
  const before = text === '' ? null : readBaseline(text, file);
  return { file, before, text, update, profiler: new Profiler(options.addresses === 'keep') };
}

/** What the file holds; nothing where it is still to be made. */
function baselineFile(file: string, update: boolean): string {
  if (!existsSync(file)) {
    if (update) return '';
    throw new UsageError(`${printable(file)}: can't be read: no such file; --update-baseline makes one`);
  }
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${printable(file)}: can't be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** What the baseline says; where it is to be updated, it is written, and has nothing to say. */
function resultsOf({ file, before, text, update, profiler }: BaselineCheck): readonly RuleResult[] {
  const now = profiler.profile();
  const tolerance = before?.tolerance ?? DEFAULT_TOLERANCE;
  if (!update) return baselineResults(compare(before?.services ?? {}, now, tolerance), file, text);
  const output = new Output(file, []);
  output.out.text(baselineText({ tolerance, services: now }));
  output.close();
  say(`lastack: ${printable(file)}: ${before === null ? 'made' : 'brought up to date'}\n`);
  return [];
}

interface ChosenReporter {
  readonly name: string;
  readonly file: string | undefined;
}

function reportersOf(choices: readonly string[]): readonly ChosenReporter[] {
  return choices.map((choice) => {
    const [name, ...file] = choice.split('=');
    if (!Object.hasOwn(REPORTERS, name!)) {
      const names = Object.keys(REPORTERS);
      throw new UsageError(`there is no reporter ${name}${meant(name!, names) || `: ${names.join(', ')}`}`);
    }
    return { name: name!, file: file.length === 0 ? undefined : file.join('=') };
  });
}
