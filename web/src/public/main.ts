import { createApp } from 'vue'
import '../styles/base.css'
import LookupPage from './LookupPage.vue'

createApp(LookupPage).mount('#app')
