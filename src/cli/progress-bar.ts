import cliProgress, { type SingleBar } from 'cli-progress';
import { countText } from '../bytes/counts.ts';
import type { Progress } from './progress.ts';

/** A bar on standard error, once reading takes a while. A file of its own: nobody else needs cli-progress. */
export class ProgressBar implements Progress {
  private readonly bar: SingleBar = new cliProgress.SingleBar({
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
  });
  private started = 0;
  private shown = false;

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
