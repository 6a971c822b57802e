import type zh from '../zh/calls'

export default {
  title: 'Calls', mine: 'Mine', everyone: 'All', search: 'number, hotline, ticket', from: 'from', to: 'to', empty: 'No calls', empty_text: 'Answered calls appear here.',
  col: { at: 'Time', hotline: 'Hotline', caller: 'Number', agent: 'Agent', wait: 'Wait', talk: 'Talk', outcome: 'Outcome', ticket: 'Ticket', ending: 'Ending' },
  recorded: 'recorded', no_outcome: 'no outcome', not_answered: 'not answered', player: 'Recording', play: 'Play', pause: 'Pause', speed: 'Speed', listening: 'Listening is recorded', recording_later: 'The call is still going on; it can be played when it has ended', no_recording: 'This call has no recording', transcript: 'Transcript', no_transcript: 'No transcript', click_line: 'click a line to play from there', events: 'Events', no_events: 'No events', detail: 'Call', open_ticket: 'Open ticket', rating: 'Rating', position: 'Position', back10: 'Back 10 s', forward10: 'Forward 10 s', failed: 'The recording could not be loaded', facts: 'Facts',
  event: { invite: 'Incoming', call_out: 'Outgoing', offered: 'Offered to agent', agent_answered: 'Agent picked up', agent_refused: 'Agent did not take it', agent_lost: 'Agent’s phone lost', connected: 'Connected', citizen_answered: 'Citizen picked up', citizen_failed: 'Citizen not reached', key: 'Key', media_refused: 'No common codec', nobody_at_work: 'Nobody at work', withdrawn: 'Offer withdrawn', ended: 'Ended', listened: 'Recording played', outcome: 'Outcome', rated: 'Rated' },
} satisfies typeof zh
