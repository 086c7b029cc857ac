import type { Arithmetic, Comparison, Direction, Expression, Operator, Qualifiers, Special } from './expression.ts';
import { FilterProblem, type Span } from './filter-error.ts';
import { PROTOCOL_WORDS, type Token, tokens, UNFOLLOWED_WORDS } from './lexer.ts';
import { remedy } from './remedy.ts';

/**
 * Parses an expression of pcap-filter(7), with libpcap's own rules where the manual is silent: `and` and `or` bind alike
 * and to the left, and an identifier without qualifiers takes those of the one before it (`port 80 or 443`).
 *
 * Throws FilterProblem.
 */
export function parse(text: string): Expression {
  const parser = new Parser(tokens(text));
  if (parser.isEmpty) return { kind: 'everything' };
  const { expression } = parser.expression(null);
  parser.finish();
  return expression;
}

/** A part of the expression, and the qualifiers that the next identifier may take over. */
interface Part {
  readonly expression: Expression;
  readonly qualifiers: Qualifiers | null;
}

class Parser {
  private readonly list: readonly Token[];
  private next = 0;
  private depth = 0;

  constructor(list: readonly Token[]) {
    this.list = list;
  }

  get isEmpty(): boolean {
    return this.list[0]!.kind === 'end';
  }

  private get token(): Token {
    return this.list[this.next]!;
  }

  /** Terms joined by `and` and `or`. `before` are the qualifiers of what stands before a parenthesis. */
  expression(before: Qualifiers | null): Part {
    let left = this.term(before);
    while (this.is('and') || this.is('or')) {
      const kind = this.take().text as 'and' | 'or';
      const right = this.identifierOrTerm(left.qualifiers);
      left = {
        expression: { kind, first: left.expression, second: right.expression },
        qualifiers: right.qualifiers,
      };
    }
    return left;
  }

  /** After `and` and `or`: an identifier alone (or several in parentheses), else a term. */
  private identifierOrTerm(before: Qualifiers | null): Part {
    const start = this.next;
    try {
      const expression = this.identifier(before);
      if (this.is('and') || this.is('or') || this.is(')') || this.token.kind === 'end')
        return { expression, qualifiers: before };
    } catch (problem) {
      if (!(problem instanceof FilterProblem)) throw problem;
    }
    this.next = start;
    return this.term(before);
  }

  private term(before: Qualifiers | null): Part {
    return this.nested(() => {
      if (this.accept('not')) {
        const { expression, qualifiers } = this.term(before);
        return { expression: { kind: 'not', of: expression }, qualifiers };
      }
      if (!this.is('(')) return this.plainTerm();
      const start = this.next;
      const problem = this.attempt(() => this.comparison());
      if (!(problem instanceof FilterProblem)) return { expression: problem, qualifiers: null };
      const reached = this.next;
      this.next = start + 1;
      if (this.is(')')) this.unexpected();
      const inside = this.attempt(() => {
        const { expression } = this.expression(before);
        this.expect(')');
        return expression;
      });
      if (inside instanceof FilterProblem) throw reached > this.next ? problem : inside;
      return { expression: inside, qualifiers: before };
    });
  }

  /** A term that begins with neither `not` nor a parenthesis. */
  private plainTerm(): Part {
    const { token } = this;
    if (token.kind === 'number' || this.is('len') || this.is('-'))
      return { expression: this.comparison(), qualifiers: null };
    if (token.kind !== 'word') this.unqualified();
    if (UNFOLLOWED_WORDS.has(token.text)) throw new FilterProblem(`"${token.text}" is not supported`, token);
    if (SPECIAL.has(token.text)) return { expression: this.special(null, token), qualifiers: null };
    let protocol: string | null = null;
    if (PROTOCOL_WORDS.has(token.text)) {
      if (this.list[this.next + 1]!.text === '[') return { expression: this.comparison(), qualifiers: null };
      protocol = this.take().text;
      if (QUALIFIABLE.has(this.token.text) && this.token.kind === 'word')
        return { expression: this.special(protocol, token), qualifiers: null };
    }
    const direction = this.direction();
    const type = this.type(direction);
    if (direction === null && type === null) {
      if (protocol === null) this.unexpected();
      return { expression: { kind: 'protocol', protocol, at: token.at, end: token.end }, qualifiers: null };
    }
    const qualifiers = { protocol, direction, type };
    return { expression: this.identifier(qualifiers), qualifiers };
  }

  private direction(): Direction | null {
    if (this.token.kind !== 'word') return null;
    const { text } = this.token;
    if (text === 'src' || text === 'dst') {
      this.next++;
      if (!this.is('or') && !this.is('and')) return text;
      const joint = this.take().text as 'or' | 'and';
      this.expect(text === 'src' ? 'dst' : 'src');
      return `src ${joint} dst`;
    }
    if (!WLAN_ADDRESSES.has(text)) return null;
    this.next++;
    return text as Direction;
  }

