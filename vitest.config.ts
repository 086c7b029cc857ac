import { defineConfig } from 'vitest/config';

export default defineConfig({
  // All processors: by itself Vitest leaves one idle, which is half of a machine with two.
  test: { include: ['test/**/*.test.ts'], testTimeout: 60_000, maxWorkers: '100%' },
});
