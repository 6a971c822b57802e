import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { org } from '@/api/client'
import type { Category, Unit } from '@/api/types'

export interface TreeNode { value: string; label: string; path: string; level?: string; children?: TreeNode[] }

/** Units and categories: fetched once, needed everywhere. */
export const useCatalogue = defineStore('catalogue', () => {
  const units = shallowRef<Unit[]>([])
  const categories = shallowRef<Category[]>([])
  let unitsAsked: Promise<void> | null = null
  let categoriesAsked: Promise<void> | null = null
  const needUnits = () => (unitsAsked ??= org.units().then(got => { units.value = got }).catch(() => { unitsAsked = null }))
  const needCategories = () => (categoriesAsked ??= org.categories().then(got => { categories.value = got }).catch(() => { categoriesAsked = null }))
  const againCategories = () => { categoriesAsked = null; return needCategories() }
  const unitTree = computed(() => treeOf(units.value.map(unit => ({ id: unit.id, parent_id: unit.parent_id, name: unit.name, path: unit.name }))))
  const categoryTree = computed(() => treeOf(categories.value))
  const categoryPath = (id: string | null) => categories.value.find(one => one.id === id)?.path ?? null
  const unitName = (id: string | null) => units.value.find(one => one.id === id)?.name ?? null
  const suggestedUnit = (categoryId: string | null) => unitName(categories.value.find(one => one.id === categoryId)?.unit_id ?? null)
  return { units, categories, needUnits, needCategories, againCategories, unitTree, categoryTree, categoryPath, unitName, suggestedUnit }
})

/** A tree of things that know their parent; what names an absent parent stands at the top. */
export function treeOf(rows: readonly { id: string; parent_id: string | null; name: string; path: string }[]): TreeNode[] {
  const nodes = new Map(rows.map(row => [row.id, { value: row.id, label: row.name, path: row.path } as TreeNode]))
  const top: TreeNode[] = []
  for (const row of rows) {
    const node = nodes.get(row.id)!
    const parent = row.parent_id === null ? undefined : nodes.get(row.parent_id)
    if (parent && parent !== node) (parent.children ??= []).push(node)
    else top.push(node)
  }
  return top
}
