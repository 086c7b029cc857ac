/**
 * Matchers on captures for vitest:
 *
 * ```ts
 * import 'lastack/vitest';
 *
 * test('the client hangs up politely', async () => {
 *   await expect('run.pcap').toCloseCleanly();
 * });
 * ```
 */

import { expect } from 'vitest';
import { matchers, type TrafficMatchers } from './matchers.ts';

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: it merges with vitest's own interface, which says so
  interface Matchers<T = any> extends TrafficMatchers<T> {}
}

expect.extend(matchers);

export { type CapturePaths, type HandshakeBudget, matchers, type TrafficMatchers } from './matchers.ts';
