import type zh from '../zh/floor'

export default {
  title: 'Floor', connect_rate: 'Connect rate', target: 'target {n} %', service_level: 'within 15 s', waiting: 'Waiting now', longest: 'longest {time}', nobody_waits: 'Nobody waits', offered: 'Calls today', answered: 'answered {n}', abandoned: 'abandoned {n}', asa: 'Average wait', asa_target: 'target 15 s', agents: '{n} agents', agent_grid: 'Agents', no_agents: 'No agent is signed in', waiting_list: 'Waiting calls', tickets: 'Tickets', open: 'Open', late: 'Late', due_today: 'Due today', in_review: 'To review', in_follow_up: 'Follow-up', on_call: '{name}', updated: 'updated {time}', full: 'Full screen', good: 'on target', below: 'below target', no_calls_yet: 'No calls today yet',
} satisfies typeof zh
