import { meant } from '../bytes/nearest.ts';
import type { MistakeAt } from './mistake.ts';
import { asTime } from './time.ts';
import { type BooleanValue, type ItemCursor, type NumberValue, phrase, type TextValue, type Value } from './value.ts';

type BinaryOperator = '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%';

/** Order and arithmetic. A comparison with null is false, arithmetic with it is null. */
export function binary<Cursor extends ItemCursor>(
  mistake: MistakeAt,
  operator: BinaryOperator,
  left: Value<Cursor>,
  right: Value<Cursor>,
): Value<Cursor> {
  if (left.type === 'number' && right.type === 'number') return ofNumbers(operator, left, right);
  if (left.type === 'text' && right.type === 'text') {
    if (operator === '+') {
      return {
        type: 'text',
        get: (cursor) => {
          const [a, b] = [left.get(cursor), right.get(cursor)];
          return a === null || b === null ? null : a + b;
        },
      };
    }
    if (isOrder(operator)) return ofTexts(operator, ...alike(mistake, left, right));
  }
  throw mistake(`${phrase(left)} ${operator} ${phrase(right)} means nothing`);
}

/** `==` and `!=`: null equals null alone. */
export function equality<Cursor extends ItemCursor>(
  mistake: MistakeAt,
  inverted: boolean,
  left: Value<Cursor>,
  right: Value<Cursor>,
): BooleanValue<Cursor> {
  const test = equal(mistake, left, right);
  return { type: 'boolean', test: inverted ? (cursor) => !test(cursor) : test };
}

/** `x in [1, 2]`, `"vlan 10" in layers`. */
export function membership<Cursor extends ItemCursor>(
  mistake: MistakeAt,
  value: Value<Cursor>,
  list: Value<Cursor>,
): BooleanValue<Cursor> {
  if (list.type !== 'list') throw mistake(`in looks into a list; this is ${phrase(list)}`);
  if (list.literals !== undefined) {
    const tests = list.literals.map((item) => equal(mistake, value, item));
    return { type: 'boolean', test: (cursor) => tests.some((test) => test(cursor)) };
  }
  const test = equal(mistake, value, list.item);
  return {
    type: 'boolean',
    test: (cursor) => {
      const before = cursor.item;
      let found = false;
      for (let at = list.next(cursor, -1); at >= 0 && !found; at = list.next(cursor, at)) {
        list.enter(cursor, at);
        found = test(cursor);
      }
      cursor.item = before;
      return found;
    },
  };
}

/** `-x`. */
export function negated<Cursor>(mistake: MistakeAt, value: Value<Cursor>): NumberValue<Cursor> {
  if (value.type !== 'number') throw mistake(`${phrase(value)} can't be negative`);
  if (value.literal === undefined) return { type: 'number', get: (cursor) => -value.get(cursor) };
  const literal = -value.literal;
  return { type: 'number', get: () => literal, literal };
}

/** Whether the value is null, asked of each record. */
export function nullTest<Cursor>(value: Value<Cursor>): (cursor: Cursor) => boolean {
  switch (value.type) {
    case 'number':
      return (cursor) => Number.isNaN(value.get(cursor));
    case 'text': {
      const { words, index } = value;
      if (words !== undefined && index !== undefined) return (cursor) => words[index(cursor)] === undefined;
      return (cursor) => value.get(cursor) === null;
    }
    case 'boolean':
      return value.isNull ?? (() => false);
    case 'object': {
      const { present } = value;
      return present === undefined ? () => false : (cursor) => !present(cursor);
    }
    case 'list':
      return () => false;
    case 'null':
      return () => true;
  }
}

function equal<Cursor extends ItemCursor>(
  mistake: MistakeAt,
  left: Value<Cursor>,
  right: Value<Cursor>,
): (cursor: Cursor) => boolean {
  if (right.type === 'null') return nullTest(left);
  if (left.type === 'null') return nullTest(right);
  if (left.type === 'number' && right.type === 'number') {
    const [a, b] = [left.get, right.get];
    if (right.literal !== undefined) {
      const { literal } = right;
      return (cursor) => a(cursor) === literal;
    }
    return (cursor) => Object.is(a(cursor) + 0, b(cursor) + 0);
  }
  if (left.type === 'boolean' && right.type === 'boolean') {
    const [aNull, bNull] = [nullTest(left), nullTest(right)];
    return (cursor) => left.test(cursor) === right.test(cursor) && aNull(cursor) === bNull(cursor);
  }
  if (left.type === 'text' && right.type === 'text') return equalTexts(mistake, left, right);
  throw mistake(`${phrase(left)} is never ${phrase(right)}${unquoted(left, right)}`);
}

