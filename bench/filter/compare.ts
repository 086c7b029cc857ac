import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RecordView } from '../../src/capture/record.ts';
import { UsageError } from '../../src/errors.ts';
import { PacketFilter } from '../../src/filter/packet-filter.ts';
import { openCaptures } from '../../src/input/captures.ts';
import { Random } from '../random.ts';
import { expression, FAMILIAR } from './expressions.ts';
import { seenIn } from './seen.ts';

/**
 * lastack's filters against tcpdump's, on captures: arguments `[--expressions N] [--familiar N] [--seed N] [--seconds N]
 * [--longest OCTETS] CAPTURE...`, once it is bundled.
 *
 * Each expression is made by the seed, from values of a capture that it chooses, and is followed by tcpdump and by lastack
 * on that capture; the familiar ones on several. Equal are: the same packets, or refused by both. Exit status 1 otherwise.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    expressions: { type: 'string', default: '2000' },
    familiar: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '600' },
    longest: { type: 'string', default: '300000' },
    show: { type: 'string', default: '20' },
  },
});

/** A capture's records, as tcpdump reads them to the end. */
interface Capture {
  readonly path: string;
  readonly records: readonly RecordView[];
  /** Octets of each record as `packetOf` has them. */
  readonly packets: readonly string[];
}

interface Counts {
  equal: number;
  refused: number;
  different: number;
  /** Refused by lastack alone, by its own word that it does not support this. */
  unsupported: number;
  /** Where libpcap overwrites what it knows of the header's length. */
  overwritten: number;
}

/** Link types whose headers vary in length: libpcap 1.10 lets arithmetic overwrite the length that it has computed. */
const VARYING_HEADERS: ReadonlySet<number> = new Set([105, 117, 119, 127, 163, 192]);

await main();

async function main(): Promise<void> {
  const random = new Random(Number(values.seed));
  const paths = positionals.flatMap(filesOf).filter((path) => statSync(path).size <= Number(values.longest));
  const captures = new Map<string, Capture | null>();
  const counts: Counts = { equal: 0, refused: 0, different: 0, unsupported: 0, overwritten: 0 };
  const used = new Set<string>();
  const deadline = performance.now() + Number(values.seconds) * 1000;
  const wanted = Number(values.expressions) + FAMILIAR.length * Number(values.familiar);
  let tried = 0;
  for (let i = 0; i < wanted && performance.now() < deadline && paths.length > 0; ) {
    const path = paths[random.below(paths.length)]!;
    let capture = captures.get(path);
    if (capture === undefined) {
      capture = await read(path);
      captures.set(path, capture);
    }
    if (capture === null) {
      if (++tried > 100 * (i + 1)) throw new Error('no capture that tcpdump reads');
      continue;
    }
    const isFamiliar = i >= Number(values.expressions);
    const text = isFamiliar
      ? FAMILIAR[(i - Number(values.expressions)) % FAMILIAR.length]!
      : expression(random, seenIn(capture.records, random));
    used.add(path);
    compare(capture, text, counts);
    i++;
  }
  const all = counts.equal + counts.refused + counts.different + counts.unsupported + counts.overwritten;
  console.log(
    `filters: equal ${counts.equal + counts.refused} of ${all} (${counts.refused} refused by both), ` +
      `${counts.different} different, ${counts.unsupported} not supported, ${counts.overwritten} where libpcap errs, over ${used.size} captures`,
  );
  if (counts.different > 0 || all === 0) process.exitCode = 1;
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile() && !/\.(tsv|md|gz|zst|lz4)$/.test(file))
    .sort();
}

function compare(capture: Capture, text: string, counts: Counts): void {
  const theirs = tcpdump(capture.path, text);
  let ours: string[] | UsageError;
  try {
    const filter = new PacketFilter(text);
    for (const record of capture.records.slice(0, 1)) filter.check(record.linkType);
    ours = capture.packets.filter((_, i) => filter.accepts(capture.records[i]!));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    ours = error;
  }
  if (theirs === null || ours instanceof UsageError) {
    if (theirs === null && ours instanceof UsageError) counts.refused++;
    else if (
      ours instanceof UsageError &&
      (/not supported|not look|libpcap does not read/.test(ours.message) || isNeverComputed(ours, text))
    )
      counts.unsupported++;
    else {
      counts.different++;
      show(counts, capture, text, ours instanceof UsageError ? `lastack refuses: ${ours.message}` : 'tcpdump refuses');
    }
    return;
  }
  const chosen = ours;
  if (chosen.length === theirs.length && chosen.every((packet, i) => packet === theirs[i])) counts.equal++;
  else if (VARYING_HEADERS.has(capture.records[0]!.linkType) && /[<>=[]/.test(text)) counts.overwritten++;
  else {
    counts.different++;
    show(
      counts,
      capture,
      text,
      `lastack ${chosen.length} packets, tcpdump ${theirs.length} of ${capture.packets.length}`,
    );
  }
}

/**
 * A divisor that comes to zero within a part that can't hold on this link type: libpcap computes nothing there. On
 * Ethernet, where all parts can hold, it must refuse the expression too.
 */
function isNeverComputed({ message }: UsageError, text: string): boolean {
  if (!message.includes('what libpcap takes for zero')) return false;
  return spawnSync('tcpdump', ['-d', '-y', 'EN10MB', '--', text]).status !== 0;
}

function show(counts: Counts, { path }: Capture, text: string, difference: string): void {
  if (counts.different <= Number(values.show)) console.log(`${path}\n  ${text}\n  ${difference}`);
}

/** The packets that tcpdump selects; null when it refuses the expression. */
function tcpdump(path: string, text: string): string[] | null {
  const { stdout, status, stderr }: SpawnSyncReturns<Buffer> = spawnSync(
    'tcpdump',
    ['-r', path, '-w', '-', '--', text],
    { maxBuffer: 1 << 28, timeout: 60_000 },
  );
  if (status !== 0 && stdout.length === 0) {
    if (status === null) throw new Error(`tcpdump did not come back: ${text}: ${stderr}`);
    return null;
  }
  const packets: string[] = [];
  for (let at = 24; at + 16 <= stdout.length; ) {
    const kept = stdout.readUInt32LE(at + 8);
    const original = stdout.readUInt32LE(at + 12);
    packets.push(packetOf(stdout.subarray(at + 16, at + 16 + kept), original));
    at += 16 + kept;
  }
  return packets;
}

/** What tells a packet from another. */
function packetOf(octets: Uint8Array, original: number): string {
  return `${original} ${createHash('sha1').update(octets).digest('base64')}`;
}

/** A capture's records; null when tcpdump and lastack do not read the same of it, filters aside. */
async function read(path: string): Promise<Capture | null> {
  const source = await openCaptures([path]);
  const records: RecordView[] = [];
  const packets: string[] = [];
  do {
    for (let record = new RecordView(); source.next(record); record = new RecordView()) {
      record.bytes = record.bytes.slice(record.at, record.end);
      record.view = new DataView(record.bytes.buffer);
      record.end -= record.at;
      record.at = 0;
      records.push(record);
      packets.push(packetOf(record.bytes, record.originalLength));
    }
  } while (await source.fill());
  source.close();
  const theirs = records.length === 0 ? null : tcpdump(path, '');
  if (theirs === null || theirs.length === 0 || theirs.some((packet, i) => packet !== packets[i])) return null;
  return { path, records: records.slice(0, theirs.length), packets: packets.slice(0, theirs.length) };
}
