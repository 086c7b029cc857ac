import { Analysis } from '../analyze.ts';
import { ordinal } from '../bytes/counts.ts';
import { UsageError } from '../errors.ts';
import { FLOW } from '../flow/rows.ts';
import { openCaptures } from '../input/captures.ts';
import type { StoredInputs } from '../input/stored.ts';
import { FlowCursor } from '../record/cursor.ts';
import { FLOW_FIELDS } from '../record/flow.ts';
import { analysisOptions, type ReadingOptions } from './capture-options.ts';
import { missingFlows } from './missing-flows.ts';
import { readAll } from './reading.ts';

/** The test that `--where`, or several of them, ask for; throws UsageError where one says nothing. */
export async function whereOf(expressions: readonly string[]): Promise<(flow: FlowCursor) => boolean> {
  const [{ condition }, { ExpressionMistake }] = await Promise.all([
    import('../where/where.ts'),
    import('../where/mistake.ts'),
  ]);
  const tests = expressions.map((expression, i) => {
    try {
      return condition(expression, FLOW_FIELDS);
    } catch (error) {
      if (!(error instanceof ExpressionMistake)) throw error;
      const name = expressions.length === 1 ? '--where' : `${ordinal(i + 1)} --where`;
      throw new UsageError(error.describe(name), { cause: error });
    }
  });
  const [only] = tests;
  return tests.length === 1 ? only! : (flow) => tests.every((test) => test(flow));
}

/**
 * The numbers of the flows that `--where` (and `--flow`) select: the captures are read to their end for it, since what
 * became of a flow is known only then. `interrupted` where that reading was. Throws UsageError for a number that no flow has.
 */
export async function flowsWhere(
  captures: readonly string[],
  options: ReadingOptions & { readonly where: readonly string[] },
  stored: StoredInputs,
): Promise<{ readonly flow: readonly number[]; readonly interrupted: boolean }> {
  const holds = await whereOf(options.where);
  const source = await openCaptures(captures, { stored: stored.files });
  if (source.inputs.length === 0) return { flow: [], interrupted: false };
  const asked = options.flow === undefined ? null : new Set(options.flow);
  const selected: number[] = [];
  const analysis: Analysis = new Analysis({
    ...analysisOptions(options),
    onFlow: (row) => {
      cursor.move(row);
      cursor.baseSeconds = analysis.baseSeconds;
      const number = cursor.word(FLOW.number);
      if ((asked === null || asked.has(number)) && holds(cursor)) selected.push(number);
    },
  });
  const cursor = new FlowCursor(analysis.flowContext(source.inputs.map((input) => input.path)));
  const interrupted = await readAll(source, analysis, options.progress);
  const [missing] = missingFlows(options.flow, analysis.tracker.identity.flows);
  if (missing !== undefined && !interrupted && source.inputs.length > 0) throw missing;
  return { flow: selected, interrupted };
}
