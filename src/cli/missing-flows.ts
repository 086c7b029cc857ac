import { UsageError } from '../errors.ts';

/**
 * What is wrong with the numbers of `--flow`: those that no flow has, which only the end of the captures tells.
 *
 * @param flows how many there are
 */
export function missingFlows(asked: readonly number[] | undefined, flows: number): readonly UsageError[] {
  const missing = [...new Set(asked)].filter((flow) => flow > flows);
  if (missing.length === 0) return [];
  const what = missing.length === 1 ? 'is no flow' : 'are no flows';
  return [new UsageError(`there ${what} ${missing.join(', ')}: ${thereAre(flows)}`)];
}

/** `there are none`, `there is 1`, `there are 12`. */
export function thereAre(count: number): string {
  return count === 0 ? 'there are none' : count === 1 ? 'there is 1' : `there are ${count}`;
}
