import type zh from '../zh/desk'

export default {
  title: 'Desk',
  presence: { go_ready: 'Ready: take calls', go_ready_short: 'Ready', go_busy: 'Not ready', sign_out: 'Sign out of the queue', why: 'Why', why_rest: 'Break', why_meal: 'Meal', why_training: 'Training', why_work: 'Working on tickets', since: 'for {time}', until: '{time} left', after_call: 'Ready after wrap-up' },
  today: '{n} calls today', avg: 'average {time}', queue: '{n} waiting', queue_longest: '{n} waiting · longest {time}', queue_none: 'Nobody waits', callbacks: '{n} callbacks',
  idle: {
    waiting_title: 'Ready, waiting for a call', waiting_text: 'A call will ring here; press {key} to answer.', busy_title: 'Not ready', busy_text: 'You get no calls now.', out_title: 'You are not signed in to the queue', out_text: 'Try your microphone, then go ready.',
    device_first: 'Try the microphone first', no_calls: 'No calls yet', recent: 'My latest calls',
  },
  audio: {
    title: 'Headset and microphone', microphone: 'Microphone', speaker: 'Speaker', ringer: 'Ringer', default: 'System default', test: 'Try the microphone', stop: 'Stop', level: 'Level', speak: 'Say a sentence; the green bar should move.', good: 'Heard you, level is fine', quiet: 'Too quiet, come closer to the microphone', waiting: 'Nothing heard yet',
    processing: 'Sound processing', echo: 'Echo cancellation', noise: 'Noise suppression', gain: 'Automatic gain', ok: 'Microphone works', need: 'Please try the microphone first',
    insecure_title: 'The browser gives no microphone', insecure_text: 'This page did not come over https, so the browser allows no microphone and no calls can be answered. Use the https address, or http://127.0.0.1 on the server itself. Tickets and look-ups work as usual.',
    denied: 'The microphone was refused. Click the icon left of the address bar and allow it.', none: 'No microphone found. Please plug in your headset.', busy: 'The microphone cannot be opened; another program may be using it.', play_test: 'Play a test sound',
  },
  phone: { off: 'Phone not connected', connecting: 'Phone connecting…', registered: 'Phone connected', failed: 'Phone registration failed: {why}', replaced_title: 'The phone moved to another window', replaced_text: 'Only one window of a staff number takes calls. This one no longer rings.', take: 'Take calls here' },
  speech: { ready: 'Transcribing', ready_model: 'Transcribing · {model}', no_model: 'No speech model', restarting: 'Transcription is restarting; the words will follow', off: 'No words for this call', no_model_text: 'Calls and tickets work as usual. {what}' },
  ring: { title: 'Incoming call', dialled: 'dialled {number} {name}', answer: 'Answer', answering: 'Connecting…', waited: 'waited {time}', reason: 'Offered to you: {why}', no_leg: 'Waiting for the line to reach this page…', announced: 'New call, {name}, {number}', callback_title: 'Calling back', out_title: 'Outgoing call' },
  caller: { title: 'Caller', withheld: 'Number withheld', place: 'Region', waited: 'Waited', why_me: 'Why me', dialled: 'Dialled', merged: ' (merged line)', copy: 'Copy number' },
  past: { title: 'Earlier requests', none: 'First call from this number', open: 'Open', calls: 'Latest calls', add: 'Add to it', add_title: 'Add to {number}', add_text: 'What the caller adds', add_hint: 'Write what is new; the unit sees it at once.', add_done: 'Added', progress: 'Progress told', load_failed: 'The history could not be loaded' },
  talk: { mute: 'Mute', unmute: 'Unmute', keypad: 'Keypad', hang_up: 'Hang up', none: 'What both sides say appears here once the call begins.', waiting: 'Listening…', calling: 'Calling the citizen…', notice: 'The caller is hearing the notice; you will be connected in a moment', me: 'Me', citizen: 'Caller', ended: 'Call ended', sent: 'Sent', follow: 'To the newest line', muted: 'You are muted' },
  form: {
    title: 'Ticket draft', autosave: 'saved as you type', saving: 'saving…', saved: 'saved {time}', save_failed: 'not saved, trying again', subject: 'Subject', subject_hint: 'the matter in one sentence', content: 'Content', content_hint: 'when, where, what happened, what is asked', kind: 'Kind', number: 'Number', name: 'Contact', name_hint: 'no name yet: you may ask',
    secrecy: 'Secrecy', secrecy_on: 'Sealed', secrecy_off: 'Open', secrecy_report: 'Reports are sealed by default: units do not see who it was', secrecy_ask: 'For a complaint, ask: “Should your identity be kept confidential?”', secrecy_asked: 'asked', wants_reply: 'Reply', no_reply: 'No reply',
    category: 'Category', category_hint: 'type to search', place: 'Place', place_hint: 'street, community, road', address: 'Address', address_hint: 'building, entrance', urgency: 'Urgency', unit: 'Suggested unit', submit: 'Checked: accept', submit_short: 'Accept',
    direct: 'Direct answer', missing: 'Missing: {what}', submitting: 'Accepting…', done: 'Accepted {number}', done_code: 'Query code {code}, sent by SMS', promise: 'Tell the caller: an answer by {date}', waiting_call: 'A ticket can be accepted once you are connected', report_note: '', from_call: 'from the call', ask: 'ask',
  },
  know: { title: 'Knowledge', hint: 'found as you type', none: 'Nothing found; try other words', start: 'Fill in the subject or search here', search: 'Search', issuer: '{name}', valid_until: 'valid until {date}', expired: 'expired', always: 'no expiry', cite: 'Cite', cited: 'Cited', uncite: 'Remove', direct_title: 'Direct answer', direct_text: 'What the caller is told', direct_hint: 'The cited entry is recorded; the call is closed without dispatch.', direct_done: 'Answered and closed', need_cite: 'Cite a knowledge entry first' },
  outcome: { title: 'How did this call end?', one: 'one call, one outcome', note: 'Note (optional)', done: 'Recorded: {what}', pick: 'Please choose', hint_ticket: 'Or accept the ticket on the right', addition_pick: 'or add to one on the left', given: 'Outcome: {what}', need_history: 'Choose one of the earlier requests on the left' },
  callback: { title: 'Callbacks', none: 'No calls to return', call: 'Call back', due: 'by {time}', late: 'overdue', missed: 'missed {time}', attempts: '{n} tries', calling: 'Calling your phone…' },
  demo: { title: 'Demo', ring: 'Ring me a demo call', hint: 'A “citizen” calls 12345 and plays a recorded matter to you.', need_ready: 'Go ready first', sent: 'The call is on its way', pick: 'Choose a recording' },
  quality: { good: 'good', fair: 'fair', bad: 'poor', sound: 'Sound', delay: 'delay {n} ms', loss: 'loss {n} %', recording: 'recording', headset: 'Headset' },
} satisfies typeof zh
