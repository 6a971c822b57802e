import { createPinia } from 'pinia'
import { createApp } from 'vue'
import './styles/element-parts'
import './styles/base.css'
import './styles/element.css'
import { onSignedOut } from './api/http'
import App from './App.vue'
import { i18n } from './i18n'
import { router } from './router'
import { usePrefs } from './stores/prefs'
import { useSession } from './stores/session'

const app = createApp(App).use(createPinia()).use(i18n)
usePrefs()
const session = useSession()
onSignedOut(() => {
  session.lost()
  void router.replace({ name: 'sign_in', query: { then: router.currentRoute.value.fullPath } })
})
app.use(router).mount('#app')
