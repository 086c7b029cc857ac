import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeBulk } from './bulk.ts';
import { writeFlood } from './flood.ts';
import type { Truth } from './truth.ts';
import { writeWeb } from './web.ts';

/** Raised whenever a generator changes what it writes: captures of older generators are then made anew. */
const GENERATION = 2;
const SEED = 20_231_114;

/** A capture of bench/data. */
export interface Capture {
  readonly name: CaptureName;
  readonly path: string;
  readonly bytes: number;
  readonly truth: Truth;
}

export type CaptureName = 'web' | 'bulk' | 'flood' | 'tiny' | 'v6' | 'tunnel' | 'web.gz' | 'web.zst';

interface Recipe {
  readonly about: string;
  /** Connections (for `bulk`: data segments) at scale 1. */
  readonly size: number;
  readonly make: Maker | 'gzip' | 'zstd';
}

/** The captures there are; what each is made for stands in docs/performance.md. */
export const CAPTURES: Readonly<Record<CaptureName, Recipe>> = {
  web: { about: 'short connections, interleaved, ports used again', size: 600_000, make: web('ipv4') },
  bulk: { about: 'four lossy flows of full-size segments', size: 440_000, make: writeBulk },
  flood: { about: 'half-open flows, each from another source', size: 5_000_000, make: writeFlood },
  tiny: { about: 'one connection of 10 packets', size: 0, make: writeTiny },
  v6: { about: 'web over IPv6 with VLAN tags', size: 150_000, make: web('vlan-ipv6') },
  tunnel: { about: 'web in VXLAN', size: 150_000, make: web('vxlan') },
  'web.gz': { about: 'web, compressed by gzip', size: 600_000, make: 'gzip' },
  'web.zst': { about: 'web, compressed by zstd', size: 600_000, make: 'zstd' },
};

type Maker = (path: string, size: number, seed: number) => Truth;

/**
 * The capture of that name and scale: taken from `folder`, or generated.
 *
 * @param scale 1 is the whole capture, 0.01 one of a hundredth of its connections (or segments, for `bulk`)
 * @returns undefined when the program that compresses it is not installed
 */
export function capture(folder: string, name: CaptureName, scale: number): Capture | undefined {
  const { size, make } = CAPTURES[name];
  const [base, suffix] = name.split('.');
  const path = join(folder, `${base}-${scale}-g${GENERATION}.pcap${suffix ? `.${suffix}` : ''}`);
  if (make === 'gzip' || make === 'zstd') return compressed(folder, path, name, scale, make);
  const truthPath = `${path}.json`;
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path) || !existsSync(truthPath)) {
    const truth = make(path, Math.max(1, Math.round(size * scale)), SEED);
    writeFileSync(truthPath, JSON.stringify(truth));
  }
  const truth = JSON.parse(readFileSync(truthPath, 'utf8')) as Truth;
  return { name, path, bytes: statSync(path).size, truth };
}

function web(encapsulation: Parameters<typeof writeWeb>[2]): Maker {
  return (path, connections, seed) => writeWeb(path, connections, encapsulation, seed);
}

/** The first seed whose single connection has ten segments. */
function writeTiny(path: string): Truth {
  for (let seed = 1; ; seed++) {
    const truth = writeWeb(path, 1, 'ipv4', seed);
    if (truth.records === 10) return truth;
  }
}

function compressed(
  folder: string,
  path: string,
  name: CaptureName,
  scale: number,
  program: string,
): Capture | undefined {
  const plain = capture(folder, 'web', scale)!;
  if (!existsSync(path)) {
    const part = `${path}.part`;
    const run = spawnSync('sh', ['-c', `${program} -c "$1" > "$2"`, program, plain.path, part]);
    if (run.status !== 0) return undefined;
    renameSync(part, path);
  }
  return { ...plain, name, path, bytes: statSync(path).size };
}
