import { ref } from 'vue'

export const keysOpen = ref(false)
export const openKeys = () => { keysOpen.value = true }