  private type(direction: Direction | null): Qualifiers['type'] {
    if (this.token.kind !== 'word') return null;
    const { text } = this.token;
    if (!DIRECTED_TYPES.has(text) && (direction !== null || !OTHER_TYPES.has(text))) return null;
    this.next++;
    return text as Qualifiers['type'];
  }

  /** An identifier, or several in parentheses, to which the same qualifiers apply. */
  private identifier(qualifiers: Qualifiers | null): Expression {
    return this.nested(() => {
      if (this.accept('not')) return { kind: 'not', of: this.identifier(qualifiers) };
      if (this.accept('(')) {
        let left = this.identifier(qualifiers);
        while (this.is('and') || this.is('or')) {
          const kind = this.take().text as 'and' | 'or';
          left = { kind, first: left, second: this.identifier(qualifiers) };
        }
        this.expect(')');
        return left;
      }
      const id = this.token;
      if (id.kind === 'word' || id.kind === 'end') this.unexpected();
      this.next++;
      let mask: Token | null = null;
      if ((id.kind === 'ipv4' || id.kind === 'ipv6') && this.accept('/')) mask = this.takeA('number');
      else if (id.kind === 'ipv4' && this.accept('mask')) mask = this.takeA('ipv4');
      return { kind: 'primitive', qualifiers, id, mask, at: id.at, end: (mask ?? id).end };
    });
  }

  private special(protocol: string | null, from: Span): Special {
    const { text: word } = this.take();
    const operands: Token[] = [];
    if (word === 'less' || word === 'greater' || word === 'byte') {
      operands.push(this.takeA('number'));
      if (word === 'byte') {
        if (!this.is('&') && !this.is('|') && !this.is('<') && !this.is('>') && !this.is('=')) this.unexpected();
        operands.push(this.take(), this.takeA('number'));
      }
    } else if (word === 'vlan' || word === 'mpls' || word === 'pppoes') {
      const number = this.optionalNumber();
      if (number !== null) operands.push(number);
    } else if (word === 'llc') {
      if (this.token.kind === 'name' || this.is('rnr')) operands.push(this.take());
    } else if (word === 'type' || word === 'subtype' || word === 'dir') {
      operands.push(this.wlanOperand());
      if (word === 'type' && this.is('subtype')) operands.push(this.take(), this.wlanOperand());
    }
    return { kind: 'special', word, protocol, operands, at: from.at, end: this.list[this.next - 1]!.end };
  }

  private wlanOperand(): Token {
    if (this.token.kind !== 'number' && this.token.kind !== 'name') this.unexpected();
    return this.take();
  }

  /** A number, in parentheses or not; null where something else follows. */
  private optionalNumber(): Token | null {
    let ahead = this.next;
    while (this.list[ahead]!.kind === 'word' && this.list[ahead]!.text === '(') ahead++;
    const number = this.list[ahead]!;
    if (number.kind !== 'number') return null;
    const parentheses = ahead - this.next;
    this.next = ahead + 1;
    for (let i = 0; i < parentheses; i++) this.expect(')');
    return number;
  }

  private comparison(): Comparison {
    const left = this.arithmetic();
    const { token } = this;
    if (token.kind !== 'word' || !RELATIONS.has(token.text)) this.unexpected();
    this.next++;
    const right = this.arithmetic();
    const relation = token.text as Comparison['relation'];
    return { kind: 'comparison', left, relation, right, at: left.at, end: right.end };
  }

  /**
   * Numbers and operators. libpcap's grammar gives `^` and `%` no precedence: what follows them, or stands before them,
   * waits for everything to the right.
   */
  private arithmetic(): Arithmetic {
    return this.nested(() => {
      const operands: Arithmetic[] = [];
      const waiting: (Operator | 'negative')[] = [];
      const signs: Token[] = [];
      for (;;) {
        while (this.is('-')) {
          signs.push(this.take());
          waiting.push('negative');
        }
        operands.push(this.operand());
        const { token } = this;
        const operator = token.kind === 'word' && OPERATORS.has(token.text) ? (token.text as Operator) : null;
        while (waiting.length > 0 && (operator === null || bindsFirst(waiting.at(-1)!, operator))) {
          const top = waiting.pop()!;
          const right = operands.pop()!;
          if (top === 'negative') operands.push({ kind: 'negative', of: right, at: signs.pop()!.at, end: right.end });
          else {
            const left = operands.pop()!;
            operands.push({ kind: 'operation', operator: top, left, right, at: left.at, end: right.end });
          }
        }
        if (operator === null) return operands[0]!;
        this.next++;
        waiting.push(operator);
      }
    });
  }