/** A number that was written as text. */
function unquoted<Cursor>(left: Value<Cursor>, right: Value<Cursor>): string {
  const literal = left.type === 'number' && right.type === 'text' ? right.literal : undefined;
  return literal !== undefined && /^-?\d+(\.\d+)?$/.test(literal) ? `; did you mean ${literal}, without quotes?` : '';
}

/** One of a list of words is compared by its index, and only with words that it can be. */
function equalTexts<Cursor extends ItemCursor>(
  mistake: MistakeAt,
  left: TextValue<Cursor>,
  right: TextValue<Cursor>,
): (cursor: Cursor) => boolean {
  const [field, other] = left.words === undefined ? [right, left] : [left, right];
  if (field.words !== undefined && field.index !== undefined && other.literal !== undefined) {
    const wanted = field.words.indexOf(other.literal);
    if (wanted < 0) {
      throw mistake(`it is never "${other.literal}"${meant(other.literal, field.words) || oneOf(field.words)}`);
    }
    const { index } = field;
    return (cursor) => index(cursor) === wanted;
  }
  const [a, b] = alike(mistake, left, right);
  return (cursor) => a.get(cursor) === b.get(cursor);
}

/** What a field can be, where that fits on a line. */
function oneOf(words: readonly string[]): string {
  return words.length <= LINE ? `: it is one of ${words.join(', ')}` : '; lastack schema lists what it can be';
}

const LINE = 16;

/** Two texts, in one form where one of them is a time. */
function alike<Cursor>(
  mistake: MistakeAt,
  left: TextValue<Cursor>,
  right: TextValue<Cursor>,
): [TextValue<Cursor>, TextValue<Cursor>] {
  if (left.isTime === true && right.literal !== undefined) return [left, asTime(mistake, right.literal)];
  if (right.isTime === true && left.literal !== undefined) return [asTime(mistake, left.literal), right];
  return [left, right];
}

function isOrder(operator: BinaryOperator): operator is '<' | '<=' | '>' | '>=' {
  return operator.startsWith('<') || operator.startsWith('>');
}

function ofTexts<Cursor>(
  operator: '<' | '<=' | '>' | '>=',
  left: TextValue<Cursor>,
  right: TextValue<Cursor>,
): BooleanValue<Cursor> {
  const holds = { '<': lessText, '<=': atMostText, '>': moreText, '>=': atLeastText }[operator];
  return {
    type: 'boolean',
    test: (cursor) => {
      const [a, b] = [left.get(cursor), right.get(cursor)];
      return a !== null && b !== null && holds(a, b);
    },
  };
}

const lessText = (a: string, b: string): boolean => a < b;
const atMostText = (a: string, b: string): boolean => a <= b;
const moreText = (a: string, b: string): boolean => a > b;
const atLeastText = (a: string, b: string): boolean => a >= b;

function ofNumbers<Cursor>(
  operator: BinaryOperator,
  { get: a }: NumberValue<Cursor>,
  { get: b }: NumberValue<Cursor>,
): Value<Cursor> {
  switch (operator) {
    case '<':
      return { type: 'boolean', test: (cursor) => a(cursor) < b(cursor) };
    case '<=':
      return { type: 'boolean', test: (cursor) => a(cursor) <= b(cursor) };
    case '>':
      return { type: 'boolean', test: (cursor) => a(cursor) > b(cursor) };
    case '>=':
      return { type: 'boolean', test: (cursor) => a(cursor) >= b(cursor) };
    case '+':
      return { type: 'number', get: (cursor) => a(cursor) + b(cursor) };
    case '-':
      return { type: 'number', get: (cursor) => a(cursor) - b(cursor) };
    case '*':
      return { type: 'number', get: (cursor) => a(cursor) * b(cursor) };
    case '/':
      return { type: 'number', get: (cursor) => finite(a(cursor) / b(cursor)) };
    case '%':
      return { type: 'number', get: (cursor) => a(cursor) % b(cursor) };
  }
}

/** What is divided by 0 is null. */
function finite(number: number): number {
  return Number.isFinite(number) ? number : Number.NaN;
}
