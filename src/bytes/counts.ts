/** Counts as people read them. Not by `toLocaleString`: its first call loads ICU, a tenth of what Node takes to start. */

/** A whole number with thousands apart: `6,812,004`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 flow`, `1,234 flows`. */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}
