import { isTerminal, STDERR } from './standard.ts';

/** How far reading has come; `done` and `total` are octets, `total` null when nobody knows. */
export interface Progress {
  update(done: number, total: number | null, records: number): void;
  stop(): void;
}

/** A progress bar on standard error, where that is a terminal; else, and when not wanted, nothing at all. */
export async function startProgress(wanted: boolean): Promise<Progress> {
  if (!wanted || !isTerminal(STDERR)) return NO_PROGRESS;
  const { ProgressBar } = await import('./progress-bar.ts');
  return new ProgressBar();
}

const NO_PROGRESS: Progress = { update() {}, stop() {} };
