import { meant } from '../bytes/nearest.ts';
import type { MistakeAt } from './mistake.ts';
import { nullTest } from './operators.ts';
import { asTime } from './time.ts';
import { type ItemCursor, type ListValue, type NumberValue, phrase, type TextValue, type Value } from './value.ts';

/**
 * `has(x)`, `size(x)`, `timestamp("…")` and the conversions.
 * @param argsOf compiles the arguments: a name that nobody knows is the first mistake
 * @param others names of functions that are known elsewhere
 */
export function callFunction<Cursor extends ItemCursor>(
  mistake: MistakeAt,
  name: string,
  argsOf: () => readonly Value<Cursor>[],
  others: Iterable<string> = [],
): Value<Cursor> {
  if (!FUNCTIONS.includes(name)) throw mistake(unknownName(name, [...FUNCTIONS, ...METHODS, ...others]));
  const args = argsOf();
  const [arg] = args;
  if (arg === undefined || args.length !== 1) throw mistake(`${name} takes one argument`);
  switch (name) {
    case 'has': {
      const isNull = nullTest(arg);
      return { type: 'boolean', test: (cursor) => !isNull(cursor) };
    }
    case 'size':
      return sizeOf(mistake, arg);
    case 'timestamp':
      if (arg.type === 'text' && arg.isTime === true) return arg;
      if (arg.type === 'text' && arg.literal !== undefined) return asTime(mistake, arg.literal);
      break;
    case 'int':
      if (arg.type === 'number') return { type: 'number', get: (cursor) => Math.trunc(arg.get(cursor)) };
      break;
    case 'double':
      if (arg.type === 'number') return arg;
      break;
    case 'string':
      if (arg.type === 'text') return arg;
      if (arg.type === 'number') {
        return {
          type: 'text',
          get: (cursor) => {
            const number = arg.get(cursor);
            return Number.isNaN(number) ? null : String(number);
          },
        };
      }
      break;
    default:
  }
  throw mistake(`${name} does not take ${phrase(arg)}`);
}

/** `text.startsWith("…")` and its like. */
export function callMethod<Cursor extends ItemCursor>(
  mistake: MistakeAt,
  name: string,
  of: Value<Cursor>,
  args: readonly Value<Cursor>[],
): Value<Cursor> {
  if (name === 'size' && args.length === 0) return sizeOf(mistake, of);
  if (!METHODS.includes(name)) throw mistake(unknownName(name, [...METHODS, ...FUNCTIONS]));
  const [arg] = args;
  if (arg?.type !== 'text' || args.length !== 1) throw mistake(`${name} takes one text`);
  if (of.type !== 'text') {
    const instead = of.type === 'list' ? '; ask x.exists(item, …) of a list' : '';
    throw mistake(`${name} is asked of text; this is ${phrase(of)}${instead}`);
  }
  const holds = name === 'matches' ? matching(mistake, arg) : TESTS[name]!;
  return {
    type: 'boolean',
    test: (cursor) => {
      const [text, other] = [of.get(cursor), arg.get(cursor)];
      return text !== null && other !== null && holds(text, other);
    },
  };
}

const FUNCTIONS: readonly string[] = ['has', 'size', 'timestamp', 'int', 'double', 'string'];

const TESTS: Readonly<Record<string, (text: string, other: string) => boolean>> = {
  startsWith: (text, other) => text.startsWith(other),
  endsWith: (text, other) => text.endsWith(other),
  contains: (text, other) => text.includes(other),
};
const METHODS: readonly string[] = [...Object.keys(TESTS), 'matches', 'exists', 'all', 'exists_one'];

function matching<Cursor>(mistake: MistakeAt, pattern: TextValue<Cursor>): (text: string) => boolean {
  if (pattern.literal === undefined) throw mistake('matches takes a pattern in quotes');
  let compiled: RegExp;
  try {
    compiled = new RegExp(pattern.literal, 'u');
  } catch (error) {
    throw mistake((error as Error).message);
  }
  return (text) => compiled.test(text);
}

function sizeOf<Cursor extends ItemCursor>(mistake: MistakeAt, value: Value<Cursor>): NumberValue<Cursor> {
  if (value.type === 'list') return { type: 'number', get: (cursor) => countOf(value, cursor) };
  if (value.type === 'text') return { type: 'number', get: (cursor) => value.get(cursor)?.length ?? Number.NaN };
  throw mistake(`size is that of a list or of text; this is ${phrase(value)}`);
}

function countOf<Cursor>(list: ListValue<Cursor>, cursor: Cursor): number {
  let count = 0;
  for (let at = list.next(cursor, -1); at >= 0; at = list.next(cursor, at)) count++;
  return count;
}

function unknownName(name: string, known: Iterable<string>): string {
  const all = [...known];
  return all.includes(name)
    ? `${name} is called otherwise: ${METHODS.includes(name) ? `x.${name}(…)` : `${name}(x)`}`
    : `there is no function ${name}${meant(name, all) || (OF_MANY.includes(name) ? ': it is of many flows, for expect in a rules file' : '')}`;
}

/** Functions that `expect` in a rule has. */
const OF_MANY = ['count', 'share', 'rate', 'sum', 'mean', 'min', 'max', 'median', 'percentile'];
