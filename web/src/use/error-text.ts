import { ElMessage } from 'element-plus'
import { asApiError } from '@/api/http'
import { i18n } from '@/i18n'

/** What a person is told: the server's own sentence where it speaks the reader's language, else ours for the code. */
export function errorText(thrown: unknown): string {
  const error = asApiError(thrown)
  const { t, te } = i18n.global
  if (i18n.global.locale.value === 'zh-CN' && error.status < 500 && error.detail && /[\u4e00-\u9fff]/.test(error.detail)) return error.detail
  const key = [error.code, `http_${error.status}`].map(code => `error.${code}`).find(one => te(one) || te(one, 'zh-CN'))
  return key ? t(key) : error.detail ?? t('state.failed_title')
}

export const sayError = (thrown: unknown) => {
  if (asApiError(thrown).code !== 'aborted') ElMessage.error({ message: errorText(thrown), duration: 5000 })
}
