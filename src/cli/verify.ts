import { countText, plural } from '../bytes/counts.ts';
import { UnreadableInputError } from '../errors.ts';
import { type Disagreement, type DisagreementField, type Verification, verifyCapture } from '../input/verify.ts';
import { escapeName } from '../render/names.ts';
import { EXIT, exitStatus } from './exit.ts';
import { Output } from './output.ts';
import { reportProblems } from './problems.ts';
import { Interruption } from './reading.ts';

/** `lastack verify`: answers the exit status. A disagreement is a result, no error. */
export async function verify(capture: string): Promise<number> {
  const output = new Output(undefined, []);
  const interruption = new Interruption();
  try {
    const verification = await verifyCapture(capture, interruption);
    if (verification.problem instanceof UnreadableInputError) throw verification.problem;
    output.out.text(`${verificationText(verification).join('\n')}\n`);
    output.close();
    if (!verification.complete) return EXIT.interrupted;
    if (verification.problem === null) return EXIT.done;
    reportProblems([verification.problem]);
    return exitStatus([verification.problem]);
  } catch (error) {
    if (!(error instanceof UnreadableInputError)) throw error;
    reportProblems([error]);
    return exitStatus([error]);
  } finally {
    interruption.forget();
  }
}

function verificationText(verification: Verification): string[] {
  const { records, secondRecords, disagreements, disagreementCount, complete } = verification;
  const soFar = complete ? '' : ' so far';
  const path = verification.path.split(' ').map(escapeName).join(' ');
  if (secondRecords === null) {
    return [`${path}: ${plural(records, 'record')}${soFar}; pcap-parser can't tell: ${verification.unsupported}`];
  }
  const counts = `${plural(records, 'record')} by lastack, ${countText(secondRecords)} by pcap-parser${soFar}`;
  if (disagreementCount === 0) return [`${path}: ${counts}: they agree on every one`];
  const lines = [
    `${path}: ${counts}: ${plural(disagreementCount, 'disagreement')}`,
    ...disagreements.map(disagreementText),
  ];
  const hidden = disagreementCount - disagreements.length;
  return hidden > 0 ? [...lines, `  and ${countText(hidden)} more`] : lines;
}

function disagreementText({ record, offset, field, ours, second }: Disagreement): string {
  const place = record === 0 ? 'the file' : `record ${record}, byte ${offset}`;
  return `  ${place}: ${FIELDS[field]}: lastack ${ours}, pcap-parser ${second}`;
}

const FIELDS: Readonly<Record<DisagreementField, string>> = {
  linkType: 'link type',
  seconds: 'seconds',
  nanoseconds: 'nanoseconds',
  keptLength: 'kept length',
  originalLength: 'original length',
  octets: 'octets',
  end: 'end of the file',
};
