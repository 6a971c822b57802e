import type zh from '../zh/words'

export default {
  role: { agent: 'Agent', supervisor: 'Supervisor', dispatcher: 'Dispatcher', reviewer: 'Reviewer', follow_up: 'Follow-up clerk', hub: 'County hub', clerk: 'Unit clerk', leader: 'Unit leader', administrator: 'Administrator' },
  level: { city: 'City', county: 'County', township: 'Township' },
  kind: { inquiry: 'Inquiry', help: 'Help', complaint: 'Complaint', report: 'Report', suggestion: 'Suggestion', praise: 'Praise' },
  urgency: { normal: 'Normal', utility: 'Utility', emergency: 'Emergency' },
  urgency_hint: { normal: 'limit by kind', utility: '24 hours', emergency: '2 hours' },
  channel: { phone: 'Phone', manual: 'By hand', web: 'Web', message_board: 'Message board', 110: 'From 110' },
  presence: { signed_out: 'Signed out', ready: 'Ready', not_ready: 'Not ready', ringing: 'Ringing', talking: 'Talking', wrap_up: 'Wrap-up' },
  outcome: { ticket: 'Ticket', addition: 'Added to ticket', progress_told: 'Progress told', direct_answer: 'Direct answer', transferred: 'Transferred', guided_out: 'Guided out', silent: 'Silent', wrong_number: 'Wrong number', nuisance: 'Nuisance', cut_off: 'Cut off' },
  ticket_state: {
    draft: 'Draft', accepted: 'To dispatch', awaiting_dispatch: 'To dispatch', dispatched: 'To sign', signed: 'Signed', handling: 'In hand', awaiting_approval: 'Awaiting approval', replied: 'To review', in_review: 'In review', in_follow_up: 'Follow-up', follow_up: 'Follow-up',
    closed: 'Closed', archived: 'Archived', returned: 'Return asked', return_asked: 'Return asked', not_accepted: 'Not accepted', merged: 'Merged', cancelled: 'Withdrawn', suspended: 'Suspended', direct_answer: 'Direct answer', answered: 'Direct answer', rework: 'Rework', correction: 'Correction', arbitration: 'Arbitration',
  },
  leg_state: { open: 'In hand', dispatched: 'To sign', signed: 'Signed', handling: 'In hand', replied: 'Replied', returned: 'Returned', return_asked: 'Return asked', passed_on: 'Passed on', relayed: 'Passed on', closed: 'Ended', done: 'Done', cancelled: 'Cancelled', correction: 'Correction', rework: 'Rework' },
  leg_role: { lead: 'lead', assisting: 'assisting' },
  flag: { extended: 'Extended', returned: 'Returned before', rework: 'Rework', urged: 'Urged', correction: 'Correction' },
  solved: { solved: 'Solved', partly: 'Partly solved', unsolved: 'Not solved' },
  satisfaction: { very_satisfied: 'Very satisfied', satisfied: 'Satisfied', fairly: 'Fairly satisfied', dissatisfied: 'Dissatisfied', very_dissatisfied: 'Very dissatisfied', declined: 'Declined', unrated: 'Unrated' },
  notice_state: { queued: 'Queued', sent: 'Sent', sent_in_demo: 'Sent in demo', failed: 'Failed' },
  notice_kind: { sms: 'SMS', email: 'E-mail' },
  ending: {
    agent_hung_up: 'Agent hung up', caller_hung_up: 'Caller hung up', citizen_hung_up: 'Caller hung up', abandoned: 'Abandoned', no_agent: 'No agent', failed: 'Line failed', answered: 'Answered', missed: 'Missed', not_reached: 'Not reached', rejected: 'Rejected', short_abandon: 'Short abandon', cut_off: 'Cut off',
  },
  direction: { in: 'Incoming', out: 'Outgoing' },
  history: {
    accept: 'Accepted', accepted: 'Accepted', created: 'Accepted', dispatch: 'Dispatched', redispatch: 'Reassigned', reassign: 'Reassigned', sign: 'Signed', auto_sign: 'Signed by the system', return: 'Return asked', ask_return: 'Return asked', decide_return: 'Return decided', reply: 'Reply', approve: 'Unit approval', review: 'Review', correction: 'Sent back for correction',
    ask_extension: 'Extension asked', decide_extension: 'Extension decided', follow_up: 'Follow-up', urge: 'Urged', rework: 'Rework', close: 'Closed', cancel: 'Withdrawn', addition: 'Addition', add: 'Addition', direct_answer: 'Direct answer', reveal: 'Contact revealed', contact: 'Contact revealed', merge: 'Merged', suspend: 'Suspended', archive: 'Archived', late: 'Overdue', rated: 'Rated',
  },
  timer: { dispatch: 'Dispatch', sign: 'Sign', contact: 'First contact', first_contact: 'First contact', reply: 'Handling', final_reply: 'Handling', review: 'Review', follow_up: 'Follow-up', rework: 'Rework', return: 'Ask to return', decide_return: 'Decide return', decide_extension: 'Decide extension', accept: 'Accept' },
} satisfies typeof zh
