import { expect, test, type Page } from '@playwright/test'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { accept, city, step, unitId, type Made } from './city'
import { act, chooseUnit, pick, state, typed } from './desk'

/** What people do around tickets: keep a filter, do one step to several, attach and read files, take lists out and bring them in, hand a shift
 * over, tell another system, keep knowledge; and what a citizen does with number and code. Each through the pages. */
test.describe.configure({ mode: 'serial' })

const town = city()
const WALK = String(Date.now()).slice(-6)
const TITLE = `滨河路积水${WALK}`
const HOUSING = '市住房和城乡建设局'
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
let made: Made[] = []

test('an agent writes down what three citizens say', async () => {
  made = await town.as('agent', '/new-ticket', async page => [await accept(page, `${TITLE}东段`), await accept(page, `${TITLE}中段`, '13900000022'), await accept(page, `${TITLE}西段`, '13900000023')])
  expect(new Set(made.map(one => one.number)).size).toBe(3)
})

test('a dispatcher keeps a filter and uses it again on another day', async () => {
  await town.as('dispatcher', '/work', async page => {
    await typed(page, 'work-search').fill(TITLE)
    await expect(page.getByTestId('work-row')).toHaveCount(3)
    await page.getByTestId('more-filters').click()
    await page.getByTestId('keep-filter').click()
    await page.locator('.el-message-box input').fill(`积水${WALK}`)
    await page.locator('.el-message-box .el-button--primary').click()
    await expect(page.getByTestId('saved-filter').filter({ hasText: `积水${WALK}` })).toBeVisible()
  })
  await town.as('dispatcher', '/work', async page => {
    await expect(page.getByTestId('work-row').first()).toBeVisible()
    await page.getByTestId('saved-filter').filter({ hasText: `积水${WALK}` }).click()
    await expect(page.getByTestId('work-row')).toHaveCount(3)
    await expect(page.getByTestId('work-row').first()).toContainText(TITLE)
  })
})

test('one step is done to several, with a preview before and a line for each after', async () => {
  await town.as('dispatcher2', '/work', async page => {
    // one of the three is dispatched already: the preview has to say that it cannot be done again
    await step(page, made[2]!.id, 'dispatch', { unit_id: await unitId(page, HOUSING), assisting: [] })
    await page.getByTestId('box-all').click()
    await typed(page, 'work-search').fill(TITLE)
    await expect(page.getByTestId('work-row')).toHaveCount(3)
    for (const box of await page.getByTestId('work-select').all()) await box.check()
    await page.getByTestId('bulk-open').click()
    await page.getByTestId('bulk-step').click()
    await page.locator('.el-select-dropdown:visible .el-select-dropdown__item', { hasText: /^(派单|交办)$/ }).click()
    await chooseUnit(page, 'unit_id', HOUSING)
    await page.getByTestId('bulk-preview').click()
    await expect(page.getByText('2 件可以办，1 件不能办')).toBeVisible()
    await page.getByTestId('bulk-run').click()
    await expect(page.getByText('完成：2 件成功')).toBeVisible({ timeout: 20_000 })
    await expect(page.getByTestId('bulk-rows').locator('li')).toHaveCount(2)
    await expect(page.getByTestId('bulk-rows')).toContainText(made[0]!.number)
  })
})

test('a unit’s clerk attaches a photo, and the hotline reads it', async () => {
  await town.as('clerk', `/tickets/${made[0]!.id}`, async page => {
    await act(page, 'sign')
    await page.getByTestId('file-input').setInputFiles({ name: '现场.png', mimeType: 'image/png', buffer: PNG })
    await expect(page.getByTestId('files')).toContainText('现场.png')
  })
  await town.as('dispatcher', `/tickets/${made[0]!.id}`, async page => {
    const shown = page.getByTestId('files').locator('img[alt="现场.png"]')
    await expect(shown).toBeVisible()
    await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1)
    await page.getByTestId('files').locator('button.thumb').click()
    await expect(page.locator('.el-dialog:visible img[alt="现场.png"]')).toBeVisible()
  })
})

