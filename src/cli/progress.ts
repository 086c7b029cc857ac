import type { SingleBar } from 'cli-progress';
import { countText } from '../bytes/counts.ts';
import { isTerminal, STDERR } from './standard.ts';

/** How far reading has come; `done` and `total` are octets, `total` null when nobody knows. */
export interface Progress {
  update(done: number, total: number | null, records: number): void;
  stop(): void;
}

/** A progress bar on standard error, where that is a terminal; else, and when not wanted, nothing at all. */
export async function startProgress(wanted: boolean): Promise<Progress> {
  if (!wanted || !isTerminal(STDERR)) return NO_PROGRESS;
  const { default: cliProgress } = await import('cli-progress');
  return new Bar(
    new cliProgress.SingleBar({
      stream: process.stderr,
      format: 'reading {bar} {percentage}% | {size} | {records} records | {eta_formatted} left',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      fps: 5,
      etaBuffer: 50,
    }),
  );
}

const NO_PROGRESS: Progress = { update() {}, stop() {} };

class Bar implements Progress {
  private readonly bar: SingleBar;
  private started = 0;
  private shown = false;

  constructor(bar: SingleBar) {
    this.bar = bar;
  }

  update(done: number, total: number | null, records: number): void {
    const now = Date.now();
    if (this.started === 0) this.started = now;
    // A short run needs no bar.
    if (!this.shown && now - this.started < 300) return;
    const payload = { size: sizeText(done), records: countText(records) };
    if (!this.shown) {
      this.bar.start(total ?? Math.max(done, 1), done, payload);
      this.shown = true;
    }
    if (total === null) this.bar.setTotal(Math.max(done, 1));
    this.bar.update(done, payload);
  }

  stop(): void {
    if (this.shown) this.bar.stop();
  }
}

function sizeText(octets: number): string {
  return octets >= 1e9 ? `${(octets / 1e9).toFixed(2)} GB` : `${(octets / 1e6).toFixed(0)} MB`;
}
