import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
export const BIN = process.env.LIANXIN_BIN ?? join(ROOT, 'target/debug/lianxin')

export interface Account { role: string; name: string; password: string }
export interface Server { http: string; sip: string; data: string; accounts: Account[]; stop: () => Promise<void> }

/** A server of its own on free ports with a fresh demonstration city, as the README promises it to scripts; or the
 * demonstration that is running already, when LIANXIN_AT names it: "http://127.0.0.1:8080 127.0.0.1:5060 DATA-FOLDER". */
export async function serve(): Promise<Server> {
  const [http, sip, running] = (process.env.LIANXIN_AT ?? '').split(' ')
  if (http && sip && running) {
    const accounts = JSON.parse(readFileSync(join(running, 'demo-accounts.json'), 'utf8')) as Account[]
    return { http, sip, data: mkdtempSync(join(tmpdir(), 'lianxin-e2e-')), accounts, stop: () => Promise.resolve() }
  }
  if (!existsSync(BIN)) throw new Error(`${BIN} is not there: build it, or name it in LIANXIN_BIN`)
  const data = mkdtempSync(join(tmpdir(), 'lianxin-e2e-'))
  const child = spawn(BIN, ['serve', '--demo', '--data', data, '--http', '127.0.0.1:0', '--sip', '127.0.0.1:0', '--web', join(ROOT, 'web/dist')], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stderr.pipe(createWriteStream(join(data, 'server.log')))
  const ready = await line(child, /^ready http=(\S+) sip=(\S+)/, 120_000).catch(error => {
    child.kill('SIGTERM')
    throw new Error(`${String(error)}\n${existsSync(join(data, 'server.log')) ? readFileSync(join(data, 'server.log'), 'utf8').slice(-4000) : ''}`)
  })
  const accounts = JSON.parse(readFileSync(join(data, 'demo-accounts.json'), 'utf8')) as Account[]
  return { http: ready[1]!.replace(/\/$/, ''), sip: ready[2]!, data, accounts, stop: () => stop(child) }
}

function line(child: ChildProcess, pattern: RegExp, withinMs: number): Promise<RegExpMatchArray> {
  return new Promise((found, failed) => {
    let text = ''
    const timer = setTimeout(() => failed(new Error(`no “ready” within ${withinMs} ms`)), withinMs)
    child.stdout!.on('data', (bytes: Buffer) => {
      text += bytes.toString()
      const match = text.split('\n').map(one => pattern.exec(one)).find(Boolean)
      if (match) { clearTimeout(timer); found(match) }
    })
    child.once('exit', code => { clearTimeout(timer); failed(new Error(`the server ended with ${code}`)) })
  })
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve()
  return new Promise(done => {
    const hard = setTimeout(() => child.kill('SIGKILL'), 20_000)
    child.once('exit', () => { clearTimeout(hard); done() })
    child.kill('SIGTERM')
  })
}

/** What `lianxin call` says at its end. */
export interface CallReport { code: number; hung_up_by: string; answer_ms: number | null; wait_ms: number | null; talk_ms: number | null; [more: string]: unknown }

/** A scripted citizen on the telephone. */
export function ring(server: Server, fixture: string, record: string, more: string[] = []): { ended: Promise<CallReport>; kill: () => void } {
  const child = spawn(BIN, ['call', '--from', '13800000001', '--to', '12345', '--via', server.sip.replace(/^sip:/, ''), '--play', fixture, '--record', record, ...more], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (bytes: Buffer) => { out += bytes.toString() })
  child.stderr.on('data', (bytes: Buffer) => { err += bytes.toString() })
  const ended = new Promise<CallReport>((found, failed) => {
    child.once('exit', () => {
      const last = out.trim().split('\n').at(-1) ?? ''
      try { found(JSON.parse(last) as CallReport) } catch { failed(new Error(`lianxin call said: ${out}\n${err.slice(-2000)}`)) }
    })
  })
  ended.catch(() => {})
  return { ended, kill: () => { child.kill('SIGTERM') } }
}
