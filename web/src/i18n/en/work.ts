import type zh from '../zh/work'

export default {
  title: 'Tickets', box: { todo: 'To do', unit: 'My unit', all: 'All', mine: 'Mine' }, search: 'number, title, content', state: 'State', late_only: 'Late only',
  over_by: '{time} over', left_today: 'today · {time} left', boxes: 'Boxes', waiting_in: 'Waiting', due_today: 'Due today', due_tomorrow: 'Due tomorrow', narrow: 'Filter', kind: 'Kind', urgency: 'Urgency', unit: 'Unit', category: 'Category', place: 'Place', flag: 'Mark', from: 'Accepted from', to: 'Accepted to', sort: 'Order', sort_due: 'Most urgent first', sort_newest: 'Newest first', sort_oldest: 'Oldest first', saved: 'Saved filters', keep: 'Save filter', keep_name: 'Name of this filter', kept: 'Filter saved', drop: 'Delete', select: 'Select this one', selected: '{n} selected', select_shown: 'Select the {n} shown', unselect: 'Clear selection', flags: { late: 'Late', extended: 'Extended', returned: 'Returned before', rework: 'Rework', urged: 'Urged', correction: 'Correction', sealed: 'Sealed' },
  bulk: { title: 'Several at once', step: 'Step', none: 'These tickets have no step in common', preview: 'Preview', preview_text: '{ok} can be done, {no} cannot', run: 'Do it for {n}', running: 'Working {done} of {all}', done: 'Done: {ok} succeeded, {no} did not', close: 'Close', back: 'Back' },
  col: { number: 'Number', title: 'Request', state: 'State', unit: 'Unit', left: 'Limit', created: 'Accepted', kind: 'Kind' },
  empty_todo: 'All done', empty_todo_text: 'New tickets appear here.', empty: 'No tickets match', empty_text: 'Try another filter or clear it.', clear: 'Clear filter', new_arrived: 'Something changed: refresh', late: 'Late', provisional: 'provisional', provisional_hint: 'Holidays of that year are not published yet; computed by the week rule', sealed: 'Sealed', count: '{n} shown', open: 'Open',
  manual: {
    title: 'New ticket', hint: 'For what did not come by phone: letters, visits, 110, the message board.', channel: 'Channel', source: 'Source', source_hint: 'e.g. letter from the petitions office', outside_number: 'Outside no.', outside_due: 'Outside due', submit: 'Accept', done: 'Accepted {number}', open: 'Open ticket', another: 'Enter another', contact: 'Contact', number: 'Number', code: 'query code {code}',
  },
} satisfies typeof zh
