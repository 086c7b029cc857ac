import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The name of this machine's interface with a number, as tcpdump tells it for Linux cooked captures v2, whatever
 * machine the capture is from. Read on the first call; nothing is known where there is no /sys.
 */
export function interfaceName(index: number): string | undefined {
  known ??= readInterfaces();
  return known.get(index);
}

let known: Map<number, string> | undefined;

function readInterfaces(): Map<number, string> {
  const names = new Map<number, string>();
  if (!existsSync(INTERFACES)) return names;
  for (const name of readdirSync(INTERFACES)) {
    // Some entries are no interfaces.
    const file = join(INTERFACES, name, 'ifindex');
    if (existsSync(file)) names.set(Number(readFileSync(file, 'latin1')), name);
  }
  return names;
}

const INTERFACES = '/sys/class/net';