test('a list is taken out, and the file says who took it and when', async () => {
  await town.as('supervisor', '/work', async page => {
    await page.getByTestId('box-all').click()
    await typed(page, 'work-search').fill(TITLE)
    await expect(page.getByTestId('work-row')).toHaveCount(3)
    await page.getByTestId('export').click()
    const [file] = await Promise.all([page.waitForEvent('download', { timeout: 30_000 }), page.getByTestId('export-csv').click()])
    const path = join(town.server.data, 'export.csv')
    await file.saveAs(path)
    const [mark, head, ...rows] = readFileSync(path, 'utf8').replace(/^\uFEFF/, '').trim().split('\n')
    expect(mark).toContain('导出人：赵丽华')
    expect(mark).toContain('1003')
    expect(head).toContain('编号')
    expect(rows).toHaveLength(3)
    for (const one of made) expect(rows.join('\n')).toContain(one.number)
  })
})

test('a table with a wrong row names row and column and writes nothing; without it, it is brought in', async () => {
  const table = (until: string) => Buffer.from(`\uFEFF标题,答复,发布单位,关键词,有效期至\n积水报修${WALK},请拨打市政排水值班电话,市住建局,积水,2027-12-31\n井盖报修${WALK},请提供道路名称,市城管局,井盖,${until}\n`)
  await town.as('admin', '/settings/import', async page => {
    await pick(page, 'import-list', 'knowledge')
    await page.getByTestId('import-file').setInputFiles({ name: '知识.csv', mimeType: 'text/csv', buffer: table('明天') })
    await page.getByTestId('import-dry').click()
    const wrong = page.locator('table tbody tr')
    await expect(wrong).toHaveCount(1)
    await expect(wrong.locator('td').nth(0)).toHaveText('3')
    await expect(wrong.locator('td').nth(1)).toHaveText('有效期至')
    await expect(page.getByTestId('import-run')).toBeDisabled()
    await page.getByTestId('import-file').setInputFiles({ name: '知识.csv', mimeType: 'text/csv', buffer: table('2027-06-30') })
    await page.getByTestId('import-dry').click()
    await expect(page.getByText('共 2 行：将新增 2，更新 0')).toBeVisible()
    await page.getByTestId('import-run').click()
    await expect(page.getByText('已导入：新增 2，更新 0')).toBeVisible()
  })
})

test('knowledge is revised, and what it said before can still be read', async () => {
  await town.as('supervisor', '/settings/knowledge', async page => {
    await typed(page, 'knowledge-search').fill(`积水报修${WALK}`)
    const row = page.getByTestId('knowledge-row').filter({ hasText: `积水报修${WALK}` })
    await row.click()
    const answer = typed(page, 'knowledge-answer')
    await answer.fill('请拨打市政排水值班电话，抢修队 30 分钟内到场。')
    await page.getByTestId('knowledge-save').click()
    await expect(row).toContainText('第 2 版')
    await expect(row).toContainText('30 分钟')
    await row.click()
    await page.locator('summary').filter({ hasText: '以前的 1 个版本' }).click()
    await expect(page.locator('.el-dialog:visible')).toContainText('请拨打市政排水值班电话')
  })
})

test('a shift is handed over and taken on', async () => {
  await town.as('supervisor', '/shift', async page => {
    await typed(page, 'shift-note').fill(`滨河路积水持续来电 ${WALK}`)
    await typed(page, 'shift-items').fill('联系市政排水\n盯住 18:00 前的到期单')
    await page.getByTestId('hand-over').click()
    await expect(page.getByTestId('untaken')).toContainText(WALK)
  })
  await town.as('dispatcher', '/shift', async page => {
    await expect(page.getByTestId('untaken')).toContainText('联系市政排水')
    await page.getByTestId('take-over').click()
    await expect(page.getByTestId('untaken')).toBeHidden()
  })
})

