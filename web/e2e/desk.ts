import { expect, type Browser, type Page } from '@playwright/test'
import type { Account, Server } from './server'

/** A person at a browser of their own. */
export async function signIn(browser: Browser, server: Server, account: Account, path = '/'): Promise<Page> {
  const context = await browser.newContext({ baseURL: server.http, viewport: { width: 1440, height: 900 }, permissions: ['microphone'], locale: 'zh-CN' })
  const page = await context.newPage()
  page.on('pageerror', error => { throw error })
  await page.goto(`/sign-in?then=${encodeURIComponent(path)}`)
  await page.getByTestId('sign-in-name').fill(account.name)
  await page.getByTestId('sign-in-password').fill(account.password)
  await page.getByTestId('sign-in-submit').click()
  await expect(page.getByTestId('user-menu')).toBeVisible()
  return page
}

/** How loud what the agent hears is, over the next moments: root mean square, and the strongest frequency. */
export const heard = (page: Page, ms: number) => page.evaluate(async ms => {
  const audio = document.querySelector<HTMLAudioElement>('[data-testid=remote-audio]')
  if (!audio?.srcObject) return { rms: 0, frequency: 0 }
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 4096
  context.createMediaStreamSource(audio.srcObject as MediaStream).connect(analyser)
  const time = new Float32Array(analyser.fftSize)
  const bins = new Float32Array(analyser.frequencyBinCount)
  let rms = 0
  let frequency = 0
  const until = performance.now() + ms
  while (performance.now() < until) {
    await new Promise(next => setTimeout(next, 100))
    analyser.getFloatTimeDomainData(time)
    const now = Math.sqrt(time.reduce((sum, x) => sum + x * x, 0) / time.length)
    if (now <= rms) continue
    rms = now
    analyser.getFloatFrequencyData(bins)
    frequency = bins.indexOf(Math.max(...bins)) * context.sampleRate / analyser.fftSize
  }
  await context.close()
  return { rms, frequency }
}, ms)

/** Choose a unit in a tree that can be typed into. */
export async function chooseUnit(page: Page, field: string, name: string) {
  const input = page.getByTestId(`field-${field}`).locator('input')
  await input.click()
  await input.fill(name)
  await page.locator('.el-select-dropdown:visible .el-tree-node__content:visible', { hasText: name }).first().click()
}

export const pick = (page: Page, testid: string, value: string) => page.getByTestId(testid).locator(`[data-value="${value}"]`).click()

export async function act(page: Page, action: string, fill: () => Promise<void> = async () => {}) {
  const button = page.getByTestId(`action-${action}`)
  // the page may still be fetching what the step before has made of the ticket
  await expect(async () => {
    if (!(await button.isVisible())) await page.getByTestId('more-actions').click({ timeout: 500 })
    await expect(button).toBeEnabled({ timeout: 1_000 })
  }).toPass({ timeout: 20_000 })
  await button.click()
  await fill()
  await page.getByTestId('action-submit').click()
  await expect(page.getByTestId('action-submit')).toBeHidden({ timeout: 20_000 })
}

export const state = (page: Page) => page.getByTestId('ticket-state')

/** What is typed into, whether the mark stands on the field itself or around it. */
export const typed = (page: Page, testid: string) => page.locator(`input[data-testid="${testid}"], textarea[data-testid="${testid}"], [data-testid="${testid}"] input, [data-testid="${testid}"] textarea`).first()
