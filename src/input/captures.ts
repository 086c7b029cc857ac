import { WINDOW } from '../capture/decoder.ts';
import { UnreadableInputError } from '../errors.ts';
import { CaptureFile, type CaptureFileOptions } from './capture-file.ts';
import type { CaptureSource } from './capture-source.ts';
import { Ledger } from './ledger.ts';
import { MergedCaptures, MergeInput } from './merge.ts';
import { type CapturePath, expandPaths } from './paths.ts';
import { SingleCapture } from './single.ts';

export interface CaptureOptions {
  /** Count the SHA-256 of each file; default no. */
  readonly digest?: boolean;
  /** Files that hold the octets of inputs which come only once, by the input's path. */
  readonly stored?: ReadonlyMap<string, string>;
}

/**
 * Opens captures: files, directories of them, `-` for standard input; pcap or pcapng, told by content, and either within
 * gzip, zstd or lz4. One file keeps its own order; several are merged by timestamp. Never throws for an input that can't
 * be read: it is in `problems`, and the others are read.
 */
export async function openCaptures(paths: readonly string[], options: CaptureOptions = {}): Promise<CaptureSource> {
  const ledger = new Ledger();
  const { files, directories } = expandPaths(paths, ledger.problems);
  const fileOptions: CaptureFileOptions = {
    digest: options.digest ?? false,
    ...(options.stored === undefined ? {} : { stored: options.stored }),
    sparing: files.length > OPEN_FILES,
    window: files.length > OPEN_FILES ? SMALL_WINDOW : WINDOW,
  };
  const [only] = files;
  if (files.length === 1 && only && only.directory === null) return openSingle(only.path, fileOptions, ledger);

  const inputs: MergeInput[] = [];
  const fruitful = new Set<string | null>();
  for (const file of files) {
    const problems = ledger.problems.length;
    const input = await probe(file, fileOptions, ledger);
    if (input) inputs.push(input);
    // A file that the system refuses may be a capture.
    if (input || ledger.problems.length > problems) fruitful.add(file.directory);
  }
  for (const directory of new Set(directories)) {
    if (!fruitful.has(directory)) ledger.problems.push(new UnreadableInputError(directory, 'holds no captures'));
  }
  return new MergedCaptures(inputs, fileOptions, ledger);
}

/** Files held open side by side; with more, each is opened for every read, and its window begins small. */
const OPEN_FILES = 64;
const SMALL_WINDOW = 1 << 16;

/** Octets of a file that are worth a millisecond for checksums to be summed quickly. */
const LARGE = 1 << 22;

async function openSingle(path: string, options: CaptureFileOptions, ledger: Ledger): Promise<CaptureSource> {
  try {
    const file = await CaptureFile.open(path, options);
    if (file.size === null || file.size >= LARGE) file.decoder.speedSums();
    return new SingleCapture(file, ledger);
  } catch (error) {
    if (!(error instanceof UnreadableInputError)) throw error;
    ledger.problems.push(error);
    return new MergedCaptures([], options, ledger);
  }
}

/** Opens one of several files and reads its first record; undefined when it is no capture, which the ledger then knows. */
async function probe(file: CapturePath, options: CaptureFileOptions, ledger: Ledger): Promise<MergeInput | undefined> {
  try {
    const input = new MergeInput(await CaptureFile.open(file.path, { ...options, window: SMALL_WINDOW }));
    await input.readFirst();
    return input;
  } catch (error) {
    if (!(error instanceof UnreadableInputError)) throw error;
    // What the system refuses to open is worth a word; what is something else than a capture is not.
    if (file.directory !== null && error.cause === undefined) ledger.skipped.push(file.path);
    else ledger.problems.push(error);
    return undefined;
  }
}
