//! Questions about both wings at once: telephone and paper know nothing of each other's tables.
use db::checks::Check;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        name: "ticket_calls",
        what: "工单的来电都在 (the call of each ticket is there)",
        advice: "通话记录可能仍在 spool 中：启动程序后再查 (its record may wait in the spool: start the program, look again)",
        sql: "select count(*), min(number) from ticket
              where call_id is not null and accepted_at < $1::timestamptz - interval '1 hour'
                and not exists (select from call_record where call_record.id = ticket.call_id)",
    },
    Check {
        name: "outcome_tickets",
        what: "来电小结的工单都在 (the ticket of each outcome is there)",
        advice: "保留数据目录副本并报告缺陷 (keep a copy of the data and report it)",
        sql: "select count(*), min(call_id::text) from call_outcome
              where ticket_id is not null and at < $1::timestamptz
                and not exists (select from ticket where ticket.id = call_outcome.ticket_id)",
    },
];
