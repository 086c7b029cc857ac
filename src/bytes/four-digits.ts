/**
 * Every number below 10,000 as four ASCII digits, the first one in the lowest octet: as `setInt32` writes them
 * little-endian.
 */
export const FOUR_DIGITS: Int32Array = fourDigits();

/** The same without leading zeros, and how many digits they are: looked up, since nobody can foresee how many. */
export const SHORT_DIGITS: Int32Array = FOUR_DIGITS.slice();
export const SHORT_LENGTH: Uint8Array = new Uint8Array(10_000).fill(4);
for (const [length, end] of [
  [3, 1000],
  [2, 100],
  [1, 10],
] as const) {
  for (let value = 0; value < end; value++) SHORT_DIGITS[value] = FOUR_DIGITS[value]! >>> ((4 - length) * 8);
  SHORT_LENGTH.fill(length, 0, end);
}

/** Made at every start, before anything is compiled: in as few steps as can be. */
function fourDigits(): Int32Array {
  const table = new Int32Array(10_000);
  let value = 0;
  for (let upper = 0; upper < 100; upper++) {
    const high = 0x30303030 + Math.floor(upper / 10) + ((upper % 10) << 8);
    for (let tens = 0; tens < 10; tens++) {
      const word = high + (tens << 16);
      for (let last = 0; last < 10; last++) table[value++] = word + (last << 24);
    }
  }
  return table;
}
