import { type FlowRecord, openCapture } from '../../src/index.ts';

/** Every flow of a capture, in order of their first segments. */
export async function flowsOf(path: string): Promise<FlowRecord[]> {
  const capture = await openCapture(path);
  const flows: FlowRecord[] = [];
  for await (const flow of capture.flows()) flows.push(flow);
  if (capture.problems[0] !== undefined) throw capture.problems[0];
  return flows.sort((one, other) => one.flow - other.flow);
}
