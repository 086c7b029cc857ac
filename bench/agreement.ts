import { spawn } from 'node:child_process';
import type { Capture } from './captures.ts';
import { type Contender, type Facts, factsOf } from './contenders.ts';
import type { Truth } from './truth.ts';

/** Runs the contenders on a small capture and says where one differs from what the generator put in, or from lastack. */
export function disagreements(contenders: readonly Contender[], capture: Capture): string[] {
  const found: string[] = [];
  let lines: string | undefined;
  for (const contender of contenders) {
    if (!contender.facts) continue;
    const facts = attempt(contender, capture.path, found);
    if (!facts) continue;
    for (const difference of differences(facts, capture.truth)) found.push(`${contender.name}: ${difference}`);
    if (facts.lines === undefined) continue;
    lines ??= facts.lines;
    if (lines !== facts.lines) found.push(`${contender.name}: ${firstOtherLine(lines, facts.lines)}`);
  }
  return found;
}

function attempt(contender: Contender, path: string, found: string[]): Facts | undefined {
  try {
    return factsOf(contender, path);
  } catch (error) {
    found.push((error as Error).message);
    return undefined;
  }
}

/** How many lines a contender prints for a capture of any size. */
export async function lineCount(contender: Contender, path: string): Promise<number> {
  const [program, ...options] = contender.command(path);
  const child = spawn(program!, options, { stdio: ['ignore', 'pipe', 'ignore'] });
  let lines = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  }
  return lines;
}

function differences(facts: Facts, truth: Truth): string[] {
  const found: string[] = [];
  for (const key of ['records', 'flows'] as const) {
    if (facts[key] !== undefined && facts[key] !== truth[key]) found.push(`${key} ${facts[key]}, not ${truth[key]}`);
  }
  for (const key of ['outcomes', 'patterns'] as const) {
    const counts = facts[key];
    if (!counts) continue;
    for (const name of new Set([...Object.keys(counts), ...Object.keys(truth[key])])) {
      if (counts[name] !== truth[key][name])
        found.push(`${key} ${name} ${counts[name] ?? 0}, not ${truth[key][name] ?? 0}`);
    }
  }
  return found;
}

function firstOtherLine(ours: string, theirs: string): string {
  const theirLines = theirs.split('\n');
  const ourLines = ours.split('\n');
  const at = ourLines.findIndex((line, i) => line !== theirLines[i]);
  return `line ${at + 1} is "${theirLines[at]}" and not "${ourLines[at]}"`;
}
