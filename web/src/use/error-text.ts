import { ElMessage } from 'element-plus'
import { asApiError } from '@/api/http'
import { i18n } from '@/i18n'

/** Codes that name a group of reasons: there the server's own sentence says more than ours. */
const VAGUE = new Set(['bad_request', 'invalid', 'taken', 'bad_row', 'forbidden', 'ticket_wrong_state', 'presence_refused'])

/** What a person is told: our sentence for the code, else the server's own, else that something failed. */
export function errorText(thrown: unknown): string {
  const error = asApiError(thrown)
  const { t, te } = i18n.global
  for (const code of [error.code, `http_${error.status}`]) {
    const key = `error.${code}`
    const own = te(key) || te(key, 'zh-CN')
    if (!own) continue
    const vague = VAGUE.has(code) || code.startsWith('http_4')
    return vague && error.detail && i18n.global.locale.value === 'zh-CN' && /[\u4e00-\u9fff]/.test(error.detail) ? error.detail : t(key)
  }
  return error.detail ?? t('state.failed_title')
}

export const sayError = (thrown: unknown) => {
  if (asApiError(thrown).code !== 'aborted') ElMessage.error({ message: errorText(thrown), duration: 5000 })
}
