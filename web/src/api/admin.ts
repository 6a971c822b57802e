import { ask, get, post, type Path } from './http'
import type { Category, Knowledge, Page, Place, Schema } from './types'

/** What administrators, supervisors and units' leaders keep: catalogue, categories, places, rosters, knowledge, templates,
 * webhooks; and what they look at: limits, calendars, the audit, messages. */
export type Version = Schema['CatalogueVersionItem']
export type CatalogueEntry = Required<Schema['CatalogueEntry']>
export type Ban = Schema['CatalogueBan']
export interface CatalogueBody extends Omit<Schema['CatalogueBody'], 'entries'> { entries: CatalogueEntry[] }
export type CategoryText = Required<Schema['CategoryText']>
export type CategoryVersion = Schema['CategoryVersion']
export type PlaceText = Required<Schema['PlaceText']>
export type DutyPart = Schema['DutyPost']
export type Officer = Required<Schema['OfficerItem']>
export type ReplyTemplate = Schema['TemplateItem']
export type TemplateText = Required<Schema['TemplateText']>
export type KnowledgeText = Required<Schema['EntryText']>
export type KnowledgeVersion = Schema['KnowledgeVersion']
export type Webhook = Schema['WebhookItem']
export type WebhookText = Required<Schema['WebhookText']>
export type Delivery = Schema['DeliveryItem']
export type FlowProfile = Schema['FlowProfile']
export type FlowLimits = Schema['FlowLimits']
export type CalendarYear = Schema['CalendarYear']
export type AuditLine = Schema['AuditLine']
export type NoticeLine = Schema['NoticeRow']

export const IMPORTS = ['units', 'people', 'places', 'knowledge', 'categories', 'catalogue'] as const
export type Import = (typeof IMPORTS)[number]
export type ImportReport = Schema['ImportReport']
export type ExportJob = Schema['ExportProgress']

export type OpenItem = Schema['OpenItem']
export type OpenNow = Schema['OpenNow']
export type Handed = Schema['Handed']
export type DailyReport = Schema['DailyReport']

const put = async <T>(path: Path, body: unknown, version?: number) => (await ask<T>(path, { method: 'PUT', body, ifMatch: tag(version) })).data
const drop = (path: Path, version?: number) => ask<void>(path, { method: 'DELETE', ifMatch: tag(version) })
const tag = (version?: number) => (version === undefined ? undefined : `"${version}"`)

export const shift = {
  current: () => get<OpenNow>('/handover/current'),
  give: (note: string, items: string[]) => post<Handed>('/handover', { note, items }),
  take: (id: string) => post<Handed>(`/handover/${id}/take`),
  daily: (date: string) => get<DailyReport>('/reports/daily', { date }),
  dailyFile: (date: string) => `/api/v1/reports/daily.xlsx?date=${date}`,
}

export const exports = {
  begin: (list: string, filter: object, format: 'xlsx' | 'csv') => post<Schema['Begun']>('/exports', { list, filter, format }),
  job: (id: string) => get<ExportJob>(`/exports/${id}`),
  file: (id: string) => `/api/v1/exports/${id}/file`,
}

export const admin = {
  bring: async (list: Import, file: File, dryRun: boolean) => {
    const form = new FormData()
    form.set('file', file)
    return (await ask<ImportReport>(`/imports/${list}`, { method: 'POST', form, query: { dry_run: dryRun } })).data
  },
  catalogue: (version?: number) => get<CatalogueBody>('/catalogue', { version }),
  writeCatalogue: (body: Schema['NewCatalogue']) => put<Version>('/catalogue', body),
  catalogueVersions: async () => (await get<Page<Version>>('/catalogue/versions')).items,
  saveCategory: (id: string | null, text: CategoryText) => (id ? put<Category>(`/categories/${id}`, text) : post<Category>('/categories', text)),
  categoryVersions: async (id: string) => (await get<Page<CategoryVersion>>(`/categories/${id}/versions`)).items,
  savePlace: (id: string | null, text: PlaceText) => (id ? put<Place>(`/places/${id}`, text) : post<Place>('/places', text)),
  duty: async (unit: string) => (await get<{ officers: Officer[] }>(`/units/${unit}/duty`)).officers,
  writeDuty: (unit: string, officers: Officer[]) => put<unknown>(`/units/${unit}/duty`, { officers }),
  templatesFor: async (category: string | null, unit?: string | null) => (await get<Page<ReplyTemplate>>('/templates', { category, unit })).items,
  saveTemplate: (old: ReplyTemplate | null, text: TemplateText) => (old ? put<ReplyTemplate>(`/templates/${old.id}`, text, old.version) : post<ReplyTemplate>('/templates', text)),
  dropTemplate: (old: ReplyTemplate) => drop(`/templates/${old.id}`, old.version),
  knowledge: async (q: string) => (await get<Page<Knowledge>>('/knowledge', { q, limit: 500 })).items,
  saveKnowledge: (old: Knowledge | null, text: KnowledgeText) => (old ? put<Knowledge>(`/knowledge/${old.id}`, text, old.version) : post<Knowledge>('/knowledge', text)),
  knowledgeVersions: async (id: string) => (await get<Page<KnowledgeVersion>>(`/knowledge/${id}/versions`)).items,
  webhooks: async () => (await get<Page<Webhook>>('/webhooks')).items,
  addWebhook: (text: WebhookText) => post<Schema['NewWebhook']>('/webhooks', text),
  changeWebhook: (old: Webhook, text: WebhookText) => put<Webhook>(`/webhooks/${old.id}`, text, old.version),
  dropWebhook: (old: Webhook) => drop(`/webhooks/${old.id}`, old.version),
  deliveries: (id: string, cursor: string | null) => get<Page<Delivery>>(`/webhooks/${id}/deliveries`, { cursor }),
  replay: (id: string, from: string) => post<Schema['Replayed']>(`/webhooks/${id}/replay`, { from }),
  flows: async () => (await get<Page<FlowProfile>>('/flows')).items,
  calendars: async (year?: number) => (await get<Page<CalendarYear>>('/calendars', { year })).items,
  audit: async (thing?: string, thing_id?: string) => (await get<Page<AuditLine>>('/audit', { thing, thing_id })).items,
  notices: (cursor: string | null) => get<Page<NoticeLine>>('/notices', { cursor, limit: 50 }),
}
