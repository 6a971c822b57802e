import type zh from '../zh/board'

export default {
  title: 'Oversight', ladder: 'Ladder', ledgers: 'Three ledgers', yellow: 'Due soon (yellow)', red: 'Overdue (red)', order: 'Oversight order', meeting: 'City meeting',
  dragged: 'Dragging on', dragged_hint: 'longest overdue first', passed: 'Passed around', passed_hint: 'returned before and still open', weak: 'Poorly handled', weak_hint: 'reworked or sent back, still open', none: 'none', all: 'All', oversee: 'Oversee', by_unit: 'By unit', unit: 'Unit', count: '{n}', more: 'More',
} satisfies typeof zh
