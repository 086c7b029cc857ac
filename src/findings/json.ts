import { ASCII } from '../bytes/ascii.ts';
import { writeInString, writeJsonValue } from '../bytes/json.ts';
import { type ByteWriter, Constant } from '../bytes/writer.ts';
import { CATALOGUE } from './catalogue.ts';
import { CONFIDENCES, type Finding, gravityOf, SEVERITIES } from './finding.ts';
import { closingOf } from './found.ts';

/**
 * Writes findings as `JSON.stringify` does, without an object or a message in between: what a code's findings have in
 * common is encoded once, and most of a message is.
 */
export function writeFindings(out: ByteWriter, findings: readonly Finding[]): void {
  out.byte(ASCII.openBracket);
  for (let i = 0; i < findings.length; i++) {
    if (i > 0) out.byte(ASCII.comma);
    writeFinding(out, findings[i]!);
  }
  out.byte(ASCII.closeBracket);
}

function writeFinding(out: ByteWriter, finding: Finding): void {
  const { code, frame, frames, values } = finding;
  const wording = wordingOf(code);
  out.constant(wording.code);
  out.constant(SEVERITY[gravityOf(finding.severity)]!);
  out.constant(CONFIDENCE[CONFIDENCES.indexOf(finding.confidence)]!);
  out.integer(frame);
  out.constant(FRAMES);
  writeFrames(out, frames, COMMA_BETWEEN);
  out.constant(VALUES);
  writeJsonValue(out, values);
  out.constant(MESSAGE);
  writeSentence(out, wording.seen(values));
  out.constant(wording.closing);
  if (frames.length === 1) {
    out.constant(FRAME_IS);
    out.integer(frame);
    out.constant(END_OF_ONE);
  } else {
    out.constant(FRAME_IN);
    writeFrames(out, frames, SPACE_BETWEEN);
    out.constant(END_OF_MANY);
  }
}

/** Writes what `sentence` makes of a text, but for the full stop. */
function writeSentence(out: ByteWriter, text: string): void {
  const start = out.length;
  writeInString(out, text);
  const first = out.bytes[start]!;
  if (first >= LOWER_A && first <= LOWER_Z) out.bytes[start] = first - LOWER_A + UPPER_A;
  else if (first > LOWER_Z) {
    out.length = start;
    writeInString(out, text.charAt(0).toUpperCase() + text.slice(1));
  }
}

function writeFrames(out: ByteWriter, frames: readonly number[], between: Constant): void {
  for (let i = 0; i < frames.length; i++) {
    if (i > 0) out.constant(between);
    out.integer(frames[i]!);
  }
}

const UPPER_A = 0x41;
const LOWER_A = 0x61;
const LOWER_Z = 0x7a;
// A finding's names, in the order of `Finding`, with the text around them.
const SEVERITY: readonly Constant[] = SEVERITIES.map((severity) => new Constant(`${severity}","confidence":"`));
const CONFIDENCE: readonly Constant[] = CONFIDENCES.map((confidence) => new Constant(`${confidence}","frame":`));
const FRAMES = new Constant(',"frames":[');
const VALUES = new Constant('],"values":');
const MESSAGE = new Constant(',"message":"');
const FRAME_IS = new Constant('","filter":"frame.number == ');
const END_OF_ONE = new Constant('"}');
const FRAME_IN = new Constant('","filter":"frame.number in {');
const END_OF_MANY = new Constant('}"}');
const COMMA_BETWEEN = new Constant(',');
const SPACE_BETWEEN = new Constant(', ');

/** What all findings of a code have in common. */
interface Wording {
  readonly code: Constant;
  readonly seen: (values: Finding['values']) => string;
  /** The message from the end of its first sentence on. */
  readonly closing: Constant;
}

const WORDINGS = new Map<string, Wording>();

function wordingOf(code: string): Wording {
  let wording = WORDINGS.get(code);
  if (wording === undefined) {
    const entry = CATALOGUE.get(code)!;
    wording = {
      code: new Constant(`{"code":${JSON.stringify(code)},"severity":"`),
      seen: entry.seen,
      closing: new Constant(JSON.stringify(`.${closingOf(entry)}`).slice(1, -1)),
    };
    WORDINGS.set(code, wording);
  }
  return wording;
}
