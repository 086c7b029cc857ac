import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { loadConfig } from 'rolldown/config';
import { afterAll, beforeAll } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
/** Below node_modules, so that what is not bundled is found. */
const BUILD = join(ROOT, `node_modules/.lastack-test-${process.pid}`);

/** What a run left behind. */
export interface Run {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

/** How a run is started. */
export interface RunOptions {
  readonly input?: Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder for the captures of a test file, which goes when its tests are over; and the bundle to run. */
export function useLastack(): { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lastack-test-'));
  beforeAll(async () => {
    const configs = await loadConfig(join(ROOT, 'rolldown.config.ts'));
    const config = Array.isArray(configs) ? configs.find(({ output }) => isCommandLine(output)) : undefined;
    if (!config || Array.isArray(config.output)) throw new Error('rolldown.config.ts has no bundle for dist/cli');
    const bundle = await rolldown({ ...config, cwd: ROOT });
    await bundle.write({ ...config.output, dir: join(BUILD, 'cli') });
    await bundle.close();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(BUILD, { recursive: true, force: true });
  });
  return { folder };
}

function isCommandLine(output: unknown): boolean {
  return (output as { dir?: string } | undefined)?.dir === 'dist/cli';
}

/** Runs the command line to its end. */
export function lastack(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(BUILD, 'cli/main.js'), ...args], {
      env: { ...process.env, TZ: 'UTC', NO_COLOR: '', FORCE_COLOR: '', ...options.env },
    });
    const out: Buffer[] = [];
    const error: Buffer[] = [];
    child.stdout.on('data', (octets: Buffer) => out.push(octets));
    child.stderr.on('data', (octets: Buffer) => error.push(octets));
    child.on('error', reject);
    child.on('close', (status) =>
      resolve({ status, out: Buffer.concat(out).toString(), error: Buffer.concat(error).toString() }),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? new Uint8Array(0));
  });
}

/** Runs the command line on a pipe that stays open after `input`, and interrupts it as Ctrl-C does. */
export function interrupted(args: readonly string[], input: Uint8Array): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(BUILD, 'cli/main.js'), ...args]);
    let out = '';
    let error = '';
    child.stdout.on('data', (octets: Buffer) => {
      out += octets;
    });
    child.stderr.on('data', (octets: Buffer) => {
      error += octets;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, out, error }));
    child.stdin.write(input, () => setTimeout(() => child.kill('SIGINT'), 1500));
  });
}

/** Runs a script beside the bundle, with the path of its `main.js` in `process.env.LASTACK`. */
export function node(script: string, args: readonly string[]): Promise<Run> {
  const env = { ...process.env, LASTACK: join(BUILD, 'cli/main.js') };
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', script, ...args], { env }, (failure, out, error) =>
      resolve({ status: failure ? 1 : 0, out, error }),
    );
  });
}

/** Runs a shell line in which `lastack` is the command line. */
export function shell(line: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    const command = `lastack() { '${process.execPath}' '${join(BUILD, 'cli/main.js')}' "$@"; }; ${line}`;
    const child = spawn('bash', ['-c', command], { env: { ...process.env, TZ: 'UTC' } });
    let out = '';
    let error = '';
    child.stdout.on('data', (octets: Buffer) => {
      out += octets;
    });
    child.stderr.on('data', (octets: Buffer) => {
      error += octets;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, out, error }));
  });
}
