import { expect, test, type Page } from '@playwright/test'
import { city } from './city'
import { act, chooseUnit, pick, signIn, state } from './desk'

/** The life of a ticket through the console, each step by another person: a wrong unit gives it back, it goes city → county →
 * township, one more citizen's ticket joins it, it takes longer, the reply is sent back once, and in the end the citizen is asked. */
test.describe.configure({ mode: 'serial' })

/** Told apart from an earlier walk in the same demonstration. */
const TITLE = `仁兴花园${String(Date.now()).slice(-5)}号路灯不亮`
const WRONG = '市住房和城乡建设局'
const HUB = '铁西区热线中心'
const STREET = '仁兴街道办事处'
const town = city()
let ticket: { id: string; number: string }
let twin: { id: string; number: string }
const as = (name: string, doing: (page: Page) => Promise<void>, path = `/tickets/${ticket?.id}`) => town.as(name, path, doing)
async function file(page: Page, title: string, content: string, number = '13900000002') {
  await page.getByTestId('ticket-title').fill(title)
  await page.getByTestId('ticket-content').fill(content)
  await pick(page, 'ticket-kind', 'help')
  await page.getByTestId('ticket-number').fill(number)
  await page.getByTestId('submit-ticket').click()
  const filed = page.getByTestId('ticket-filed')
  await expect(filed).toBeVisible()
  return { id: (await filed.getAttribute('data-ticket-id'))!, number: (await filed.getAttribute('data-number'))! }
}
async function reply(page: Page, result: string) {
  await act(page, 'reply', async () => {
    await page.getByTestId('field-finding').fill('现场查看，仁兴花园北门三盏路灯电缆被挖断。')
    await page.getByTestId('field-result').fill(result)
    if (await page.getByTestId('field-facts').isVisible()) await pick(page, 'field-facts', 'true')
    await page.getByTestId('field-basis').fill('《城市道路照明设施管理规定》')
    await pick(page, 'field-contacted', 'no')
    await pick(page, 'field-solved', 'solved')
  })
}
const history = (page: Page, action: string) => page.locator(`[data-testid=history-item][data-action=${action}]`)
const leg = (page: Page, unit: string) => page.locator(`[data-testid=leg][data-unit="${unit}"]`)

test('two citizens tell of the same matter', async () => {
  await as('agent', async page => { ticket = await file(page, TITLE, '仁兴花园北门三盏路灯已经五天不亮，老人夜里出门摔跤，希望尽快修复。') }, '/new-ticket')
  await as('agent2', async page => { twin = await file(page, '仁兴花园门口路灯坏了', '仁兴花园北门口一片漆黑，路灯坏了没人修。', '13900000003') }, '/new-ticket')
  expect(ticket.number).not.toBe(twin.number)
})

test('the dispatcher finds it with the keyboard alone and sends it to the wrong unit', async () => {
  await as('dispatcher', async page => {
    await expect(page.getByTestId('work-row').first()).toBeVisible()
    await page.keyboard.press('/')
    await page.keyboard.type(TITLE)
    await expect(page.getByTestId('work-row')).toHaveCount(1)
    await page.keyboard.press('Tab')
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('ticket-heading')).toHaveText(TITLE)
    await act(page, 'dispatch', () => chooseUnit(page, 'unit_id', WRONG))
    await expect(state(page)).toHaveAttribute('data-state', 'dispatched')
  }, '/work')
})

test('that unit gives it back, and another dispatcher agrees and sends it to the county', async () => {
  await as('clerk', async page => {
    await act(page, 'sign')
    await act(page, 'return', async () => {
      await page.getByTestId('field-reason').fill('小区路灯不属于市住建局职责，属铁西区管辖。')
      await chooseUnit(page, 'unit_id', HUB)
    })
    await expect(state(page)).toHaveAttribute('data-state', 'return_asked')
  })
  await as('dispatcher2', async page => {
    await act(page, 'decide_return', async () => {
      await pick(page, 'field-approve', 'yes')
      await chooseUnit(page, 'unit_id', HUB)
      await page.getByTestId('field-reason').fill('理由成立，改派铁西区。')
    })
    await expect(state(page)).toHaveAttribute('data-state', 'dispatched')
    await expect(leg(page, WRONG)).toHaveAttribute('data-state', 'returned')
    await expect(page.getByTestId('ticket-state').locator('..')).toContainText('退过单')
  })
})

test('the county’s hub signs, asks for more time, and sends it on to the street', async () => {
  await as('hub', async page => {
    await act(page, 'sign')
    await act(page, 'contact', async () => { // who wants more time has told the citizen before
      await pick(page, 'field-how', 'phone')
      await pick(page, 'field-reached', 'yes')
    })
    await expect(page.getByTestId('contacts')).toContainText('自填')
    await act(page, 'ask_extension', async () => {
      await page.getByTestId('field-days').locator('input').fill('2')
      await page.getByTestId('field-reason').fill('电缆需要开挖更换，材料后天到货。')
    })
    await act(page, 'dispatch', () => chooseUnit(page, 'unit_id', STREET))
    await expect(leg(page, STREET)).toHaveAttribute('data-state', 'dispatched')
  })
  await as('supervisor', async page => {
    await act(page, 'decide_extension', async () => {
      await pick(page, 'field-approve', 'yes')
      await page.getByTestId('field-reason').fill('同意，请按时完成。')
    })
    await expect(history(page, 'decide_extension')).toContainText('同意')
    await expect(page.getByTestId('ticket-state').locator('..')).toContainText('已延期')
  })
})

