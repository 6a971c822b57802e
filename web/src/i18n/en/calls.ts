import type zh from '../zh/calls'

export default {
  title: 'Calls', mine: 'Mine', everyone: 'All', search: 'number, hotline, ticket', from: 'from', to: 'to', empty: 'No calls', empty_text: 'Answered calls appear here.',
  col: { at: 'Time', hotline: 'Hotline', caller: 'Number', agent: 'Agent', wait: 'Wait', talk: 'Talk', outcome: 'Outcome', ticket: 'Ticket', ending: 'Ending' },
  recorded: 'recorded', no_outcome: 'no outcome', not_answered: 'not answered', player: 'Recording', play: 'Play', pause: 'Pause', speed: 'Speed', listening: 'Listening is recorded', no_recording: 'This call has no recording', transcript: 'Transcript', no_transcript: 'No transcript', click_line: 'click a line to play from there', events: 'Events', no_events: 'No events', detail: 'Call', open_ticket: 'Open ticket', rating: 'Rating', position: 'Position', back10: 'Back 10 s', forward10: 'Forward 10 s', failed: 'The recording could not be loaded', facts: 'Facts',
  event: { offered: 'Arrived', invite: 'Incoming', queued: 'Queued', greeting: 'Greeting', offer: 'Offered to agent', ringing: 'Ringing', answered: 'Answered', connected: 'Connected', hung_up: 'Hung up', ended: 'Ended', rated: 'Rated', outcome: 'Outcome', rona: 'Agent did not answer', abandoned: 'Caller gave up', recording: 'Recording', announced: 'Agent number announced', dtmf: 'Key', listened: 'Recording played', waiting: 'Waiting' },
} satisfies typeof zh
