/** Tests: two processes at a time at most, since suites start servers of their own. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    globalSetup: ['test/harness/global-setup.ts'],
    reporters: ['default'],
  },
});