interface Heard { signature: string; body: string }
async function listener(): Promise<{ http: HttpServer; url: string; heard: Heard[] }> {
  const heard: Heard[] = []
  const http = createServer((request, answer) => {
    let body = ''
    request.on('data', (bytes: Buffer) => { body += bytes.toString() })
    request.on('end', () => { heard.push({ signature: String(request.headers['lianxin-signature'] ?? ''), body }); answer.writeHead(204).end() })
  })
  await new Promise<void>(done => { http.listen(0, '127.0.0.1', done) })
  return { http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/in`, heard }
}

test('another system is told, with a signature, and the page shows that it was', async () => {
  const { http, url, heard } = await listener()
  try {
    await town.as('admin', '/settings/webhooks', async page => {
      await page.getByTestId('webhook-add').click()
      await typed(page, 'webhook-name').fill(`数据平台${WALK}`)
      await typed(page, 'webhook-url').fill(url)
      await page.getByTestId('webhook-save').click()
      const secret = await page.getByTestId('webhook-secret').innerText()
      expect(secret).toMatch(/^[0-9a-f]{64}$/)
      await page.getByTestId('once-noted').click()
      await town.as('clerk', `/tickets/${made[1]!.id}`, clerk => act(clerk, 'sign'))
      await expect.poll(() => heard.length, { timeout: 20_000 }).toBeGreaterThan(0)
      await page.locator(`[data-testid=webhook-row][data-name="数据平台${WALK}"]`).getByTestId('webhook-deliveries').click()
      await expect(async () => {
        await page.getByTestId('deliveries-reload').click()
        await expect(page.getByTestId('delivery-row').first()).toHaveAttribute('data-state', 'delivered', { timeout: 1_000 })
      }).toPass({ timeout: 20_000 })
      await expect(page.getByTestId('delivery-row').first()).toContainText(made[1]!.number)
      const { signature, body } = heard[0]!
      const [, at = '', v1 = ''] = /^t=([^,]+),v1=([0-9a-f]+)$/.exec(signature) ?? []
      expect(createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')).toBe(v1)
      expect(body).not.toContain(TITLE)
    })
  } finally { http.close() }
})

async function lookUp(page: Page, one: Made) {
  await page.setViewportSize({ width: 360, height: 740 })
  await page.goto('/q')
  await page.getByTestId('lookup-number').fill(one.number)
  await page.getByTestId('lookup-code').fill(one.code)
  await page.getByTestId('lookup-submit').click()
  await expect(page.getByTestId('lookup-headline')).toBeVisible()
}
async function citizen(doing: (page: Page) => Promise<void>) {
  const context = await town.browser.newContext({ baseURL: town.server.http, locale: 'zh-CN' })
  await doing(await context.newPage())
  await context.close()
}

test('a citizen takes a request back with number and code', async () => {
  await citizen(async page => {
    await lookUp(page, made[2]!)
    await page.getByTestId('public-withdraw').click()
    await page.getByTestId('public-why').fill('积水已经退了，不用处理了。')
    await page.getByTestId('public-withdraw-go').click()
    await expect(page.getByTestId('public-said')).toContainText('正在核实')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  })
  await town.as('supervisor', `/tickets/${made[2]!.id}`, page => expect(state(page)).toHaveAttribute('data-state', 'withdrawal'))
})

test('a citizen rates with number and code what was done, once', async () => {
  const one = made[1]!
  await town.as('clerk', `/tickets/${one.id}`, page => step(page, one.id, 'reply', { text: '调查情况：现场已查看。\n处理结果：已疏通排水口，积水退去。', contacted: false, solved: 'solved', facts: 'true', basis: '《城镇排水与污水处理条例》' }))
  await town.as('leader', `/tickets/${one.id}`, async page => { if (await page.locator('[data-testid=leg][data-state=in_approval]').count()) await step(page, one.id, 'approve', { approve: true }) })
  await town.as('reviewer', `/tickets/${one.id}`, page => step(page, one.id, 'review', { pass: true, checklist: { answered: true, basis: true, contacted: true, evidence: true, result: true, tone: true } }))
  await citizen(async page => {
    await lookUp(page, one)
    const form = page.getByTestId('public-rate')
    await expect(form).toBeVisible()
    await page.getByTestId('public-rate-go').click()
    await expect(page.getByRole('alert')).toContainText('请先选择上面三项')
    await form.locator('[data-value=yes]').click()
    await form.locator('[data-value=solved]').click()
    await form.locator('[data-value=very_satisfied]').click()
    await page.getByTestId('public-rate-words').fill('当天就疏通了，谢谢。')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
    await page.getByTestId('public-rate-go').click()
    await expect(page.getByTestId('public-said')).toContainText('谢谢您的评价')
    await lookUp(page, one)
    await expect(page.getByTestId('public-rate')).toBeHidden()
  })
  await town.as('followup', `/tickets/${one.id}`, async page => {
    await expect(page.getByText('当天就疏通了，谢谢。').first()).toBeVisible()
  })
})
