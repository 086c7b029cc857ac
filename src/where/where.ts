import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import { meant } from '../bytes/nearest.ts';
import { compile, scopeOf } from './compile.ts';
import { ExpressionMistake } from './mistake.ts';
import { type Fields, type ItemCursor, phrase, type Value } from './value.ts';

/**
 * Expressions on records, in CEL (https://cel.dev), as `--where` and rules have them. The library parses; what the tree
 * says is compiled here to closures over the record's accessors, so that an expression reads the fields it names and no
 * other, without making an object. It differs from CEL in what a capture needs:
 *
 * - every number is a double: whole and other numbers can be compared and calculated with, and 1 / 2 is 0.5;
 * - a comparison with null is false, arithmetic with null is null, a condition that is null is false; `!= null` and
 *   `has(field)` ask for it;
 * - a field that can only have certain words is never compared with another one: that is a mistake.
 *
 * @returns a test of the cursor's record; throws ExpressionMistake
 */
export function condition<Cursor extends ItemCursor>(
  text: string,
  fields: Fields<Cursor>,
): (cursor: Cursor) => boolean {
  const value = evaluated(text, fields);
  if (value.type === 'boolean') return value.test;
  throw new ExpressionMistake(`${phrase(value)} is no condition: compare it with something`, text, 0);
}

/** A number of a record, like `handshake.totalMs`; NaN is null. Throws ExpressionMistake. */
export function quantity<Cursor extends ItemCursor>(text: string, fields: Fields<Cursor>): (cursor: Cursor) => number {
  const value = evaluated(text, fields);
  if (value.type === 'number') return value.get;
  throw new ExpressionMistake(`${phrase(value)} is no number`, text, 0);
}

/** A part of an expression that someone else compiles: its tree. Throws ExpressionMistake. */
export function treeOf(text: string): ASTNode {
  return parsed(text);
}

function evaluated<Cursor extends ItemCursor>(text: string, fields: Fields<Cursor>): Value<Cursor> {
  return compile(parsed(text), scopeOf(fields));
}

const PARSER: Environment = new Environment({ unlistedVariablesAreDyn: true });

function parsed(text: string): ASTNode {
  if (text.trim() === '') throw new ExpressionMistake('the expression is empty', text, 0);
  try {
    return PARSER.parse(text).ast;
  } catch (error) {
    if (error instanceof ExpressionMistake || !(error instanceof ParseError)) throw error;
    const at = error.range?.start ?? text.length;
    throw new ExpressionMistake(`${problemOf(error)}${remedy(text, at)}`, text, at);
  }
}

function problemOf(error: ParseError): string {
  if (error.code === 'unexpected_token' && error.summary.endsWith('EOF')) return 'the expression ends too soon';
  const missing = /^Expected (R[A-Z]+), got/.exec(error.summary)?.[1];
  if (missing !== undefined && CLOSING[missing] !== undefined) return `${CLOSING[missing]} is missing here`;
  return error.summary.charAt(0).toLowerCase() + error.summary.slice(1);
}

const CLOSING: Readonly<Record<string, string>> = { RPAREN: ')', RBRACKET: ']', RBRACE: '}' };

/** What other languages' habits should be in CEL. */
function remedy(text: string, at: number): string {
  const [word] = /^\w+/.exec(text.slice(at)) ?? [''];
  const operators: Readonly<Record<string, string>> = { and: '&&', or: '||', not: '!', is: '==', eq: '==' };
  if (operators[word] !== undefined) return `; did you mean ${operators[word]}?`;
  if (text[at] === '=' || text[at - 1] === '=') return '; did you mean ==?';
  if (/[&|]/.test(text[at] ?? '')) return '; did you mean && or ||?';
  if (/\d$/.test(text.slice(0, at)) && UNITS.has(word)) return ': numbers are written without units';
  return word === '' ? '' : meant(word, []);
}

const UNITS: ReadonlySet<string> = new Set(['ns', 'us', 'ms', 's', 'm', 'h', 'min', 'k', 'M', 'kB', 'MB', 'B']);
