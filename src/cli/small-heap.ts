import { setFlagsFromString } from 'node:v8';

/**
 * V8 doubles the space for new objects as often as many of them survive, up to 48 MB. What survives here is little, and
 * a stream without end has to be read in memory that does not grow. Takes effect at once, though V8 was started before.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
