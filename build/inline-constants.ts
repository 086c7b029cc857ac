import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Plugin } from 'rolldown';
import { parseSync, Visitor } from 'rolldown/utils';

type Program = ReturnType<typeof parseSync>['program'];
/** By name of a constant object: its members that are numbers. */
type Constants = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * Writes numbers where the source names them: `i32[row + FLOW.bits]` becomes `i32[row + 4]`, for every `const FLOW = {
 * bits: 4, … } as const` of the module or of one that it imports by name. V8 decides by the length of a function's
 * bytecode what to inline, and looks names up until it compiles for good (docs/decisions/0009).
 */
export function inlineConstants(): Plugin {
  const known = new Map<string, Constants>();
  const constantsOf = (path: string): Constants => {
    const constants = known.get(path) ?? constantsIn(parse(path, readFileSync(path, 'utf8')));
    known.set(path, constants);
    return constants;
  };
  return {
    name: 'inline-constants',
    transform: {
      filter: { id: /\/src\/.*\.ts$/ },
      handler: (code, id) => inline(code, id, constantsOf),
    },
  };
}

/** The module's code with numbers, or null where it names none. */
export function inline(code: string, path: string, constantsOf: (path: string) => Constants): string | null {
  const program = parse(path, code);
  const inScope = new Map(constantsIn(program));
  for (const node of program.body) {
    if (node.type !== 'ImportDeclaration' || !node.source.value.startsWith('.')) continue;
    const theirs = constantsOf(resolve(dirname(path), node.source.value));
    for (const specifier of node.specifiers) {
      if (specifier.type !== 'ImportSpecifier' || specifier.imported.type !== 'Identifier') continue;
      const numbers = theirs.get(specifier.imported.name);
      if (numbers !== undefined) inScope.set(specifier.local.name, numbers);
    }
  }
  return inScope.size === 0 ? null : replaced(code, program, inScope);
}

function parse(path: string, code: string): Program {
  const { program, errors } = parseSync(path, code);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`);
  return program;
}

/** The numbers of each `const … = { … } as const` at a module's top level; it may have other members too. */
function constantsIn(program: Program): Constants {
  const constants = new Map<string, ReadonlyMap<string, number>>();
  for (const node of program.body) {
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : node;
    if (declaration?.type !== 'VariableDeclaration' || declaration.kind !== 'const') continue;
    for (const { id, init } of declaration.declarations) {
      if (id.type !== 'Identifier' || init?.type !== 'TSAsExpression') continue;
      if (init.expression.type !== 'ObjectExpression') continue;
      const numbers = new Map<string, number>();
      for (const property of init.expression.properties) {
        if (property.type !== 'Property' || property.key.type !== 'Identifier') continue;
        const number = numberOf(property.value);
        if (number !== undefined) numbers.set(property.key.name, number);
      }
      if (numbers.size > 0) constants.set(id.name, numbers);
    }
  }
  return constants;
}

/** The number that a literal, or a negative one, stands for. */
function numberOf(node: { readonly type: string }): number | undefined {
  const { value, operator, argument } = node as { value?: unknown; operator?: string; argument?: { type: string } };
  if (node.type === 'Literal') return typeof value === 'number' ? value : undefined;
  if (node.type !== 'UnaryExpression' || operator !== '-' || argument === undefined) return undefined;
  const number = numberOf(argument);
  return number === undefined ? undefined : -number;
}

/** The code with numbers for members of these constants. */
function replaced(code: string, program: Program, constants: Constants): string {
  const places: { start: number; end: number; number: number }[] = [];
  new Visitor({
    MemberExpression({ start, end, computed, object, property }) {
      if (computed || object.type !== 'Identifier' || property.type !== 'Identifier') return;
      const number = constants.get(object.name)?.get(property.name);
      if (number !== undefined) places.push({ start, end, number });
    },
  }).visit(program);
  places.sort((a, b) => a.start - b.start);
  let text = '';
  let at = 0;
  for (const { start, end, number } of places) {
    text += code.slice(at, start) + (number < 0 ? `(${number})` : number);
    at = end;
  }
  return text + code.slice(at);
}
