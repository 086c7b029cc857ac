/**
 * Sums of 16-bit words by the processor's vector instructions, which JavaScript has only through WebAssembly: a fifth of
 * the time for full-size segments (docs/decisions/0013).
 *
 * Of all memory these instructions can read one piece, which is made for them: whoever wants octets summed quickly reads
 * them into it. There is one such memory at a time; `vectorView` is the view of the newest.
 */

/** The view that `vectorFold` sums; null where there is none. */
export let vectorView: DataView | null = null;

/**
 * Folds the octets of `vectorView` from `at` to `end` to 16 bits: their little-endian 16-bit words, the last one padded
 * with zero, added with end-around carry (RFC 1071). At most `VECTOR_MOST` octets; what is outside of the view throws.
 */
export let vectorFold: (at: number, end: number) => number = () => 0;

/** Octets that can be summed at once: each of the four lanes takes 32,768 words before it overflows. */
export const VECTOR_MOST: number = 1 << 18;

/**
 * Makes the memory whose octets are summed from now on. Answers null where the system has no such instructions, or no
 * address space for them.
 *
 * @param length octets: a multiple of 65,536, `VECTOR_MOST` at most
 */
export function vectorMemory(length: number): DataView | null {
  try {
    const memory = new WebAssembly.Memory({ initial: length / PAGE, maximum: length / PAGE });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(assemble()), { '': { '': memory } });
    vectorFold = instance.exports[''] as typeof vectorFold;
    vectorView = new DataView(memory.buffer);
  } catch {
    vectorView = null;
  }
  return vectorView;
}

const PAGE = 65_536;

/** What is used here of the global that TypeScript knows of browsers only. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (octets: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
};

/** A number as a module has it (LEB128): one octet, for what is below 64. */
type Small = number;

const I32 = 0x7f;
const I64 = 0x7e;
const V128 = 0x7b;
const NO_RESULT = 0x40;

const AT = 0x00;
const END = 0x01;
const LANES = 0x02;
const SUM = 0x03;

const get = (local: Small): number[] => [0x20, local];
const set = (local: Small): number[] => [0x21, local];
const i32 = (value: Small): number[] => [0x41, value];
const i64 = (value: Small): number[] => [0x42, value];
const WORD = [0x42, 0xff, 0xff, 0x03]; // i64.const 65535
const LESS = 0x4a; // i32.gt_s, of what is left and what an instruction takes
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_WRAP_I64 = 0xa7;
const I64_ADD = 0x7c;
const I64_AND = 0x83;
const I64_SHIFT_RIGHT = 0x88;
const I64_EXTEND_I32 = 0xad;
const load8 = [0x31, 0x00, 0x00];
const load16 = [0x33, 0x00, 0x00];
const load32 = [0x35, 0x00, 0x00];
const loadVector = (offset: Small): number[] => [0xfd, 0x00, 0x00, offset];
const addPairsOfWords = [0xfd, 0x7f]; // i32x4.extadd_pairwise_i16x8_u
const addLanes = [0xfd, 0xae, 0x01]; // i32x4.add
const lane = (index: Small): number[] => [0xfd, 0x1b, index, I64_EXTEND_I32];

/** `body` for as long as `count` octets are left from AT on, which moves on by as many. */
function whileLeft(count: Small, body: readonly number[]): number[] {
  const block = [0x02, NO_RESULT];
  const loop = [0x03, NO_RESULT];
  const leave = [0x0d, 0x01];
  const again = [0x0c, 0x00];
  const end = 0x0b;
  const test = [...i32(count), ...get(END), ...get(AT), I32_SUB, LESS, ...leave];
  const step = [...get(AT), ...i32(count), I32_ADD, ...set(AT)];
  return [...block, ...loop, ...test, ...body, ...step, ...again, end, end];
}

/** SUM, and what `octets` loads, in SUM. */
const addLoaded = (octets: readonly number[]): number[] => [...get(SUM), ...get(AT), ...octets, I64_ADD, ...set(SUM)];

/** SUM's lower 16 bits and what is above them, in SUM. */
const FOLD = [...get(SUM), ...WORD, I64_AND, ...get(SUM), ...i64(16), I64_SHIFT_RIGHT, I64_ADD, ...set(SUM)];

const vector = (items: readonly number[][]): number[] => [items.length, ...items.flat()];
const sized = (octets: readonly number[]): number[] => [(octets.length & 0x7f) | 0x80, octets.length >> 7, ...octets];
const section = (id: Small, items: readonly number[][]): number[] => [id, ...sized(vector(items))];

/** (module (import "" "" (memory 0)) (func (export "") (param AT i32) (param END i32) (result i32) …)) */
function assemble(): Uint8Array {
  const code = [
    ...whileLeft(32, [
      ...[...get(LANES), ...get(AT), ...loadVector(0), ...addPairsOfWords, ...addLanes],
      ...[...get(AT), ...loadVector(16), ...addPairsOfWords, ...addLanes, ...set(LANES)],
    ]),
    ...[...get(LANES), ...lane(0), ...get(LANES), ...lane(1), I64_ADD],
    ...[...get(LANES), ...lane(2), I64_ADD, ...get(LANES), ...lane(3), I64_ADD, ...set(SUM)],
    ...whileLeft(4, addLoaded(load32)),
    ...whileLeft(2, addLoaded(load16)),
    ...whileLeft(1, addLoaded(load8)),
    ...[...FOLD, ...FOLD, ...FOLD],
    ...[...get(SUM), I32_WRAP_I64, 0x0b],
  ];
  const lanes = [1, V128];
  const sum = [1, I64];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [[0x60, ...vector([[I32], [I32]]), ...vector([[I32]])]]),
    ...section(2, [[0x00, 0x00, 0x02, 0x00, 0x00]]),
    ...section(3, [[0x00]]),
    ...section(7, [[0x00, 0x00, 0x00]]),
    ...section(10, [sized([...vector([lanes, sum]), ...code])]),
  ]);
}
