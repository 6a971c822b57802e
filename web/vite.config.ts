import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Where `npm run dev` finds a running `lianxin serve`. */
const server = process.env.LIANXIN_HTTP ?? 'http://127.0.0.1:8080'

/** The citizens' page is built by itself: it shares no chunk with the console and stays small. */
export default defineConfig(({ mode }) => ({
  plugins: [vue()],
  resolve: { alias: { '@': here('src') } },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: server, ws: true } },
  },
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 600,
    emptyOutDir: mode !== 'public',
    rolldownOptions: { input: mode === 'public' ? here('public.html') : here('index.html') },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
  },
}))
