/** Quantities as people read them: three digits that matter, and a unit. */

/** A duration in nanoseconds: `0 s`, `12 µs`, `0.313 ms`, `13.0 ms`, `1.25 s`, `4 min 10 s`, `2 h 3 min`, `3 d 4 h`. */
export function durationText(nanoseconds: number): string {
  if (Number.isNaN(nanoseconds)) return '–';
  if (nanoseconds < 0) return `-${durationText(-nanoseconds)}`;
  if (nanoseconds === 0) return '0 s';
  if (nanoseconds < 1e5) return `${threeDigits(nanoseconds / 1e3)} µs`;
  if (nanoseconds < 999.5e6) return `${threeDigits(nanoseconds / 1e6)} ms`;
  const seconds = nanoseconds / 1e9;
  if (seconds < 99.95) return `${threeDigits(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return two(whole, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return two(minutes, 60, 'h', 'min');
  return two(Math.round(seconds / 3600), 24, 'd', 'h');
}

/** Octets: `0 B`, `734 B`, `1.21 kB`, `704 MB`. */
export function octetsText(octets: number): string {
  if (octets < 1000) return `${octets} B`;
  let unit = 0;
  let rest = octets / 1000;
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit++;
  }
  return `${threeDigits(rest)} ${UNITS[unit]}`;
}

/** A part of a whole: `0%`, `<1%`, `12%`, `>99%`, `100%`. */
export function percentText(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0%';
  const percent = (part / whole) * 100;
  if (percent < 1) return '<1%';
  if (percent > 99 && part < whole) return '>99%';
  return `${Math.round(percent)}%`;
}

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'];

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value >= 0.9995 ? value.toFixed(2) : value.toFixed(3);
}

/** The larger of two units and, unless it is 0, the smaller. */
function two(value: number, base: number, large: string, small: string): string {
  const rest = value % base;
  const whole = `${Math.floor(value / base)} ${large}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}
