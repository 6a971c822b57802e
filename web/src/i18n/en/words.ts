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
    accepted: 'To dispatch', dispatched: 'To sign', handling: 'In hand', return_asked: 'Return asked', in_review: 'To review', correction: 'Correction', in_follow_up: 'Follow-up', disputed: 'Disputed', closed: 'Closed', not_accepted: 'Not accepted', cancelled: 'Withdrawn',
  },
  leg_state: { dispatched: 'To sign', handling: 'In hand', return_asked: 'Return asked', replied: 'Replied', correction: 'Correction', returned: 'Returned', done: 'Done', recalled: 'Recalled' },
  leg_role: { lead: 'lead', assisting: 'assisting' },
  flag: { extended: 'Extended', returned: 'Returned before', rework: 'Rework', urged: 'Urged', correction: 'Correction' },
  solved: { solved: 'Solved', partly: 'Partly solved', unsolved: 'Not solved' },
  satisfaction: { very_satisfied: 'Very satisfied', satisfied: 'Satisfied', fairly: 'Fairly satisfied', dissatisfied: 'Dissatisfied', very_dissatisfied: 'Very dissatisfied', declined: 'Declined', unrated: 'Unrated' },
  call_rating: { 1: 'Satisfied', 2: 'Fairly satisfied', 3: 'Dissatisfied' },
  notice_state: { queued: 'Queued', sent: 'Sent', sent_in_demo: 'Sent in demo', failed: 'Failed' },
  notice_kind: { sms: 'SMS', email: 'E-mail' },
  ending: {
    caller_hung_up: 'Caller hung up', agent_hung_up: 'Agent hung up', abandoned: 'Abandoned', nobody_at_work: 'Nobody at work', cut_off: 'Cut off', media_refused: 'No common codec', media_failed: 'Sound broke', agent_no_answer: 'Agent’s phone not answered', no_answer: 'No answer', busy: 'Busy', unreachable: 'Unreachable', stopped: 'System stopped',
  },
  attempt: { answered: 'answered', no_answer: 'no answer', busy: 'busy', failed: 'not tried' },
  direction: { in: 'Incoming', out: 'Outgoing' },
  history: {
    accept: 'Accepted', dispatch: 'Dispatched', not_accept: 'Guided out', sign: 'Signed', auto_sign: 'Signed by the system', return: 'Return asked', decide_return: 'Return decided', reply: 'Reply', review: 'Review', correction: 'Sent back', ask_extension: 'Extension asked', decide_extension: 'Extension decided', follow_up: 'Follow-up', urge: 'Urged', rework: 'Rework', close: 'Closed', cancel: 'Withdrawn', addition: 'Caller added', reveal: 'Contact revealed', warn: 'Due soon', late: 'Overdue',
  },
  decided: { yes: 'agreed', no: 'refused', passed: 'passed', days: '{n} working days', lead: 'lead: {name}', assisting: 'assisting: {names}', contacted: 'citizen contacted', not_contacted: 'citizen not contacted', not_reached: 'not reached', not_true: 'reply not true', answered: 'answered directly' },
  timer: { dispatch: 'Dispatch', sign: 'Sign', handling: 'Handling', review: 'Review', follow_up: 'Follow-up', whole: 'Whole', decide_return: 'Decide return', decide_extension: 'Decide extension' },
} satisfies typeof zh
