import type zh from '../zh/work'

export default {
  title: 'Tickets', box: { todo: 'To do', unit: 'My unit', all: 'All', mine: 'Mine' }, search: 'number, title, content', state: 'State', late_only: 'Late only',
  col: { number: 'Number', title: 'Request', state: 'State', unit: 'Unit', left: 'Limit', created: 'Accepted', kind: 'Kind' },
  empty_todo: 'All done', empty_todo_text: 'New tickets appear here.', empty: 'No tickets match', empty_text: 'Try another filter or clear it.', clear: 'Clear filter', new_arrived: 'Something changed: refresh', late: 'Late', provisional: 'provisional', provisional_hint: 'Holidays of that year are not published yet; computed by the week rule', sealed: 'Sealed', count: '{n} shown', open: 'Open',
  manual: {
    title: 'New ticket', hint: 'For what did not come by phone: letters, visits, 110, the message board.', channel: 'Channel', source: 'Source', source_hint: 'e.g. letter from the petitions office', outside_number: 'Outside no.', outside_due: 'Outside due', submit: 'Accept', done: 'Accepted {number}', open: 'Open ticket', another: 'Enter another', contact: 'Contact', number: 'Number', code: 'query code {code}',
  },
} satisfies typeof zh
