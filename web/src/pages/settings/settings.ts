import type { Component } from 'vue'
import type { Me, Role } from '@/api/types'

type Page = () => Promise<{ default: Component }>

/** The parts of the settings: who is offered each, and its page. The server decides what each may really do. */
export const SETTINGS = {
  duty: { for: ['administrator', 'hub', 'clerk', 'leader'], page: (() => import('./DutyPage.vue')) as Page },
  categories: { for: ['administrator'], page: (() => import('./CategoriesPage.vue')) as Page },
  catalogue: { for: ['administrator'], page: (() => import('./CataloguePage.vue')) as Page },
  forbidden: { for: ['administrator'], page: (() => import('./ForbiddenPage.vue')) as Page },
  places: { for: ['administrator'], page: (() => import('./PlacesPage.vue')) as Page },
  import: { for: ['administrator'], page: (() => import('./ImportPage.vue')) as Page },
} satisfies Record<string, { for: Role[]; page: Page }>

export type Setting = keyof typeof SETTINGS
export const settingsOf = (me: Pick<Me, 'roles'> | null): Setting[] =>
  (Object.keys(SETTINGS) as Setting[]).filter(one => me?.roles.some(role => (SETTINGS[one].for as Role[]).includes(role)) ?? false)
