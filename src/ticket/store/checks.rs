//! What must hold of all tickets together.
use db::checks::Check;

/// While the program runs.
pub const CHECKS: &[Check] = &[Check {
    name: "deadlines",
    what: "到点的计时已触发 (no deadline waits to be fired)",
    advice: "查看日志中 deadlines 的报错 (see what the log says of \"deadlines\")",
    sql: "select count(*), (select ticket.number from timer join ticket on ticket.id = ticket_id
            where fire_at < $1::timestamptz - interval '5 minutes' order by fire_at limit 1)
          from timer where fire_at < $1::timestamptz - interval '5 minutes'",
}];
