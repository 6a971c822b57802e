import { defineConfig } from '@playwright/test'

/** Not a test: makes the pictures of the README. Called by ops/screenshots. */
export default defineConfig({ testDir: 'screenshots', timeout: 300_000, workers: 1, reporter: 'line' })
