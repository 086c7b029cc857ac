import type { Plugin } from 'rolldown';

/**
 * Writes what is not ASCII in texts and regular expressions as escapes: V8 keeps the text of a program while it runs, with
 * two octets for each character if one of them needs two.
 */
export function asciiOnly(): Plugin {
  return {
    name: 'ascii-only',
    generateBundle(_, bundle) {
      for (const output of Object.values(bundle)) if (output.type === 'chunk') output.code = escaped(output.code);
    },
  };
}

/** The same program in ASCII, as long as it has no `String.raw` of anything else. */
export function escaped(code: string): string {
  return code.replaceAll(NOT_ASCII, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const NOT_ASCII = /[\u0080-\uffff]/g;
