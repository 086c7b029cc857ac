import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { meant } from '../bytes/nearest.ts';
import { UsageError } from '../errors.ts';
import { placeIn } from '../where/mistake.ts';
import {
  type Demand,
  type ExpectedFailure,
  type Placed,
  RULE_SEVERITIES,
  type Rule,
  type RuleSeverity,
} from './rule.ts';
import { FAILURE_KEYS, FILE_KEYS, RULE_KEYS } from './rules-schema.ts';

/** What a rules file says. */
export interface RulesFile {
  readonly rules: readonly Rule[];
  /** Packs that it adds. */
  readonly packs: readonly { readonly name: string; readonly place: string }[];
}

/** Reads the text of a rules file; throws UsageError with file, line and column. */
export function readRules(text: string, file: string): RulesFile {
  return new RulesReader(text, file).read();
}

/** A mistake in a rules file, at a 0-based offset of its text. */
export function mistakeIn(text: string, file: string, at: number, problem: string): UsageError {
  const { line, column, text: shown } = placeIn(text, at);
  return new UsageError(
    `${file}:${line}:${column}: ${problem}\n  ${shown.replace(/\t/g, ' ')}\n  ${' '.repeat(column - 1)}^`,
  );
}

const DEMANDS: readonly Demand[] = ['every', 'none', 'expect'];

class RulesReader {
  private readonly text: string;
  private readonly file: string;

  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
  }

  read(): RulesFile {
    const lines = new LineCounter();
    const document = parseDocument(this.text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
    const [error] = document.errors;
    if (error !== undefined) throw this.mistake(error.pos[0], error.message);
    const root = document.contents;
    if (root === null) throw this.mistake(0, 'holds no rules');
    const members = this.members(root, 0, FILE_KEYS, 'a rules file');
    const packs = members.get('packs');
    const rules = members.get('rules');
    if (packs === undefined && rules === undefined) throw this.mistake(0, 'holds no rules');
    return {
      packs: packs === undefined ? [] : this.items(packs).map((item) => this.pack(item)),
      rules: rules === undefined ? [] : this.items(rules).map((item) => this.rule(item)),
    };
  }

  private pack(node: unknown): { name: string; place: string } {
    const { text, at } = this.string(node, 'the name of a pack');
    const { line, column } = placeIn(this.text, at);
    return { name: text, place: `${this.file}:${line}:${column}` };
  }

  private rule(node: unknown): Rule {
    const at = startOf(node);
    const members = this.members(node, at, RULE_KEYS, 'a rule');
    const name = members.get('name');
    if (name === undefined) throw this.mistake(at, 'a rule has a name');
    const demands = DEMANDS.filter((demand) => members.has(demand));
    const [demand] = demands;
    if (demand === undefined || demands.length > 1) {
      const second = demands[1];
      throw this.mistake(
        second === undefined ? at : startOf(members.get(second)!.key),
        `a rule demands one thing: every, none or expect`,
      );
    }
    const failure = members.get('expected-failure');
    const where = members.get('where');
    const description = members.get('description');
    return {
      name: this.string(name.value, 'a name').text,
      file: this.file,
      line: placeIn(this.text, at).line,
      description: description === undefined ? null : this.string(description.value, 'text').text,
      severity: this.severity(members.get('severity')),
      where: where === undefined ? null : this.string(where.value, 'an expression'),
      demand,
      condition: this.string(members.get(demand)!.value, 'an expression'),
      allowNone: this.flag(members.get('allow-none')),
      expectedFailure: failure === undefined ? null : this.failure(failure.value, startOf(failure.key)),
    };
  }

  private severity(pair: Pair | undefined): RuleSeverity {
    if (pair === undefined) return 'error';
    const { text, at } = this.string(pair.value, 'a severity');
    const severity = RULE_SEVERITIES.find((known) => known === text);
    if (severity !== undefined) return severity;
    throw this.mistake(
      at,
      `there is no severity ${text}${meant(text, RULE_SEVERITIES) || `: ${RULE_SEVERITIES.join(', ')}`}`,
    );
  }

  private flag(pair: Pair | undefined): boolean {
    if (pair === undefined) return false;
    if (isScalar(pair.value) && typeof pair.value.value === 'boolean') return pair.value.value;
    throw this.mistake(startOf(pair.value), 'is true or false');
  }

  private failure(node: unknown, at: number): ExpectedFailure {
    const members = this.members(node, at, FAILURE_KEYS, 'an expected failure');
    const reason = members.get('reason');
    const until = members.get('until');
    if (reason === undefined || until === undefined) {
      throw this.mistake(at, 'an expected failure has a reason and the last day on which it is expected (until)');
    }
    const day = this.string(until.value, 'a day like 2026-12-31');
    if (!/^\d{4}-\d\d-\d\d$/.test(day.text) || Number.isNaN(Date.parse(day.text))) {
      throw this.mistake(day.at, `"${day.text}" is no day like 2026-12-31`);
    }
    return { reason: this.string(reason.value, 'a reason').text, until: day.text };
  }

  /** The pairs of a mapping by key; every key is one of `known`. */
  private members(node: unknown, at: number, known: object, what: string): Map<string, Pair> {
    if (!isMap(node)) throw this.mistake(startOf(node, at), `${what} is a mapping of ${Object.keys(known).join(', ')}`);
    const members = new Map<string, Pair>();
    for (const pair of (node as YAMLMap).items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      if (!Object.hasOwn(known, key)) {
        throw this.mistake(startOf(pair.key, at), `${what} has no key ${key}${meant(key, Object.keys(known))}`);
      }
      members.set(key, pair as Pair);
    }
    return members;
  }

  private items(pair: Pair): readonly unknown[] {
    if (isSeq(pair.value)) return pair.value.items;
    throw this.mistake(startOf(pair.value, startOf(pair.key)), 'is a list: each item begins with a hyphen');
  }

  private string(node: unknown, what: string): Placed {
    if (!isScalar(node) || node.value === null || typeof node.value === 'object') {
      throw this.mistake(startOf(node), `${what} is expected here`);
    }
    const text = String(node.value);
    const start = startOf(node);
    const inner = this.text.startsWith(text, start) ? start : start + 1;
    const verbatim = this.text.startsWith(text, inner);
    return { text, at: verbatim ? inner : start, verbatim };
  }

  private mistake(at: number, problem: string): UsageError {
    return mistakeIn(this.text, this.file, at, problem);
  }
}

/** Where a node begins in the file. */
function startOf(node: unknown, otherwise = 0): number {
  return (node as { range?: readonly [number, number, number] | null } | null)?.range?.[0] ?? otherwise;
}
