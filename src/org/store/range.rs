use sqlx::{Postgres, QueryBuilder};

use crate::{Range, Subtree};

/// Only constants become part of the text; what varies is bound.
pub(crate) fn push(range: &Range, query: &mut QueryBuilder<Postgres>, column: &'static str) {
    match range {
        Range::City => query.push("true"),
        Range::Nothing => query.push("false"),
        Range::Unit(unit) => query.push(column).push(" = ").push_bind(unit.uuid()),
        Range::Below(Subtree(path)) => query
            .push(column)
            .push(" in (select id from unit where path = ")
            .push_bind(path.clone())
            // '/' follows '.' in the byte order that paths are compared by
            .push(" or (path >= ")
            .push_bind(format!("{path}."))
            .push(" and path < ")
            .push_bind(format!("{path}/"))
            .push("))"),
    };
}
