import { readFileSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';

/** Octets that a program may still take without swapping. */
export function freeMemory(): number {
  try {
    const available = readFileSync('/proc/meminfo', 'utf8').match(/^MemAvailable:\s+(\d+) kB/m);
    return available ? Number(available[1]) * 1024 : freemem();
  } catch {
    return freemem();
  }
}

/** Processor, cores, memory and Node's version in one line. */
export function machine(): string {
  const processors = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `${processors.length} x ${processors[0]?.model.trim()}, ${memory} GiB, Node ${process.versions.node}`;
}
