import { ask, get, post } from './http'
import type { Category, Kind, Page, Place } from './types'

/** What administrators and supervisors keep: catalogue, categories, places, rosters. */
export interface Version { version: number; valid_from: string; note: string; written_at: string; written_by: string }
export interface CatalogueEntry { category_id: string; district_id: string | null; unit_ids: string[] }
export interface Ban { category_id: string; rule: string }
export interface CatalogueBody { version: Version | null; entries: CatalogueEntry[]; forbidden: Ban[] }
export interface CategoryText { code: string; name: string; parent_id: string | null; unit_id: string | null; candidate_ids: string[]; kind: Kind | null; sensitive: boolean; knowledge_id: string | null; form: { name: string; label: string; required: boolean }[]; withdrawn: boolean }
export interface PlaceText { name: string; kind: string; parent_id: string | null; aliases: string[]; withdrawn: boolean }
export type DutyPart = 'clerk' | 'duty' | 'leader'
export interface Officer { post: DutyPart; name: string; mobile: string | null; email: string | null; starts_at: string | null; ends_at: string | null }
export interface ReplyTemplate { id: string; title: string; text: string; category_id: string | null; unit_id: string | null }

export const IMPORTS = ['units', 'people', 'places', 'knowledge', 'categories', 'catalogue'] as const
export type Import = (typeof IMPORTS)[number]
export interface ImportReport { rows: number; created: number; updated: number; errors: { row: number; column: string; message: string }[] }
export interface ExportJob { state: string; done: number; total: number; why: string | null; file_name: string | null }

const put = async <T>(path: string, body: unknown) => (await ask<T>(path, { method: 'PUT', body })).data

export interface OpenItem { id: string; name: string; text: string; due_at: string | null }
export interface Handed { id: string; at: string; by: string; note: string; items: string[]; taken_at: string | null; taken_by: string | null }
export interface OpenNow { at: string; drafts: OpenItem[]; callbacks: OpenItem[]; urgent: OpenItem[]; late: OpenItem[]; untaken: Handed | null }
interface CountOf { word: string; label: string; count: number }
export interface DailyReport {
  date: string; calls: { offered: number; answered: number; abandoned: number; within_15s: number }
  accepted: number; ended: number; ended_late: number; open: number; late: number; due_tomorrow: number; asked: number; reached: number; contacted: number; solved: number; satisfied: number; rated: number; urged: number; overseen: number
  kinds: CountOf[]; units: CountOf[]; states: CountOf[]
}
export const shift = {
  current: () => get<OpenNow>('/handover/current'),
  give: (note: string, items: string[]) => post<Handed>('/handover', { note, items }),
  take: (id: string) => post<Handed>(`/handover/${id}/take`),
  daily: (date: string) => get<DailyReport>('/reports/daily', { date }),
  dailyFile: (date: string) => `/api/v1/reports/daily.xlsx?date=${date}`,
}

export const exports = {
  begin: (list: string, filter: object, format: 'xlsx' | 'csv') => post<{ job: string }>('/exports', { list, filter, format }),
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
  writeCatalogue: (body: { valid_from: string; note: string; entries: CatalogueEntry[]; forbidden: Ban[] }) => put<Version>('/catalogue', body),
  catalogueVersions: async () => (await get<Page<Version>>('/catalogue/versions')).items,
  saveCategory: (id: string | null, text: CategoryText) => (id ? put<Category>(`/categories/${id}`, text) : post<Category>('/categories', text)),
  savePlace: (id: string | null, text: PlaceText) => (id ? put<Place>(`/places/${id}`, text) : post<Place>('/places', text)),
  duty: async (unit: string) => (await get<{ officers: Officer[] }>(`/units/${unit}/duty`)).officers,
  writeDuty: (unit: string, officers: Officer[]) => put<unknown>(`/units/${unit}/duty`, { officers }),
  templatesFor: async (category: string | null) => (await get<Page<ReplyTemplate>>('/templates', { category })).items,
}
