import type zh from '../zh/settings'

export default {
  title: 'Settings', add: 'Add', remove: 'Remove', withdrawn: 'Withdrawn', version: 'version {n}',
  tab: { duty: 'Duty and notices', categories: 'Categories', catalogue: 'Dispatch catalogue', forbidden: 'Not for the grass roots', places: 'Gazetteer', import: 'Import' },
  duty: { hint: 'who is told of dispatches, warnings and breaches; at night whoever is on duty', unit: 'Choose a unit', pick: 'Choose a unit first', none: 'Nobody is named; notices go to the unit’s accounts', part: 'Post', clerk: 'Clerk', duty: 'On duty', leader: 'Leader', name: 'Name', mobile: 'Mobile', email: 'E-mail', always: 'always', until: 'or a shift', add: 'Add a person' },
  categories: { search: 'name or code', new: 'New category', edit: 'Change category', code: 'Code', name: 'Name', parent: 'Under', unit: 'Usual unit', candidates: 'Candidates', kind: 'Usual kind', sensitive: 'Sensitive', form: 'What is asked at acceptance', question: 'Question', question_name: 'field', add_question: 'Add a question' },
  catalogue: { search: 'category or unit', from: 'Holds from', note: 'Why (document number)', save: 'Save as a new version', written: 'Saved as version {n}', anywhere: 'Whole city', units: 'Units, the usual one first', more: '{n} more: please search' },
  forbidden: { hint: 'These categories, and those below, may not be sent to streets and townships', rule: 'By which rule' },
  import: { hint: 'CSV (UTF-8) or XLSX, column names in the first row. Try first: one wrong row, and nothing is written.', what: 'What', list: { units: 'Units', people: 'People', places: 'Places', knowledge: 'Knowledge', categories: 'Categories', catalogue: 'Dispatch catalogue' }, choose: 'Choose a file', dry: 'Try', run: 'Import {n} rows', ok: '{rows} rows: {created} new, {updated} changed', done: 'Imported: {created} new, {updated} changed', wrong: '{n} mistakes; nothing was written', row: 'Row', column: 'Column', message: 'Mistake' },
  export: { title: 'Export', xlsx: 'Export to Excel', csv: 'Export to CSV', working: 'Exporting {done} of {total}', ready: 'Exported', failed: 'The export failed: {why}' },
  places: { search: 'name', none: 'Type a name', new: 'New place', edit: 'Change place', name: 'Official name', aliases: 'Other names', aliases_hint: 'separated by spaces', kind: 'Kind', parent: 'Within' },
} satisfies typeof zh
