import { get } from './http'
import type { Page } from './types'

export interface ReplyTemplate { id: string; title: string; text: string; category_id: string | null; unit_id: string | null }

/** What supervisors and administrators keep. */
export const admin = {
  templatesFor: async (category: string | null) => (await get<Page<ReplyTemplate>>('/templates', { category })).items,
}