  private operand(): Arithmetic {
    const { token } = this;
    const { at, end } = token;
    if (token.kind === 'number') {
      this.next++;
      return { kind: 'number', value: token.value, at, end };
    }
    if (this.accept('len')) return { kind: 'len', at, end };
    if (this.accept('(')) {
      const inside = this.arithmetic();
      this.expect(')');
      return inside;
    }
    if (token.kind !== 'word' || !PROTOCOL_WORDS.has(token.text)) this.unexpected();
    this.next++;
    this.expect('[');
    const index = this.arithmetic();
    let size = 1;
    if (this.accept(':')) {
      const sizeToken = this.takeA('number');
      size = sizeToken.value;
      if (size !== 1 && size !== 2 && size !== 4)
        throw new FilterProblem(`${size} octets can't be read at once: 1, 2 or 4 can`, sizeToken);
    }
    const close = this.token;
    this.expect(']');
    return { kind: 'octets', protocol: token.text, index, size, at, end: close.end };
  }

  /** What `parsed` answers, or the problem that it met; the parser then stands where it met it. */
  private attempt<Result>(parsed: () => Result): Result | FilterProblem {
    try {
      return parsed();
    } catch (problem) {
      if (problem instanceof FilterProblem) return problem;
      throw problem;
    }
  }

  private nested<Result>(parsed: () => Result): Result {
    if (++this.depth > MOST_NESTED) throw new FilterProblem('nested too deeply', this.token);
    try {
      return parsed();
    } finally {
      this.depth--;
    }
  }

  /** Nothing may be left. */
  finish(): void {
    if (this.token.kind !== 'end') this.unexpected();
  }

  private is(word: string): boolean {
    return this.token.kind === 'word' && this.token.text === word;
  }

  private accept(word: string): boolean {
    if (!this.is(word)) return false;
    this.next++;
    return true;
  }

  private expect(word: string): void {
    if (!this.accept(word)) this.unexpected(`"${word}"`);
  }

  private take(): Token {
    return this.list[this.next++]!;
  }

  private takeA(kind: 'number' | 'ipv4'): Token {
    if (this.token.kind !== kind) this.unexpected(kind === 'number' ? 'a number' : 'a mask like 255.255.255.0');
    return this.take();
  }

  private unexpected(wanted?: string): never {
    const { token } = this;
    const what = token.kind === 'end' ? 'the expression ends' : `"${token.text}" is out of place${remedy(token)}`;
    throw new FilterProblem(wanted === undefined ? what : `${what}: ${wanted} should be here`, token);
  }

  /** A name, an address or a number that no `host`, `port` or the like stands before. */
  private unqualified(): never {
    const { token } = this;
    if (token.kind === 'end') this.unexpected();
    const problem =
      token.kind === 'name'
        ? `"${token.text}" is no word of a filter${remedy(token)}`
        : `"${token.text}" needs a word before it: host, net, port …`;
    throw new FilterProblem(problem, token);
  }
}

/** Whether an operator takes its operands before the next one does. */
function bindsFirst(waiting: Operator | 'negative', next: Operator): boolean {
  const before = PRECEDENCE[waiting];
  const after = PRECEDENCE[next];
  return before > 0 && after > 0 && before >= after;
}

/** 0 is none. */
const PRECEDENCE: Readonly<Record<Operator | 'negative', number>> = {
  '^': 0,
  '%': 0,
  '|': 1,
  '&': 1,
  '<<': 2,
  '>>': 2,
  '+': 3,
  '-': 3,
  '*': 4,
  '/': 4,
  negative: 5,
};
const OPERATORS: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>']);
const RELATIONS: ReadonlySet<string> = new Set(['=', '!=', '>', '>=', '<', '<=']);
const DIRECTED_TYPES: ReadonlySet<string> = new Set(['host', 'net', 'port', 'portrange']);
const OTHER_TYPES: ReadonlySet<string> = new Set(['proto', 'protochain', 'gateway']);
const WLAN_ADDRESSES: ReadonlySet<string> = new Set(['addr1', 'addr2', 'addr3', 'addr4', 'ra', 'ta']);
/** Words that are a condition by themselves, and those of them that may follow a protocol. */
const QUALIFIABLE: ReadonlySet<string> = new Set(['broadcast', 'multicast', 'type', 'subtype', 'dir']);
const SPECIAL: ReadonlySet<string> = new Set([
  ...QUALIFIABLE,
  ...['less', 'greater', 'byte', 'inbound', 'outbound', 'vlan', 'mpls', 'pppoed', 'pppoes', 'llc'],
]);
const MOST_NESTED = 400;
