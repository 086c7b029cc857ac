import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { meant } from '../bytes/nearest.ts';
import type { Rule } from '../check/rule.ts';
import { readRules } from '../check/rules-file.ts';
import { UsageError } from '../errors.ts';
import { reasonOf } from './reason.ts';

/** Rules files by name, and what they say. */
export class RulesFiles {
  readonly texts: Map<string, string> = new Map();
  private readonly rules: Rule[] = [];

  /** The rules of files and packs; of `lastack.yaml` here when none are named. */
  read(files: readonly string[], packs: readonly string[], hasBaseline: boolean): readonly Rule[] {
    if (files.length === 0 && packs.length === 0) {
      if (!existsSync(DEFAULT_FILE)) {
        if (hasBaseline) return [];
        throw new UsageError(`no rules: write a ${DEFAULT_FILE}, or name a pack, like --pack clean-close`);
      }
      this.add(DEFAULT_FILE, DEFAULT_FILE);
    }
    for (const file of files) this.add(file, file);
    for (const pack of packs) this.addPack(pack, '--pack');
    return this.rules;
  }

  private add(name: string, path: string): void {
    if (this.texts.has(name)) return;
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      throw new UsageError(`${name}: can't be read: ${reasonOf(error)}`, { cause: error });
    }
    this.texts.set(name, text);
    const { rules, packs } = readRules(text, name);
    this.rules.push(...rules);
    for (const pack of packs) this.addPack(pack.name, pack.place);
  }

  private addPack(pack: string, place: string): void {
    if (!PACKS.includes(pack)) {
      throw new UsageError(`${place}: there is no pack ${pack}${meant(pack, PACKS) || `: ${PACKS.join(', ')}`}`);
    }
    this.add(`packs/${pack}.yaml`, join(packageFolder(), 'packs', `${pack}.yaml`));
  }
}

const DEFAULT_FILE = 'lastack.yaml';
/** The packs that come with lastack, in the package's folder `packs`. */
const PACKS: readonly string[] = [
  'clean-close',
  'handshake-budget',
  'no-half-open',
  'no-loss',
  'no-resets',
  'server-health',
];

/** The folder of lastack's package. */
function packageFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'packs/clean-close.yaml'))) return folder;
    if (folder === dirname(folder)) throw new Error('the package lacks its folder packs');
  }
}
