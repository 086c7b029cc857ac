import { parseArgs } from 'node:util';
import { disagreements, lineCount } from './agreement.ts';
import { CAPTURES, type Capture, type CaptureName, capture } from './captures.ts';
import { type Contender, contenders, isInstalled } from './contenders.ts';
import { exceeded } from './guard.ts';
import { freeMemory } from './machine.ts';
import { type Cost, measure } from './measure.ts';
import { type Result, tableOf, writeFigures, writePerformance } from './report.ts';

/**
 * `npm run bench -- [CASE...] [--rounds N] [--scale N] [--peers NAME,...] [--lastack FILE] [--write] [--figures FILE] [--guard]`
 *
 * Whole processes in turns, output thrown away: processor time, wall-clock time, peak memory. Asserts nothing about
 * milliseconds; ends with 1 where results that must agree differ, and with `--guard` where a ratio is past its limit.
 */
const FOLDER = 'bench/data';
/** Agreement is checked on captures of this scale, where every output can be read as a whole. */
const SMALL = 0.01;
/** Whoever takes longer than this runs once: its spread is small beside its distance. */
const SLOW_MS = 10_000;
/** A peer may take half of the memory that is free. */
const MEMORY_SHARE = 0.5;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    peers: { type: 'string' },
    lastack: { type: 'string', default: 'dist/cli/main.js' },
    write: { type: 'boolean', default: false },
    figures: { type: 'string' },
    guard: { type: 'boolean', default: false },
  },
});

await main(
  (positionals.length > 0 ? positionals : Object.keys(CAPTURES)).map(caseOf),
  positive('rounds', values.rounds),
  positive('scale', values.scale),
);

async function main(cases: readonly CaptureName[], rounds: number, scale: number): Promise<void> {
  const everyone = present(contenders(values.lastack).filter(asked));
  const results: Result[] = [];
  let wrong = 0;
  for (const name of cases) {
    const small = capture(FOLDER, name, Math.min(SMALL, scale));
    const whole = capture(FOLDER, name, scale);
    if (!small || !whole) {
      console.log(`\n${name}: left out, its compressor is not installed`);
      continue;
    }
    const able = everyone.filter(({ task, reads }) => task !== 'start' && (!reads || reads.includes(name)));
    const differences = disagreements(able, small);
    differences.push(...(await countAgain(able, whole)));
    const result = { capture: whole, costs: takeTurns(fitting(able, whole), whole.path, rounds, differences) };
    for (const difference of differences) console.log(`${name}: WRONG: ${difference}`);
    wrong += differences.length;
    results.push(result);
    console.log(`\n${tableOf(result)}`);
  }
  const starters = everyone.filter(({ task }) => task === 'start');
  const start = { costs: takeTurns(starters, '', Math.max(rounds, 5), []) };
  results.push(start);
  console.log(`\n${tableOf(start)}`);
  if (values.write) writePerformance(results, everyone);
  if (values.figures !== undefined) writeFigures(values.figures, results);
  const slow = values.guard ? exceeded(results) : [];
  for (const words of slow) console.log(`TOO SLOW: ${words}`);
  if (wrong + slow.length > 0) process.exitCode = 1;
}

function caseOf(name: string): CaptureName {
  if (name in CAPTURES) return name as CaptureName;
  throw new Error(`no case "${name}"; there are ${Object.keys(CAPTURES).join(', ')}`);
}

function positive(option: string, value: string): number {
  if (Number(value) > 0) return Number(value);
  throw new Error(`--${option} takes a number above 0, not "${value}"`);
}

function asked({ name }: Contender): boolean {
  return !values.peers || /^(lastack|node)/.test(name) || values.peers.split(',').includes(name.split(' ')[0]!);
}

function present(asked: readonly Contender[]): Contender[] {
  return asked.filter((contender) => {
    if (isInstalled(contender)) return true;
    if (contender.name.startsWith('lastack')) throw new Error(`${values.lastack} is missing: npm run build`);
    console.log(`${contender.name}: not installed, left out`);
    return false;
  });
}

/** lastack's lines for the whole capture: a flow, and a segment, each. */
async function countAgain(contenders: readonly Contender[], { path, truth }: Capture): Promise<string[]> {
  const found: string[] = [];
  for (const contender of contenders) {
    if (contender.lineFor === undefined) continue;
    const expected = truth[contender.lineFor];
    const lines = await lineCount(contender, path);
    if (lines !== expected) found.push(`${contender.name}: ${lines} lines, not ${expected}`);
  }
  return found;
}

function fitting(contenders: readonly Contender[], { name, truth }: Capture): Contender[] {
  return contenders.filter((contender) => {
    const needed = truth.records * (contender.octetsPerRecord ?? 0);
    if (needed <= freeMemory() * MEMORY_SHARE) return true;
    console.log(`${name}: ${contender.name} left out, it would take some ${(needed / 2 ** 30).toFixed(1)} GiB`);
    return false;
  });
}

/** Every round runs each contender once, so that a busy machine is busy for all of them. Who fails once is out. */
function takeTurns(
  contenders: readonly Contender[],
  path: string,
  rounds: number,
  failures: string[],
): Map<Contender, Cost[]> {
  const costs = new Map<Contender, Cost[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [contender, spent] of costs) {
      if ((spent[0]?.wallMs ?? 0) > SLOW_MS) continue;
      try {
        spent.push(measure(contender.command(path)));
      } catch (error) {
        failures.push((error as Error).message);
        costs.delete(contender);
      }
    }
  }
  return costs;
}
