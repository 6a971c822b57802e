import { ElMessage } from 'element-plus'
import { onMounted, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { admin, type CatalogueBody, type Version } from '@/api/admin'
import { asApiError, type ApiError } from '@/api/http'
import { useCatalogue } from '@/stores/catalogue'
import { day } from '@/ticket-forms'
import { errorText } from '@/use/error-text'

/** The dispatch catalogue in hand: read whole, written whole as a new version that holds from a day on. */
export function useCatalogueBody() {
  const { t } = useI18n()
  const stores = useCatalogue()
  const body = ref<CatalogueBody | null>(null)
  const versions = ref<Version[]>([])
  /** An older version that is looked at; it cannot be written. */
  const looking = ref<number | null>(null)
  const error = ref<ApiError | null>(null)
  const from = ref<Date>(new Date())
  const note = ref('')
  const busy = ref(false)
  const wrong = ref('')
  async function load() {
    error.value = null
    try {
      body.value = await admin.catalogue(looking.value ?? undefined)
      versions.value = (await admin.catalogueVersions()).slice().sort((a, b) => b.version - a.version)
    } catch (thrown) { error.value = asApiError(thrown) }
  }
  async function save() {
    if (!body.value) return
    busy.value = true
    wrong.value = ''
    try {
      const written = await admin.writeCatalogue({ valid_from: day(from.value)!, note: note.value.trim(), entries: body.value.entries.filter(entry => entry.category_id && entry.unit_ids.length), forbidden: body.value.forbidden.filter(ban => ban.category_id) })
      ElMessage.success(t('settings.catalogue.written', { n: written.version }))
      note.value = ''
      await load()
    } catch (thrown) { wrong.value = errorText(thrown) } finally { busy.value = false }
  }
  function look(version: number | null) { looking.value = version === versions.value[0]?.version ? null : version; body.value = null; void load() }
  onMounted(() => { void load(); void stores.needCategories(); void stores.needUnits() })
  return { versions, looking, look, body, error, from, note, busy, wrong, load, save }
}
