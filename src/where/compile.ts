import type { ASTNode } from '@marcbachmann/cel-js';
import { nearest } from '../bytes/nearest.ts';
import { pathOf, pathsOf, placed, recordValue, valueOfField } from './fields.ts';
import { callFunction, callMethod } from './functions.ts';
import { ExpressionMistake, type MistakeAt } from './mistake.ts';
import { binary, equality, membership, negated } from './operators.ts';
import {
  type At,
  type BooleanValue,
  type Fields,
  type ItemCursor,
  type ListValue,
  type ObjectValue,
  phrase,
  type Value,
} from './value.ts';

/** What a part of an expression may name: the record's fields, and the variables of macros around it. */
export interface Scope<Cursor> {
  readonly record: ObjectValue<Cursor>;
  readonly variables: ReadonlyMap<string, Value<Cursor>>;
  /** Functions of whoever asks, before the common ones: they compile their arguments as they like. */
  readonly functions?: ReadonlyMap<string, (args: readonly ASTNode[], mistake: MistakeAt) => Value<Cursor>>;
  /** What to say of a name that is no field, where there is more to say than that. */
  readonly otherwise?: (name: string) => string | null;
  /** Is given each field of the record that the expression reads, as it is written. */
  readonly reads?: Map<string, Value<Cursor>>;
}

/** @param fields the record's table */
export function scopeOf<Cursor extends ItemCursor>(fields: Fields<Cursor>): Scope<Cursor> {
  return { record: recordValue(fields), variables: new Map() };
}

/**
 * A CEL expression's tree as closures over a record's accessors; throws ExpressionMistake where it names no field, or
 * puts together what does not belong together.
 */
export function compile<Cursor extends ItemCursor>(node: ASTNode, scope: Scope<Cursor>): Value<Cursor> {
  switch (node.op) {
    case 'value':
      return literal(node, node.args);
    case 'id':
      return named(node, node.args, scope);
    case '.':
      return selected(node, node.args[0], node.args[1], scope);
    case '[]':
      return indexed(node, node.args[0], node.args[1], scope);
    case 'list':
      return listOf(node.args.map((item) => compile(item, scope)));
    case '&&': {
      const [left, right] = node.args.map((part) => testOf(part, scope));
      return { type: 'boolean', test: (cursor) => left!(cursor) && right!(cursor) };
    }
    case '||': {
      const [left, right] = node.args.map((part) => testOf(part, scope));
      return { type: 'boolean', test: (cursor) => left!(cursor) || right!(cursor) };
    }
    case '!_': {
      const test = testOf(node.args, scope);
      return { type: 'boolean', test: (cursor) => !test(cursor) };
    }
    case '-_':
      return negated(mistakeAt(node), compile(node.args, scope));
    case '==':
    case '!=': {
      const [left, right] = node.args;
      const field = compile(left, scope);
      return equality(mistakeAt(right), node.op === '!=', field, compile(right, withWords(scope, field)));
    }
    case 'in': {
      const [left, right] = node.args;
      return membership(mistakeAt(right), compile(left, scope), compile(right, scope));
    }
    case '?:':
      return chosen(node, node.args, scope);
    case 'call':
      return call(node, node.args[0], node.args[1], scope);
    case 'rcall':
      return method(node, node.args[0], node.args[1], node.args[2], scope);
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%': {
      const [left, right] = node.args;
      return binary(mistakeAt(right), node.op, compile(left, scope), compile(right, scope));
    }
    default:
      throw mistake(node, `${node.op === 'map' ? 'a map' : node.op} says nothing about a flow`);
  }
}

/** The part as a condition: null counts as false. */
export function testOf<Cursor extends ItemCursor>(node: ASTNode, scope: Scope<Cursor>): (cursor: Cursor) => boolean {
  const value = compile(node, scope);
  if (value.type === 'boolean') return value.test;
  if (value.type === 'null') return () => false;
  throw mistake(node, `${phrase(value)} is no condition: compare it with something`);
}

function mistakeAt(node: ASTNode): MistakeAt {
  return (problem) => mistake(node, problem);
}

function mistake(node: ASTNode, problem: string): ExpressionMistake {
  return new ExpressionMistake(problem, node.input, node.pos);
}

