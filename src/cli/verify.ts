import { EXIT } from './exit.ts';
export async function verify(_capture: string): Promise<number> {
  return EXIT.usage;
}
