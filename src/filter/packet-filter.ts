import { ordinal } from '../bytes/counts.ts';
import type { RecordView } from '../capture/record.ts';
import { decisions } from './decisions.ts';
import type { Expression } from './expression.ts';
import { FilterError, FilterProblem } from './filter-error.ts';
import { generate } from './generate.ts';
import { Layers } from './layers.ts';
import { type Program, run } from './machine.ts';
import { parse } from './parser.ts';
import { program } from './program.ts';

/**
 * A pcap-filter expression: accepts the records that `tcpdump -r` with it selects (libpcap 1.10). Of several, each stands
 * for itself, and all have to accept a record; empty ones, which accept every record, are passed over.
 *
 * It means something else on each link type, and is translated when one is met first. Throws FilterError for a mistake in
 * the expression, then or at once.
 */
export class PacketFilter {
  /** The expression; several as one. */
  readonly text: string;
  private readonly parts: readonly FilterPart[];

  constructor(text: string, ...others: readonly string[]) {
    const all = [text, ...others];
    const parts = all.map((one, i) => new FilterPart(one, all.length === 1 ? 'filter' : `${ordinal(i + 1)} filter`));
    const told = parts.filter((part) => part.text.trim() !== '');
    this.parts = told.length === 0 ? parts.slice(0, 1) : told;
    this.text =
      this.parts.length === 1 ? this.parts[0]!.text : this.parts.map((part) => `(${part.text})`).join(' and ');
  }

  accepts(record: RecordView): boolean {
    for (const part of this.parts) if (!part.accepts(record)) return false;
    return true;
  }

  /** Throws FilterError when an expression means nothing on this link type, or rejects whatever is on it. */
  check(linkType: number): void {
    for (const part of this.parts) part.check(linkType);
  }
}

/** One expression. */
class FilterPart {
  readonly text: string;
  private readonly name: string;
  private readonly expression: Expression;
  private readonly programs = new Map<number, Program>();
  private program: Program | null = null;
  /** What `program` is for: the link type, and the order of octets of the file. */
  private linkType = -1;
  private bigEndian = 0;

  /** @param name what it is called where something is wrong with it */
  constructor(text: string, name: string) {
    this.text = text;
    this.name = name;
    this.expression = this.placed(() => parse(text));
  }

  accepts(record: RecordView): boolean {
    if (record.linkType !== this.linkType || record.bigEndian !== this.bigEndian || this.program === null)
      this.choose(record.linkType, record.bigEndian);
    return run(this.program!, record.view, record.at, record.end, record.originalLength);
  }

  check(linkType: number): void {
    this.programFor(linkType, 0);
  }

  private choose(linkType: number, bigEndian: number): void {
    this.program = this.programFor(linkType, bigEndian);
    this.linkType = linkType;
    this.bigEndian = bigEndian;
  }

  private programFor(linkType: number, bigEndian: number): Program {
    const key = linkType * 2 + bigEndian;
    const known = this.programs.get(key);
    if (known !== undefined) return known;
    const layers = new Layers(linkType, bigEndian !== 0);
    const { name, prelude } = layers.layout;
    const { root, simplified } = this.placed(() => decisions(generate(this.expression, layers)));
    if (root === 'reject')
      throw new FilterError(`no packet of ${name} can be like this`, this.text, 0, this.text.length, this.name);
    const made = program(root, simplified, prelude);
    this.programs.set(key, made);
    return made;
  }

  /** Gives the problems of a part of the expression their place. */
  private placed<Result>(found: () => Result): Result {
    try {
      return found();
    } catch (problem) {
      if (!(problem instanceof FilterProblem)) throw problem;
      throw new FilterError(problem.message, this.text, problem.span.at, problem.span.end, this.name);
    }
  }
}