function literal<Cursor>(node: ASTNode, value: unknown): Value<Cursor> {
  if (value === null) return { type: 'null' };
  if (typeof value === 'boolean') return { type: 'boolean', test: () => value };
  if (typeof value === 'string') return { type: 'text', get: () => value, literal: value };
  if (value instanceof Uint8Array) throw mistake(node, 'octets say nothing about a flow: write text');
  const number = Number(value);
  return { type: 'number', get: () => number, literal: number };
}

function named<Cursor extends ItemCursor>(node: ASTNode, name: string, scope: Scope<Cursor>): Value<Cursor> {
  const variable = scope.variables.get(name);
  if (variable !== undefined) return variable;
  return fieldOf(node, scope.record, name, scope, node.pos);
}

function selected<Cursor extends ItemCursor>(
  node: ASTNode,
  of: ASTNode,
  name: string,
  scope: Scope<Cursor>,
): Value<Cursor> {
  const owner = compile(of, scope);
  if (owner.type !== 'object') throw mistake(node, `${phrase(owner)} has no field ${name}`);
  return fieldOf(node, owner, name, scope, node.pos);
}

function fieldOf<Cursor extends ItemCursor>(
  node: ASTNode,
  owner: ObjectValue<Cursor>,
  name: string,
  scope: Scope<Cursor>,
  at: number,
): Value<Cursor> {
  if (Object.hasOwn(owner.fields, name)) {
    const value = valueOfField(owner, name);
    if (owner.at === undefined) scope.reads?.set(pathOf(owner, name), value);
    return value;
  }
  const problem = scope.otherwise?.(name) ?? null;
  if (problem !== null) throw new ExpressionMistake(problem, node.input, at);
  throw new ExpressionMistake(`there is no field ${pathOf(owner, name)}${hint(owner, name, scope)}`, node.input, at);
}

/** The scope of what a field is compared with: its words are no names. */
function withWords<Cursor extends ItemCursor>(scope: Scope<Cursor>, field: Value<Cursor>): Scope<Cursor> {
  if (field.type !== 'text' || field.words === undefined) return scope;
  const { words } = field;
  return {
    ...scope,
    otherwise: (name) =>
      words.includes(name) ? `there is no field ${name}; did you mean "${name}"?` : (scope.otherwise?.(name) ?? null),
  };
}

/** The nearest right name: of the same object, then of any; a name with a hyphen is written in brackets. */
function hint<Cursor extends ItemCursor>(owner: ObjectValue<Cursor>, name: string, scope: Scope<Cursor>): string {
  if (Object.keys(owner.fields).length === 0) return `; expressions can't look into ${owner.path}`;
  const hyphenated = Object.keys(owner.fields).find((field) => field.startsWith(`${name}-`));
  if (hyphenated !== undefined) return `; did you mean ${pathOf(owner, hyphenated)}?`;
  const near = nearest(name, Object.keys(owner.fields));
  if (near !== null) return `; did you mean ${pathOf(owner, near)}?`;
  if (owner.path !== '' && Object.keys(owner.fields).length <= FEW) {
    return `; it has ${Object.keys(owner.fields).join(' and ')}`;
  }
  const paths = [...pathsOf(scope.record)];
  const elsewhere =
    paths
      .filter((path) => path.endsWith(`.${name}`))
      .slice(0, 3)
      .join(' or ') ||
    nearest(pathOf(owner, name), paths) ||
    paths.find((path) => nearest(name, [path.slice(path.lastIndexOf('.') + 1)]) !== null);
  if (elsewhere) return `; did you mean ${elsewhere}?`;
  return owner.path === '' ? '' : `; it has ${Object.keys(owner.fields).slice(0, 12).join(', ')}`;
}

/** Fields of an object that are told rather than guessed among. */
const FEW = 2;

function indexed<Cursor extends ItemCursor>(
  node: ASTNode,
  of: ASTNode,
  by: ASTNode,
  scope: Scope<Cursor>,
): Value<Cursor> {
  const owner = compile(of, scope);
  const index = compile(by, scope);
  if (owner.type === 'object' && index.type === 'text' && index.literal !== undefined) {
    return fieldOf(node, owner, index.literal, scope, by.pos);
  }
  if (owner.type === 'list' && index.type === 'number' && index.literal !== undefined) {
    return itemAt(owner, index.literal);
  }
  throw mistake(by, 'in brackets stands the name of a field, or the number of an item from 0');
}

