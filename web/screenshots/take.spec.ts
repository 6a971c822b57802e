import { chromium, expect, test, type Browser, type Page } from '@playwright/test'
import { join } from 'node:path'
import { act, chooseUnit, pick, signIn } from '../e2e/desk'
import { ROOT, ring, serve, type Server } from '../e2e/server'
import { readWav, writeMicrophone } from '../e2e/wav'

/** The pictures of the README: the desk in a call, a ticket under way, the floor, and what a citizen sees. */
const FIXTURE = join(ROOT, 'audio-fixtures/calls/heating.wav')
let server: Server
let browser: Browser

test.beforeAll(async () => {
  server = await serve()
  const microphone = join(server.data, 'microphone.wav')
  const call = readWav(FIXTURE)
  writeMicrophone(microphone, call.samples[1] ?? call.samples[0]!, call.rate)
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--disable-gpu', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${microphone}`,
      '--disable-background-networking', '--disable-component-update', '--no-first-run', '--autoplay-policy=no-user-gesture-required', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  })
})
test.afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

const account = (name: string) => server.accounts.find(one => one.name === name)!
const picture = (page: Page, name: string) => page.screenshot({ path: join(ROOT, 'docs', `${name}.png`) })

test('take the pictures', async () => {
  const supervisor = await signIn(browser, server, account('supervisor'), '/floor')
  await supervisor.setViewportSize({ width: 1600, height: 900 })
  const agent = await signIn(browser, server, account('agent'), '/desk?raw-audio=1')
  await expect(agent.getByTestId('desk-foot')).toHaveAttribute('data-phone', 'registered', { timeout: 15_000 })
  await agent.waitForTimeout(30_000) // the generated past is being laid
  await agent.getByTestId('presence-ready').first().click()
  const call = ring(server, FIXTURE, join(server.data, 'heard.wav'))
  await expect(agent.getByTestId('answer')).toBeEnabled({ timeout: 30_000 })
  await picture(agent, 'desk-ringing')
  await agent.getByTestId('answer').click()
  await expect(agent.locator('[data-testid=transcript-line][data-track=citizen]').nth(2)).toBeVisible({ timeout: 180_000 })
  await agent.getByTestId('ticket-title').fill('花园小区暖气不热')
  await agent.getByTestId('ticket-content').fill('来电人反映梨树县花园小区5号楼2单元室内温度约15℃，已一周，家中有老人和孩子，希望尽快处理。')
  await pick(agent, 'ticket-kind', 'help')
  await agent.waitForTimeout(2_000)
  await picture(agent, 'desk')
  await picture(supervisor, 'floor')
  await agent.getByTestId('hang-up').click()
  await call.ended
  await agent.keyboard.press('Control+Enter')
  const filed = agent.getByTestId('ticket-filed')
  await expect(filed).toBeVisible()
  const ticket = (await filed.getAttribute('data-ticket-id'))!

  const dispatcher = await signIn(browser, server, account('dispatcher'), `/tickets/${ticket}`)
  const clerk = await signIn(browser, server, account('clerk'), '/work')
  const unit = await clerk.evaluate(async () => ((await (await fetch('/api/v1/me')).json()) as { unit: { name: string } }).unit.name)
  await act(dispatcher, 'dispatch', () => chooseUnit(dispatcher, 'unit_id', unit))
  await clerk.goto(`/tickets/${ticket}`)
  await act(clerk, 'sign')
  await clerk.waitForTimeout(1_500)
  await picture(clerk, 'ticket')
  await clerk.setViewportSize({ width: 360, height: 740 })
  await clerk.goto('/work')
  await clerk.waitForTimeout(1_500)
  await picture(clerk, 'work-phone')
})
