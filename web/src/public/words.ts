import type { LookupResult } from '../api/types'
import { exactTime, type Locale } from '../format'

/** The public page's own few words: it loads no library for them. */
export const WORDS = {
  'zh-CN': {
    title: '办理进度查询', brand: '连心', city: '四平 12345', intro: '请输入短信里的编号和查询码。', number: '工单编号', number_hint: '13 位数字，如 2026112304526', code: '查询码', code_hint: '短信里的 4 位数字', submit: '查询', working: '正在查询…',
    need_number: '请输入工单编号', need_code: '请输入查询码', no_such_ticket: '没有找到。请核对编号和查询码。', too_many: '查询太频繁了，请过几分钟再试，或拨打 12345。', failed: '暂时查不了，请稍后再试，或拨打 12345。',
    answer_by: '最晚 {date}前答复您。', number_line: '编号 {number}', reply: '答复内容', again: '查另一件', call: '打电话给 12345', aloud: '读给我听', stop: '停止朗读', large: '大字', normal: '标准字', other: 'English', privacy: '查询需要编号和短信里的查询码。这里不显示您的姓名、电话和地址。', sealed: '您的信息已保密，这里只显示办理状态。', now: '进行中',
    withdraw: '我不需要办理了，申请撤回', withdraw_title: '撤回这件诉求', withdraw_words: '请写明为什么撤回', withdraw_text: '工作人员会核实，必要时给您回电话。', withdraw_go: '确认撤回', withdraw_done: '已收到您的撤回申请，正在核实。', keep: '不撤回', too_short: '请至少写两个字',
    rate: '请您评价', rate_contacted: '承办单位联系过您吗？', yes: '联系过', no: '没有', rate_solved: '问题解决了吗？', rate_satisfied: '您对办理满意吗？', rate_words: '想说的话（选填）', rate_go: '提交评价', rate_done: '谢谢您的评价。', rate_need: '请先选择上面三项',
    solved: '已解决', partly: '部分解决', unsolved: '未解决', very_satisfied: '非常满意', satisfied: '满意', fairly: '基本满意', dissatisfied: '不满意', very_dissatisfied: '非常不满意', declined: '不评价',
  },
  en: {
    title: 'Track your request', brand: 'Lianxin', city: 'Siping 12345', intro: 'Enter the number and the query code from your text message.', number: 'Request number', number_hint: '13 digits, e.g. 2026112304526', code: 'Query code', code_hint: '4 digits from the text message', submit: 'Look up', working: 'Looking up…',
    need_number: 'Please enter the request number', need_code: 'Please enter the query code', no_such_ticket: 'Not found. Please check the number and the code.', too_many: 'Too many tries. Please wait a few minutes or call 12345.', failed: 'This does not work right now. Please try later or call 12345.',
    answer_by: 'You will have an answer by {date}.', number_line: 'Number {number}', reply: 'The answer', again: 'Look up another', call: 'Call 12345', aloud: 'Read to me', stop: 'Stop reading', large: 'Large type', normal: 'Normal type', other: '中文', privacy: 'You need the number and the code from the text message. Your name, telephone number and address are not shown here.', sealed: 'Your identity is sealed; only the state is shown here.', now: 'in progress',
    withdraw: 'I no longer need this: withdraw it', withdraw_title: 'Withdraw this request', withdraw_words: 'Please say why', withdraw_text: 'We will check, and call you back if needed.', withdraw_go: 'Withdraw', withdraw_done: 'We have your withdrawal and are checking it.', keep: 'Do not withdraw', too_short: 'Please write a few words',
    rate: 'Your rating', rate_contacted: 'Did the office contact you?', yes: 'Yes', no: 'No', rate_solved: 'Is the matter solved?', rate_satisfied: 'Are you satisfied?', rate_words: 'Anything to add (optional)', rate_go: 'Send', rate_done: 'Thank you.', rate_need: 'Please answer the three questions',
    solved: 'Solved', partly: 'Partly', unsolved: 'Not solved', very_satisfied: 'Very satisfied', satisfied: 'Satisfied', fairly: 'Fairly satisfied', dissatisfied: 'Dissatisfied', very_dissatisfied: 'Very dissatisfied', declined: 'No rating',
  },
} as const satisfies Record<Locale, Record<string, string>>

export type Word = keyof (typeof WORDS)['zh-CN']

const WEEK = ['日', '一', '二', '三', '四', '五', '六']

/** 11 月 30 日（下周一）: a date as people say it, for the next fortnight with its weekday. */
export function saidDate(iso: string, now: number, locale: Locale): string {
  const exact = exactTime(iso)
  if (!exact) return ''
  const [year, month, day] = exact.slice(0, 10).split('-').map(Number) as [number, number, number]
  const date = Date.UTC(year, month - 1, day)
  if (locale === 'en') return new Intl.DateTimeFormat('en', { timeZone: 'UTC', weekday: 'long', month: 'long', day: 'numeric' }).format(date)
  const shanghai = now + 8 * 3_600_000
  const today = shanghai - (shanghai % 86_400_000)
  const monday = (at: number) => at - ((new Date(at).getUTCDay() + 6) % 7) * 86_400_000
  const weeks = Math.round((monday(date) - monday(today)) / (7 * 86_400_000))
  const days = Math.round((date - today) / 86_400_000)
  const weekday = WEEK[new Date(date).getUTCDay()]!
  const said = days === 0 ? '今天' : days === 1 ? '明天' : weeks === 0 ? `本周${weekday}` : weeks === 1 ? `下周${weekday}` : `周${weekday}`
  return `${month} 月 ${day} 日（${said}）`
}

/** What the citizen typed: SP, hyphens, spaces and full-width digits are all welcome; the server gets digits. */
export const tidyNumber = (typed: string) => typed.normalize('NFKC').replace(/[^0-9]/g, '')

const VERB: Record<string, string> = { 已受理: '已受理', 办理中: '正在办理', 已答复: '已有答复', 已办结: '已办结', 不予受理: '不属于受理范围', 已撤回: '已按您的要求撤回' }

/** One sentence that answers the question the citizen came with. A sealed matter is not named. */
export function sentence(result: Pick<LookupResult, 'headline' | 'state' | 'sealed'>): string {
  const verb = VERB[result.state]
  if (!verb) return result.headline
  return result.sealed ? `${result.headline}${verb}` : `您反映的“${result.headline}”${verb}`
}
