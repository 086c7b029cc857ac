import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_TOLERANCE } from '../../src/check/baseline-file.ts';
import { type Comparison, compare } from '../../src/check/compare.ts';
import type { Profile } from '../../src/check/profile.ts';
import { checkCaptures } from '../../src/testing/check-captures.ts';

/**
 * How often a baseline fails, on what record.py recorded: `npm run judge-baselines -- [--show N] FOLDER`.
 *
 * Each recording is compared with the first healthy one, as `lastack check --baseline` does; and, for how much of that is
 * the first one's luck, with every healthy one. Exit status 1 where more than 1 of 200 healthy recordings fail against the
 * first, or fewer than 199 of 200 of a kind that was recorded as often as them are found.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { show: { type: 'string', default: '3' } },
});
const HEALTHY = 'healthy';
const PART = 1 / 200;

await main(positionals[0] ?? '.');

async function main(folder: string): Promise<void> {
  const kinds = await profilesOf(folder);
  const healthy = kinds.get(HEALTHY) ?? [];
  const [first] = healthy;
  if (first === undefined) throw new Error(`${folder}: holds no ${HEALTHY}-NUMBER.pcap`);
  let wrong = 0;
  console.log('recordings             n  fail   against every healthy one');
  for (const [kind, profiles] of kinds) {
    const others = kind === HEALTHY ? profiles.slice(1) : profiles;
    const failing = others.map((profile) => worse(first, profile)).filter((found) => found.length > 0);
    const pairs = healthy.flatMap((before) =>
      profiles.filter((now) => now !== before).map((now) => worse(before, now)),
    );
    const share = pairs.filter((found) => found.length > 0).length / pairs.length;
    console.log(
      `${kind.padEnd(18)} ${pad(others.length, 5)} ${pad(failing.length, 5)}   ${(100 * share).toFixed(2).padStart(6)}%   ${aspects(pairs)}`,
    );
    if (kind === HEALTHY ? failing.length > others.length * PART : tooFew(failing.length, others.length)) wrong++;
  }
  process.exitCode = wrong > 0 ? 1 : 0;

  function tooFew(found: number, of: number): boolean {
    return of >= healthy.length - 1 && found < of * (1 - PART);
  }
}

/** Profiles by kind, in order of their names' numbers; the healthy ones first. */
async function profilesOf(folder: string): Promise<ReadonlyMap<string, readonly Profile[]>> {
  const kinds = new Map<string, Profile[]>([[HEALTHY, []]]);
  for (const name of readdirSync(folder).sort()) {
    const kind = /^(.*)-\d+\.pcap$/.exec(name)?.[1];
    if (kind === undefined) continue;
    const { profile } = await checkCaptures([join(folder, name)], [], () => '');
    kinds.set(kind, [...(kinds.get(kind) ?? []), profile]);
  }
  return kinds;
}

function worse(before: Profile, now: Profile): readonly Comparison[] {
  return compare(before, now, DEFAULT_TOLERANCE).filter(({ verdict }) => verdict === 'worse' || verdict === 'gone');
}

/** What was worse most often, with its part of all comparisons. */
function aspects(comparisons: readonly (readonly Comparison[])[]): string {
  const counts = new Map<string, number>();
  for (const { aspect } of comparisons.flat()) counts.set(aspect, (counts.get(aspect) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, Number(values.show))
    .map(([aspect, count]) => `${aspect} ${((100 * count) / comparisons.length).toFixed(1)}%`)
    .join(', ');
}

function pad(number: number, width: number): string {
  return String(number).padStart(width);
}
