import type { LastackError } from '../errors.ts';

/** Exit statuses; no other file knows them. */
export const EXIT = {
  done: 0,
  violation: 1,
  usage: 2,
  unreadableInput: 3,
  damagedCapture: 4,
  interrupted: 130,
} as const;

/** The exit status for what went wrong: usage before unreadable inputs before damaged ones. */
export function exitStatus(problems: readonly LastackError[]): number {
  for (const code of GRAVEST_FIRST) {
    if (problems.some((problem) => problem.code === code)) return STATUS[code];
  }
  return EXIT.done;
}

const STATUS = {
  usage: EXIT.usage,
  'unreadable-input': EXIT.unreadableInput,
  'damaged-capture': EXIT.damagedCapture,
} satisfies Record<LastackError['code'], number>;
const GRAVEST_FIRST: readonly LastackError['code'][] = ['usage', 'unreadable-input', 'damaged-capture'];
