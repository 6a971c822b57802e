import { chromium, test, type Browser, type Page } from '@playwright/test'
import { rmSync } from 'node:fs'
import { signIn } from './desk'
import { serve, type Account, type Server } from './server'

/** A demonstration city of its own for the tests of one file, with a browser: started before them, gone after them, kept when one failed. */
export interface City {
  readonly server: Server
  readonly browser: Browser
  account: (name: string) => Account
  /** One person does one thing at a browser of their own, and leaves. */
  as: <T>(name: string, path: string, doing: (page: Page) => Promise<T>) => Promise<T>
}

export function city(more: string[] = []): City {
  let server: Server | null = null
  let browser: Browser | null = null
  let failed = false
  test.beforeAll(async () => {
    test.setTimeout(180_000)
    server = await serve()
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--disable-gpu', '--disable-background-networking', '--no-first-run', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...more] })
  })
  test.afterAll(async () => {
    await browser?.close()
    await server?.stop()
    if (server && !failed) rmSync(server.data, { recursive: true, force: true })
  })
  test.afterEach(({}, info) => { if (info.status !== info.expectedStatus) failed = true })
  const account = (name: string) => {
    const found = server?.accounts.find(one => one.name === name)
    if (!found) throw new Error(`no demo account ${name}`)
    return found
  }
  return {
    get server() { return server! },
    get browser() { return browser! },
    account,
    async as(name, path, doing) {
      const page = await signIn(browser!, server!, account(name), path)
      const done = await doing(page)
      await page.context().close()
      return done
    },
  }
}

export interface Made { id: string; number: string; code: string }

/** What prepares a test and is not its matter goes by the interface, as the signed-in person would send it. */
async function ask(page: Page, path: string, asked: { method?: string; body?: unknown; ifMatch?: string } = {}) {
  return page.evaluate(async ([path, asked]) => {
    const answer = await fetch(`/api/v1${path}`, {
      method: asked.method ?? (asked.body === undefined ? 'GET' : 'POST'), body: asked.body === undefined ? undefined : JSON.stringify(asked.body),
      headers: { ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }), ...(asked.ifMatch ? { 'if-match': asked.ifMatch } : {}) },
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
    return { body: JSON.parse(text || 'null') as never, etag: answer.headers.get('etag') ?? '' }
  }, [path, asked] as const)
}

export async function accept(page: Page, title: string, number = '13900000021'): Promise<Made> {
  const draft = { title, content: `${title}，请尽快处理。`, kind: 'help', urgency: 'normal', category_id: null, place_id: null, address: '', contact_name: '', contact_number: number, secrecy: false, wants_reply: true }
  const { body } = await ask(page, '/tickets', { body: { draft, call_id: null, channel: 'manual', key: crypto.randomUUID() } }) as { body: { id: string; number: string; query_code: string } }
  return { id: body.id, number: body.number, code: body.query_code }
}

/** A step by the interface. `fields` may need what the page says of the ticket. */
export async function step(page: Page, id: string, action: string, fields: Record<string, unknown> = {}) {
  const { etag } = await ask(page, `/tickets/${id}`)
  await ask(page, `/tickets/${id}/actions`, { body: { action, ...fields }, ifMatch: etag })
}

export async function unitId(page: Page, name: string): Promise<string> {
  const { body } = await ask(page, '/units') as { body: { items: { id: string; name: string }[] } }
  const found = body.items.find(unit => unit.name === name)
  if (!found) throw new Error(`no unit ${name}`)
  return found.id
}
