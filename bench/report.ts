import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { CAPTURES, type Capture } from './captures.ts';
import type { Contender } from './contenders.ts';
import { machine } from './machine.ts';
import { type Cost, spreadOf } from './measure.ts';

const DOCUMENT = 'docs/performance.md';
const BEGIN = '<!-- measured: begin -->';
const END = '<!-- measured: end -->';

/** One case: what every contender cost in each round. Without a capture it is the start-up. */
export interface Result {
  readonly capture?: Capture;
  readonly costs: ReadonlyMap<Contender, readonly Cost[]>;
}

/**
 * The case as a Markdown table; `times` is a contender's processor time over lastack's in the same task, both of them
 * where lastack has two ways.
 */
export function tableOf({ capture, costs }: Result): string {
  const rows = [
    ['contender', 'CPU s', 'low to high', 'wall s', 'peak MiB', 'rounds', 'times'],
    ['---', '---:', '---:', '---:', '---:', '---:', '---:'],
  ];
  for (const [contender, rounds] of costs) {
    const cpu = spreadOf(rounds.map((cost) => cost.cpuMs / 1000));
    rows.push([
      contender.name,
      seconds(cpu.median),
      `${seconds(cpu.low)} to ${seconds(cpu.high)}`,
      seconds(spreadOf(rounds.map((cost) => cost.wallMs / 1000)).median),
      spreadOf(rounds.map((cost) => cost.peakMiB)).high.toFixed(0),
      String(rounds.length),
      ourMedians(costs, contender)
        .map((median) => (cpu.median / median).toFixed(2))
        .join(' / '),
    ]);
  }
  return `${titleOf(capture)}\n\n${aligned(rows)}`;
}

/** Puts the results, with date, machine and versions, between the markers of docs/performance.md. */
export function writePerformance(results: readonly Result[], contenders: readonly Contender[]): void {
  const text = readFileSync(DOCUMENT, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} has lost its markers ${BEGIN} and ${END}`);
  const measured = [
    `Measured ${new Date().toISOString().slice(0, 10)} on ${machine()}; ${versions(contenders).join(', ')}.`,
    ...results.map(tableOf),
  ].join('\n\n');
  writeFileSync(DOCUMENT, `${text.slice(0, begin)}${BEGIN}\n\n${measured}\n\n${text.slice(end)}`);
  spawnSync('npx', ['biome', 'format', '--write', DOCUMENT]);
}

/** Writes what each contender cost, as JSON for machines: medians, and nanoseconds of processor time a segment. */
export function writeFigures(path: string, results: readonly Result[]): void {
  const figures = results.flatMap(({ capture, costs }) =>
    [...costs].map(([contender, rounds]) => {
      const cpuMs = spreadOf(rounds.map((cost) => cost.cpuMs)).median;
      return {
        case: capture?.name ?? 'start',
        contender: contender.name,
        cpuMs,
        nsPerSegment: capture === undefined ? null : (cpuMs * 1e6) / capture.truth.records,
        peakMiB: spreadOf(rounds.map((cost) => cost.peakMiB)).high,
        rounds: rounds.length,
      };
    }),
  );
  const measured = { date: new Date().toISOString(), machine: machine(), figures };
  writeFileSync(path, `${JSON.stringify(measured, null, 2)}\n`);
}

/** lastack's times in the contender's task; whoever only counts records is held against the flows. */
function ourMedians(costs: Result['costs'], { task }: Contender): number[] {
  const medians: number[] = [];
  for (const [contender, rounds] of costs)
    if (contender.name.startsWith('lastack') && contender.task === (task === 'records' ? 'flows' : task))
      medians.push(spreadOf(rounds.map((cost) => cost.cpuMs / 1000)).median);
  return medians;
}

function titleOf(capture: Capture | undefined): string {
  if (!capture) return '### start-up';
  const { name, bytes, truth } = capture;
  const size = bytes < 1e6 ? `${bytes} octets` : `${(bytes / 1e6).toFixed(0)} MB`;
  return `### ${name}: ${CAPTURES[name].about}\n\n${size}, ${truth.records} segments, ${truth.flows} flows`;
}

function seconds(value: number): string {
  return value.toFixed(value < 10 ? 3 : 1);
}

function aligned(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const cell = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return rows.map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
}

function versions(contenders: readonly Contender[]): string[] {
  const programs = new Set(contenders.map((contender) => contender.command('')[0]!));
  programs.delete(process.execPath);
  return [...programs].map((program) => {
    const run = spawnSync(program, [program === 'tcptrace' ? '-version' : '--version'], { encoding: 'utf8' });
    const version = `${run.stdout}${run.stderr}`.match(/\d+\.\d+(\.\d+)*/);
    return version ? `${program} ${version[0]}` : program;
  });
}