test('the street’s clerk signs on a telephone', async () => {
  await as('clerk-town', async page => {
    await page.setViewportSize({ width: 360, height: 740 })
    await act(page, 'sign')
    await expect(leg(page, STREET)).toHaveAttribute('data-state', 'handling')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  })
})

test('the dispatcher lets the second citizen’s ticket join the first', async () => {
  await as('dispatcher', async page => {
    await act(page, 'merge', async () => {
      await page.getByTestId('field-parent_id').locator('input').fill(ticket.number)
      await page.locator(`[data-testid=ticket-option][data-number="${ticket.number}"]`).click()
      await page.getByTestId('field-reason').fill('同一地点同一路灯。')
    })
    await expect(state(page)).toHaveAttribute('data-state', 'merged')
    await expect(page.getByTestId('relations')).toContainText(ticket.number)
  }, `/tickets/${twin.id}`)
})

test('who is overtaken while writing keeps the words and sees what changed', async () => {
  const late = await signIn(town.browser, town.server, town.account('dispatcher2'), `/tickets/${ticket.id}`)
  const words = '诉求人再次来电，老人夜里不敢出门。'
  await act(late, 'urge', async () => {
    await late.getByTestId('field-reason').fill(words)
    await as('supervisor', page => act(page, 'urge', () => page.getByTestId('field-reason').fill('请抓紧。')))
    await expect(late.getByTestId('changed')).toContainText('请抓紧')
    await expect(late.getByTestId('field-reason')).toHaveValue(words)
  })
  await expect(history(late, 'urge').first()).toContainText(words)
  await late.context().close()
})

test('the street replies, its leader approves, the hub gathers it', async () => {
  await as('clerk-town', page => reply(page, '已更换电缆，三盏路灯今晚恢复照明。'))
  await approved('leader-town', STREET)
  await as('hub', async page => {
    await reply(page, '仁兴街道已更换电缆，三盏路灯恢复照明。')
    await expect(state(page)).toHaveAttribute('data-state', 'in_review')
  })
})
/** A reply waits for the unit's leader where the profile says so. */
async function approved(name: string, unit: string) {
  await as(name, async page => {
    if (await leg(page, unit).getAttribute('data-state') !== 'in_approval') return
    await act(page, 'approve', () => pick(page, 'field-approve', 'yes'))
    await expect(leg(page, unit)).toHaveAttribute('data-state', 'replied')
  })
}

test('the reviewer sends it back once for what is missing, and passes it the second time', async () => {
  await as('reviewer', async page => {
    await act(page, 'review', async () => {
      await expect(page.getByTestId('read-beside')).toContainText('恢复照明')
      await pick(page, 'field-pass', 'no')
      if (await page.getByTestId('field-codes').isVisible()) await page.getByTestId('field-codes').locator('[data-value=R01]').click()
      await page.getByTestId('field-missing').fill('没有联系诉求人，请当面或电话告知修复情况。')
    })
    await expect(state(page)).toHaveAttribute('data-state', 'correction')
  })
  await as('hub', async page => {
    await reply(page, '已电话告知诉求人，三盏路灯恢复照明，诉求人表示认可。')
    await expect(state(page)).toHaveAttribute('data-state', 'in_review')
  })
  await as('reviewer', async page => {
    await act(page, 'review', async () => {
      for (const box of await page.getByTestId('field-checks').locator('label').all()) await box.click()
      await pick(page, 'field-pass', 'yes')
    })
    await expect(state(page)).toHaveAttribute('data-state', 'in_follow_up')
  })
})

test('each citizen is asked, and both tickets close', async () => {
  for (const one of [ticket, twin]) await as('followup', async page => {
    await expect(state(page)).toHaveAttribute('data-state', 'in_follow_up')
    await act(page, 'follow_up', async () => {
      await pick(page, 'field-reached', 'yes')
      await pick(page, 'field-contacted', 'yes')
      await pick(page, 'field-solved', 'solved')
      await pick(page, 'field-satisfaction', 'very_satisfied')
      await page.getByTestId('field-words').fill('亮了，谢谢。')
    })
    await expect(state(page)).toHaveAttribute('data-state', 'closed')
  }, `/tickets/${one.id}`)
})

test('the whole way can be read on the page', async () => {
  await as('supervisor', async page => {
    for (const action of ['accept', 'dispatch', 'return', 'decide_return', 'ask_extension', 'decide_extension', 'reply', 'review', 'follow_up']) await expect(history(page, action).first()).toBeVisible()
    expect(await page.getByTestId('leg').count()).toBeGreaterThanOrEqual(3)
    await expect(page.getByTestId('relations')).toContainText(twin.number)
  })
})
