use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Error;
use crate::report::{Counted, Day};

pub(crate) async fn day(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    tomorrow_ends: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Day, Error> {
    let accepted = sqlx::query_scalar!(
        r#"select count(*) as "n!" from ticket where accepted_at >= $1 and accepted_at < $2"#,
        from,
        to
    );
    let accepted = accepted.fetch_one(&mut *db).await?;
    let ended = sqlx::query!(
        r#"select count(*) as "all!", count(*) filter (where was_late) as "late!"
        from ticket where ended_at >= $1 and ended_at < $2"#,
        from,
        to
    );
    let ended = ended.fetch_one(&mut *db).await?;
    let open = sqlx::query!(
        r#"select count(*) as "all!", count(*) filter (where due_at < $3) as "late!",
            count(*) filter (where due_at >= $1 and due_at < $2) as "tomorrow!"
        from ticket where ended_at is null"#,
        to,
        tomorrow_ends,
        now,
    );
    let open = open.fetch_one(&mut *db).await?;
    let ratings = sqlx::query!(
        r#"select count(*) as "asked!", count(*) filter (where reached) as "reached!",
            count(*) filter (where contacted) as "contacted!",
            count(*) filter (where solved = 'solved') as "solved!",
            count(*) filter (where satisfaction in ('very_satisfied', 'satisfied', 'fairly')) as "satisfied!",
            count(*) filter (where satisfaction is not null and satisfaction <> 'declined') as "rated!"
        from rating join ticket on ticket.id = rating.ticket_id
        where rating.at >= $1 and rating.at < $2
            -- one of many from one address says nothing until the citizen was called
            and (rating.source is null or not (rating.doubted or ticket.rating_doubted))"#,
        from,
        to
    );
    let ratings = ratings.fetch_one(&mut *db).await?;
    let steps = sqlx::query!(
        r#"select count(*) filter (where action = 'urge') as "urged!",
            count(*) filter (where action = 'oversee') as "overseen!"
        from ticket_history where at >= $1 and at < $2 and action in ('urge', 'oversee')"#,
        from,
        to
    );
    let steps = steps.fetch_one(&mut *db).await?;
    Ok(Day {
        accepted,
        ended: ended.all,
        ended_late: ended.late,
        open: open.all,
        late: open.late,
        due_tomorrow: open.tomorrow,
        asked: ratings.asked,
        reached: ratings.reached,
        contacted: ratings.contacted,
        solved: ratings.solved,
        satisfied: ratings.satisfied,
        rated: ratings.rated,
        urged: steps.urged,
        overseen: steps.overseen,
        kinds: kinds(db, from, to).await?,
        units: units(db, from, to).await?,
        states: states(db).await?,
    })
}

async fn kinds(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Counted>, Error> {
    let rows = sqlx::query_as!(
        Counted,
        r#"select kind as word, count(*) as "count!" from ticket
        where accepted_at >= $1 and accepted_at < $2 group by kind order by 2 desc, 1"#,
        from,
        to
    );
    Ok(rows.fetch_all(db).await?)
}

/// Which units got something that day.
async fn units(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Counted>, Error> {
    let rows = sqlx::query_as!(
        Counted,
        r#"select unit.name as word, count(*) as "count!"
        from ticket join unit on unit.id = ticket.unit_id
        where ticket.accepted_at >= $1 and ticket.accepted_at < $2
        group by unit.name order by 2 desc, 1 limit 50"#,
        from,
        to
    );
    Ok(rows.fetch_all(db).await?)
}

async fn states(db: &mut PgConnection) -> Result<Vec<Counted>, Error> {
    let rows = sqlx::query_as!(
        Counted,
        r#"select state as word, count(*) as "count!" from ticket
        where ended_at is null group by state order by 2 desc, 1"#
    );
    Ok(rows.fetch_all(db).await?)
}
