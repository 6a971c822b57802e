import { onScopeDispose } from 'vue'
import { actionFor, nameOf, worksWhileTyping, type KeyAction } from '@/keys'
import { usePrefs } from '@/stores/prefs'

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))

/** Runs the page's own actions on their keys. A handler that gives back `false` had nothing to do, and the key stays the browser's. */
export function useKeys(handlers: Partial<Record<KeyAction, () => unknown>>) {
  const prefs = usePrefs()
  const press = (event: KeyboardEvent) => {
    const name = nameOf(event)
    if (!name || event.repeat || event.isComposing) return
    if (typing(event.target) && !worksWhileTyping(name)) return
    if (document.querySelector('.el-overlay:not([style*="display: none"])') && !worksWhileTyping(name)) return
    const action = actionFor(prefs.keys, name)
    const handler = action ? handlers[action] : undefined
    if (!handler || handler() === false) return
    event.preventDefault()
  }
  window.addEventListener('keydown', press, true)
  onScopeDispose(() => window.removeEventListener('keydown', press, true))
}
