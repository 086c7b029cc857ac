type Numbers = Int32Array | Uint32Array | Float64Array;

/**
 * A longer array that begins with the elements of this one. What has never been written takes no memory, what is copied
 * takes it twice, and an array of middling length that is given up leaves a hole in the heap: so one long step, then
 * doubling.
 */
export function grown<T extends Numbers>(array: T): T {
  const longest = Math.max(LARGE / array.BYTES_PER_ELEMENT, array.length * 2);
  const longer = new (array.constructor as new (length: number) => T)(longest);
  longer.set(array);
  return longer;
}

/** Octets: allocators map as much for itself, and fill it with zeros only when it is touched. */
const LARGE = 1 << 22;
