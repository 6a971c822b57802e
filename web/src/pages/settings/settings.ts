import type { Component } from 'vue'
import type { Me, Role } from '@/api/types'

type Page = () => Promise<{ default: Component }>
interface Part { group: Group; for: Role[]; page: Page }
export const GROUPS = ['people', 'dispatch', 'words', 'rules', 'data'] as const
export type Group = (typeof GROUPS)[number]

/** The parts of the settings: who is offered each, and its page. The server decides what each may really do. */
export const SETTINGS = {
  duty: { group: 'people', for: ['administrator', 'supervisor', 'hub', 'clerk', 'leader'], page: () => import('./DutyPage.vue') },
  skills: { group: 'people', for: ['administrator'], page: () => import('./SkillsPage.vue') },
  categories: { group: 'dispatch', for: ['administrator', 'supervisor'], page: () => import('./CategoriesPage.vue') },
  catalogue: { group: 'dispatch', for: ['administrator', 'supervisor'], page: () => import('./CataloguePage.vue') },
  forbidden: { group: 'dispatch', for: ['administrator', 'supervisor'], page: () => import('./ForbiddenPage.vue') },
  places: { group: 'dispatch', for: ['administrator', 'supervisor'], page: () => import('./PlacesPage.vue') },
  knowledge: { group: 'words', for: ['administrator', 'supervisor'], page: () => import('./KnowledgePage.vue') },
  templates: { group: 'words', for: ['administrator', 'supervisor', 'leader'], page: () => import('./TemplatesPage.vue') },
  flows: { group: 'rules', for: ['administrator', 'supervisor'], page: () => import('./FlowsPage.vue') },
  calendars: { group: 'rules', for: ['administrator', 'supervisor'], page: () => import('./CalendarsPage.vue') },
  import: { group: 'data', for: ['administrator'], page: () => import('./ImportPage.vue') },
  export: { group: 'data', for: ['administrator', 'supervisor', 'oversight', 'leader', 'hub', 'dispatcher', 'reviewer', 'follow_up'], page: () => import('./ExportPage.vue') },
  webhooks: { group: 'data', for: ['administrator'], page: () => import('./WebhooksPage.vue') },
  notices: { group: 'data', for: ['administrator', 'supervisor'], page: () => import('./NoticesPage.vue') },
  audit: { group: 'data', for: ['administrator'], page: () => import('./AuditPage.vue') },
} satisfies Record<string, Part>

export type Setting = keyof typeof SETTINGS
export const settingsOf = (me: Pick<Me, 'roles'> | null): Setting[] =>
  (Object.keys(SETTINGS) as Setting[]).filter(one => me?.roles.some(role => (SETTINGS[one].for as Role[]).includes(role)) ?? false)
export const groupOf = (one: Setting): Group => SETTINGS[one].group
