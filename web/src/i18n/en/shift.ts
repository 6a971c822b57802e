import type zh from '../zh/shift'

export default {
  title: 'Hand-over', take: 'Take over', give: 'Hand over', note: 'Note for the next shift', items: 'What the next shift is to do, one a line', urgent: 'Urgent tickets', late: 'Late tickets', callbacks: 'Callbacks', drafts: 'Open drafts', daily: 'Daily report', kinds: 'By kind', states: 'By state', units: 'By unit',
  figure: { offered: 'Calls', answered: 'Answered', within_15s: 'Within 15 s', accepted: 'Accepted', ended: 'Ended', ended_late: 'Ended late', open: 'Open', late: 'Late', due_tomorrow: 'Due tomorrow', asked: 'Followed up', reached: 'Reached', contacted: 'Contacted', solved: 'Solved', satisfied: 'Satisfied', urged: 'Urged', overseen: 'Overseen' },
} satisfies typeof zh
