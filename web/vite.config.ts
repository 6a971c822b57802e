import { fileURLToPath } from 'node:url'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Where `npm run dev` finds a running `lianxin serve`. */
const server = process.env.LIANXIN_HTTP ?? 'http://127.0.0.1:8080'

/** Lays the packed form beside each file, so that no server packs the same bytes twice. */
const packed = (): Plugin => ({
  name: 'packed',
  apply: 'build',
  writeBundle({ dir }, bundle) {
    const pages = readdirSync(dir!).filter(name => /\.(html|svg)$/.test(name))
    for (const name of [...Object.keys(bundle), ...pages]) {
      const bytes = readFileSync(join(dir!, name))
      if (!/\.(js|css|html|svg)$/.test(name) || bytes.length < 1024) continue
      writeFileSync(join(dir!, `${name}.br`), brotliCompressSync(bytes))
      writeFileSync(join(dir!, `${name}.gz`), gzipSync(bytes, { level: 9 }))
    }
  },
})

/** The citizens' page is built by itself: it shares no chunk with the console and stays small. */
export default defineConfig(({ mode }) => ({
  plugins: [vue(), packed()],
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