/** The item of a list at a place from 0; null past its end. */
function itemAt<Cursor extends ItemCursor>(list: ListValue<Cursor>, place: number): Value<Cursor> {
  const at: At<Cursor> = (cursor, otherwise, read) => {
    let item = list.next(cursor, -1);
    for (let i = 0; i < place && item >= 0; i++) item = list.next(cursor, item);
    if (item < 0) return otherwise;
    const before = cursor.item;
    list.enter(cursor, item);
    const result = read(cursor);
    cursor.item = before;
    return result;
  };
  return placed(list.item, at);
}

function listOf<Cursor>(items: readonly Value<Cursor>[]): ListValue<Cursor> {
  return {
    type: 'list',
    next: (_, after) => (after + 1 < items.length ? after + 1 : -1),
    enter: () => {},
    item: items[0] ?? { type: 'null' },
    literals: items,
  };
}

function chosen<Cursor extends ItemCursor>(
  node: ASTNode,
  [condition, first, second]: readonly [ASTNode, ASTNode, ASTNode],
  scope: Scope<Cursor>,
): Value<Cursor> {
  const test = testOf(condition, scope);
  const yes = compile(first, scope);
  const no = compile(second, scope);
  if (yes.type === 'number' && no.type === 'number') {
    return { type: 'number', get: (cursor) => (test(cursor) ? yes.get(cursor) : no.get(cursor)) };
  }
  if (yes.type === 'text' && no.type === 'text') {
    return { type: 'text', get: (cursor) => (test(cursor) ? yes.get(cursor) : no.get(cursor)) };
  }
  if (yes.type === 'boolean' && no.type === 'boolean') {
    return { type: 'boolean', test: (cursor) => (test(cursor) ? yes.test(cursor) : no.test(cursor)) };
  }
  throw mistake(node, `both ends of ?: have to be alike: ${phrase(yes)}, ${phrase(no)}`);
}

function call<Cursor extends ItemCursor>(
  node: ASTNode,
  name: string,
  args: readonly ASTNode[],
  scope: Scope<Cursor>,
): Value<Cursor> {
  const own = scope.functions?.get(name);
  if (own !== undefined) return own(args, mistakeAt(node));
  return callFunction(mistakeAt(node), name, () => args.map((arg) => compile(arg, scope)), scope.functions?.keys());
}

function method<Cursor extends ItemCursor>(
  node: ASTNode,
  name: string,
  of: ASTNode,
  args: readonly ASTNode[],
  scope: Scope<Cursor>,
): Value<Cursor> {
  const value = compile(of, scope);
  if (value.type === 'list' && MACROS.has(name)) return macro(node, name, value, args, scope);
  return callMethod(
    mistakeAt(node),
    name,
    value,
    args.map((arg) => compile(arg, scope)),
  );
}

const MACROS: ReadonlySet<string> = new Set(['exists', 'all', 'exists_one']);

/** `list.exists(item, condition)` and its like. */
function macro<Cursor extends ItemCursor>(
  node: ASTNode,
  name: string,
  list: ListValue<Cursor>,
  args: readonly ASTNode[],
  scope: Scope<Cursor>,
): BooleanValue<Cursor> {
  const [variable, condition] = args;
  if (variable === undefined || condition === undefined || variable.op !== 'id' || args.length !== 2) {
    throw mistake(
      node,
      `${name} takes a name for the item and a condition, as in states.client.${name}(s, s.frame > 1)`,
    );
  }
  /** The item that the variable stands for: the cursor may be on one of another list meanwhile. */
  let current = -1;
  const item = placed(
    list.item.type === 'object' ? { ...list.item, path: variable.args } : list.item,
    (cursor, _, read) => {
      const before = cursor.item;
      list.enter(cursor, current);
      const result = read(cursor);
      cursor.item = before;
      return result;
    },
  );
  const test = testOf(condition, { ...scope, variables: new Map(scope.variables).set(variable.args, item) });
  const most = name === 'exists_one' ? 2 : 1;
  const sought = name !== 'all';
  /** How many items are as sought, counted up to `most`. */
  const found = (cursor: Cursor): number => {
    let count = 0;
    for (let at = list.next(cursor, -1); at >= 0 && count < most; at = list.next(cursor, at)) {
      current = at;
      if (test(cursor) === sought) count++;
    }
    return count;
  };
  const wanted = sought ? 1 : 0;
  return { type: 'boolean', test: (cursor) => found(cursor) === wanted };
}
