import type { paths } from './schema'
import type { HistoryItem } from './types'

export const API = '/api/v1'

type Filled<P extends string> = P extends `${infer Before}{${string}}${infer After}` ? `${Before}${string}${Filled<After>}` : P
/** An address that the server describes, its ids filled in; any other is refused by the compiler. */
export type Path = { [P in keyof paths]: P extends `/api/v1${infer Rest}` ? Filled<Rest> : never }[keyof paths]

/** What the server says when it refuses, as RFC 9457 problem JSON with a stable code. */
export interface Problem { status: number; code: string; title?: string; detail?: string; changed?: HistoryItem[]; [more: string]: unknown }

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string | null
  readonly changed: HistoryItem[]
  /** Whatever else the problem says. */
  readonly more: Readonly<Record<string, unknown>>
  constructor(problem: Problem) {
    super(problem.detail ?? problem.title ?? problem.code)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code
    this.detail = problem.detail ?? problem.title ?? null
    this.changed = problem.changed ?? []
    this.more = problem
  }
}

/** What any thrown thing means to the pages: a stable code plus, where the server gave one, its own sentence. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof DOMException && error.name === 'AbortError') return new ApiError({ status: 0, code: 'aborted' })
  return new ApiError({ status: 0, code: 'unreachable' })
}

let skewMs = 0
/** The server's time of day: clocks on desks are often wrong, counters must not be. */
export const serverNow = () => Date.now() + skewMs

function noteClock(response: Response) {
  const date = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(date)) return
  const skew = date + 500 - Date.now()
  skewMs = Math.abs(skew) > 1500 ? skew : 0
}

let whenSignedOut: () => void = () => {}
/** Called when the server says 401 to anything but the sign-in itself. */
export function onSignedOut(then: () => void) { whenSignedOut = then }

export interface Ask { method?: string; body?: unknown; form?: FormData; query?: object; ifMatch?: string; signal?: AbortSignal; keepalive?: boolean; anonymous?: boolean }

export function withQuery(path: string, query: object = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '' || value === false) continue
    params.set(name, String(value))
  }
  const text = params.toString()
  return text ? `${path}?${text}` : path
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = await response.json() as Partial<Problem>
    return { ...body, status: response.status, code: body.code ?? `http_${response.status}` }
  } catch {
    return { status: response.status, code: `http_${response.status}` }
  }
}

export interface Reply<T> { data: T; etag: string | null }

/** One request. Throws `ApiError` for each answer that is not 2xx and for no answer at all. */
export async function ask<T>(path: Path, asked: Ask = {}): Promise<Reply<T>> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (asked.body !== undefined) headers['content-type'] = 'application/json'
  if (asked.ifMatch) headers['if-match'] = asked.ifMatch
  let response: Response
  try {
    response = await fetch(withQuery(API + path, asked.query), {
      method: asked.method ?? 'GET', headers, credentials: 'same-origin', cache: 'no-store',
      body: asked.form ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body)),
      signal: asked.signal, keepalive: asked.keepalive,
    })
  } catch (error) {
    throw asApiError(error)
  }
  noteClock(response)
  if (!response.ok) {
    const problem = await problemOf(response)
    if (response.status === 401 && !asked.anonymous) whenSignedOut()
    throw new ApiError(problem)
  }
  const etag = response.headers.get('etag')
  if (response.status === 204) return { data: undefined as T, etag }
  const text = await response.text()
  return { data: (text ? JSON.parse(text) : undefined) as T, etag }
}

export const get = async <T>(path: Path, query?: object, signal?: AbortSignal) => (await ask<T>(path, { query, signal })).data
export const post = async <T>(path: Path, body: unknown = {}) => (await ask<T>(path, { method: 'POST', body })).data
