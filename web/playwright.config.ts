import { defineConfig } from '@playwright/test'

/** Debian's Chromium; nothing is downloaded. The tests start their own server and browser. */
export default defineConfig({
  testDir: 'e2e',
  timeout: 300_000,
  workers: 1,
  reporter: process.env.CI ? 'line' : 'list',
  use: { trace: 'retain-on-failure', actionTimeout: 30_000 },
})
