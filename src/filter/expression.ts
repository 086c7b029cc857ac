import type { Span } from './filter-error.ts';
import type { Token } from './lexer.ts';

/** A filter expression as it was written, before any link type gives it a meaning. */
export type Expression =
  | { readonly kind: 'and' | 'or'; readonly first: Expression; readonly second: Expression }
  | { readonly kind: 'not'; readonly of: Expression }
  | Primitive
  | Comparison
  | Special
  | ({ readonly kind: 'protocol'; readonly protocol: string } & Span)
  | { readonly kind: 'everything' };

/** `src`, `dst`, both or either, or which of the addresses of an 802.11 frame. */
export type Direction =
  | 'src'
  | 'dst'
  | 'src or dst'
  | 'src and dst'
  | 'addr1'
  | 'addr2'
  | 'addr3'
  | 'addr4'
  | 'ra'
  | 'ta';

/** What an identifier is to be taken for. */
export interface Qualifiers {
  /** A word of PROTOCOL_WORDS. */
  readonly protocol: string | null;
  readonly direction: Direction | null;
  readonly type: 'host' | 'net' | 'port' | 'portrange' | 'proto' | 'protochain' | 'gateway' | null;
}

/** An identifier with its qualifiers, its own or those of the one before it; null when there are none to take over. */
export interface Primitive extends Span {
  readonly kind: 'primitive';
  readonly qualifiers: Qualifiers | null;
  readonly id: Token;
  /** Of an address: the length or the dotted mask after it. */
  readonly mask: Token | null;
}

/** Two numbers compared. */
export interface Comparison extends Span {
  readonly kind: 'comparison';
  readonly left: Arithmetic;
  readonly relation: '=' | '!=' | '>' | '>=' | '<' | '<=';
  readonly right: Arithmetic;
}

/** A word that is a condition by itself. */
export interface Special extends Span {
  readonly kind: 'special';
  readonly word: string;
  /** What stands before `broadcast`, `multicast`, `type`, `subtype`, `dir`. */
  readonly protocol: string | null;
  /** What follows: a number or a name. */
  readonly operands: readonly Token[];
}

export type Operator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';

export type Arithmetic = Span &
  (
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'len' }
    | { readonly kind: 'negative'; readonly of: Arithmetic }
    | { readonly kind: 'operation'; readonly operator: Operator; readonly left: Arithmetic; readonly right: Arithmetic }
    | { readonly kind: 'octets'; readonly protocol: string; readonly index: Arithmetic; readonly size: number }
  );
