import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lastack, node, useLastack } from './lastack.ts';

useLastack();

const CAPTURE = join(import.meta.dirname, '../../samples/three-way-close/client.pcap');

/** Says on standard error, at the end, of each file that was loaded whether V8 took what was compiled of it beforehand. */
const TOLD = `
const { scripts } = require(process.env.LASTACK);
process.on('exit', () => {
  for (const [file, script] of scripts) console.error(require('node:path').basename(file), !script.cachedDataRejected);
});`;

test('V8 takes what it compiled of the program when it was built', async () => {
  const { out, error } = await node(TOLD, ['analyze', CAPTURE]);
  expect(out).toMatch(/^1 flow$/m);
  expect(error).toMatch(/^engine-\S+\.js true$/m);
  expect(error).not.toContain('false');
});

test('with other flags V8 compiles anew, and the output is the same', async () => {
  const { out, error } = await node(`require('v8').setFlagsFromString('--no-opt');${TOLD}`, ['analyze', CAPTURE]);
  expect(error).toMatch(/^engine-\S+\.js false$/m);
  expect(out).toBe((await lastack(['analyze', CAPTURE])).out);
});

test('a crash shows where in the program it was', async () => {
  const script = "process.once = () => { throw new Error('gone') };require(process.env.LASTACK)";
  const { error } = await node(script, ['analyze', CAPTURE]);
  expect(error).toMatch(/Error: gone\n.*\n\s+at .*chunks.\S+\.js:\d+:\d+/);
});

/** Where standard error is a terminal, and every look at the clock a second after the one before. */
const TERMINAL = `
const fs = require('node:fs');
const { fstatSync } = fs;
fs.fstatSync = (fd) => (fd === 2 ? { isCharacterDevice: () => true, rdev: -1 } : fstatSync(fd));
process.stderr.isTTY = true;
let now = 0;
Date.now = () => (now += 1000);
require(process.env.LASTACK)`;

test('on a terminal a bar shows how far reading has come', async () => {
  const { status, out, error } = await node(TERMINAL, ['analyze', CAPTURE]);
  expect(error).toContain('reading █');
  expect(out).toMatch(/^1 flow$/m);
  expect(status).toBe(0);
});
