import { EXIT } from './exit.ts';
export async function timeline(_captures: readonly string[], _options: unknown): Promise<number> {
  return EXIT.usage;
}
