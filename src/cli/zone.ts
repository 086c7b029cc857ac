/** Seconds that the zone of TZ lies east of UTC at a time in seconds since 1970. */
export function localOffset(epochSeconds: number): number {
  return -new Date(epochSeconds * 1000).getTimezoneOffset() * 60;
}
