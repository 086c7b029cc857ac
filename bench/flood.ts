import { ACK, OPTIONS, OutgoingSegment, SYN, writeFrame } from './frame.ts';
import { PcapFile } from './pcap-file.ts';
import { Random } from './random.ts';
import { countFlow, noTruth, type Truth } from './truth.ts';

const TARGET = 0x0a_02_00_01;
const TARGET_PORT = 80;
/** A SYN every ten microseconds. */
const GAP = 10;
/** How many SYNs stand between a SYN and its answer. */
const ANSWER_LAG = 3;

/** Writes a SYN flood from `flows` sources, each another address, every SYN answered and none completed. */
export function writeFlood(path: string, flows: number, seed: number): Truth {
  const random = new Random(seed);
  const truth = noTruth();
  const file = new PcapFile(path, 200);
  const segment = new OutgoingSegment();
  const ports = new Int32Array(ANSWER_LAG + 1);
  const isns = new Int32Array(ANSWER_LAG + 1);
  for (let i = 0; i < flows + ANSWER_LAG; i++) {
    if (i < flows) {
      const slot = i % (ANSWER_LAG + 1);
      ports[slot] = random.between(1024, 65_535);
      isns[slot] = random.next();
      segment.source = sourceOf(i);
      segment.sourcePort = ports[slot]!;
      segment.destination = TARGET;
      segment.destinationPort = TARGET_PORT;
      segment.seq = isns[slot]!;
      segment.ack = 0;
      segment.flags = SYN;
      segment.options = OPTIONS.none;
      segment.window = 512;
      segment.ipId = random.below(65_536);
      segment.towardsServer = 1;
      writeFrame(file, i * GAP, segment, 'ipv4');
      countFlow(truth, 'half-open', 'open');
    }
    const answered = i - ANSWER_LAG;
    if (answered < 0) continue;
    const slot = answered % (ANSWER_LAG + 1);
    segment.source = TARGET;
    segment.sourcePort = TARGET_PORT;
    segment.destination = sourceOf(answered);
    segment.destinationPort = ports[slot]!;
    segment.seq = random.next();
    segment.ack = (isns[slot]! + 1) | 0;
    segment.flags = SYN | ACK;
    segment.options = OPTIONS.mss;
    segment.window = 64_240;
    segment.ipId = 0;
    segment.towardsServer = 0;
    writeFrame(file, i * GAP + 4, segment, 'ipv4');
  }
  file.close();
  truth.records = file.records;
  return truth;
}

/** An address that looks random; no two numbers give the same one. */
function sourceOf(number: number): number {
  const spread = Math.imul(number + 1, 0x9e3779b1);
  const mixed = Math.imul(spread ^ (spread >>> 15), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
