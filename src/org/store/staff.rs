use base::{StaffId, UnitId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::keys::Sealed;
use crate::{Error, Post, Role, Staff};

pub(super) struct Row {
    pub(super) id: StaffId,
    pub(super) number: String,
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) skills: Vec<String>,
    pub(super) disabled: bool,
    pub(super) demo: bool,
    pub(super) version: i64,
    pub(super) unit_id: Option<UnitId>,
    pub(super) unit_path: Option<String>,
    pub(super) unit_name: Option<String>,
    pub(super) unit_level: Option<String>,
    pub(super) unit_kind: Option<String>,
    pub(super) roles: Vec<String>,
}

impl TryFrom<Row> for Staff {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let post = match (row.unit_id, row.unit_path, row.unit_name, row.unit_level, row.unit_kind)
        {
            (Some(unit), Some(path), Some(name), Some(level), Some(kind)) => {
                Some(Post { unit, path, name, level: level.parse()?, kind: kind.parse()? })
            }
            _ => None,
        };
        Ok(Self {
            id: row.id,
            number: row.number,
            name: row.name,
            display_name: row.display_name,
            post,
            roles: row.roles.iter().map(|role| role.parse::<Role>()).collect::<Result<_, _>>()?,
            skills: row.skills,
            disabled: row.disabled,
            demo: row.demo,
            version: row.version,
        })
    }
}

pub(crate) async fn find(db: &mut PgConnection, id: StaffId) -> Result<Option<Staff>, Error> {
    let row = sqlx::query_file_as!(Row, "store/staff_by_id.sql", id.uuid());
    row.fetch_optional(db).await?.map(Staff::try_from).transpose()
}

pub(crate) async fn page(
    db: &mut PgConnection,
    text: &str,
    after: Option<&str>,
    most: i64,
) -> Result<Vec<Staff>, Error> {
    let role = None::<&str>;
    let rows =
        sqlx::query_file_as!(Row, "store/staff_search.sql", like(text), role, after, Some(most));
    rows.fetch_all(db).await?.into_iter().map(Staff::try_from).collect()
}

pub(crate) async fn with_role(db: &mut PgConnection, role: Role) -> Result<Vec<Staff>, Error> {
    let (text, after, all) = (None::<&str>, None::<&str>, None::<i64>);
    let rows = sqlx::query_file_as!(Row, "store/staff_search.sql", text, role.as_str(), after, all);
    let found = rows.fetch_all(db).await?.into_iter().map(Staff::try_from);
    found.filter(|staff| !matches!(staff, Ok(staff) if staff.disabled)).collect()
}

/// A pattern that matches the text itself anywhere.
pub(crate) fn like(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    staff: &Staff,
    password: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into staff (id, number, name, display_name, unit_id, skills, password, demo, created_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        staff.id.uuid(),
        staff.number,
        staff.name,
        staff.display_name,
        staff.post.as_ref().map(|post| post.unit.uuid()),
        &staff.skills,
        password,
        staff.demo,
        now,
    )
    .execute(&mut *db)
    .await
    .map_err(|error| taken(error, staff))?;
    insert_roles(db, staff).await
}

fn taken(error: sqlx::Error, staff: &Staff) -> Error {
    match &error {
        sqlx::Error::Database(refused) if refused.is_check_violation() => {
            Error::Invalid("工号为 3–8 位数字".to_owned())
        }
        sqlx::Error::Database(refused) if refused.constraint() == Some("staff_number_key") => {
            Error::Taken(format!("工号“{}”已被使用", staff.number))
        }
        _ => Error::or_taken(error, || format!("登录名“{}”已被使用", staff.name)),
    }
}

async fn insert_roles(db: &mut PgConnection, staff: &Staff) -> Result<(), Error> {
    let roles: Vec<String> = staff.roles.iter().map(|role| role.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into staff_role (staff_id, role) select $1, unnest($2::text[])",
        staff.id.uuid(),
        &roles
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn update(
    db: &mut PgConnection,
    staff: &Staff,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update staff set display_name = $2, unit_id = $3, skills = $4, changed_at = $5,
             disabled_at = case when $6 then coalesce(disabled_at, $5) end, version = $7
         where id = $1",
        staff.id.uuid(),
        staff.display_name,
        staff.post.as_ref().map(|post| post.unit.uuid()),
        &staff.skills,
        now,
        staff.disabled,
        staff.version,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("delete from staff_role where staff_id = $1", staff.id.uuid())
        .execute(&mut *db)
        .await?;
    insert_roles(db, staff).await
}

/// Changes of roles go one after the other, so that two cannot take away the last administrator.
pub(crate) async fn lock_roles(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('staff_role'))").execute(db).await?;
    Ok(())
}

pub(crate) async fn administrators(db: &mut PgConnection) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from staff join staff_role on staff_id = id
           where role = 'administrator' and disabled_at is null"#
    );
    Ok(count.fetch_one(db).await?)
}

/// The next number after the highest of four digits.
pub(crate) async fn next_number(db: &mut PgConnection) -> Result<String, Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('staff_number'))")
        .execute(&mut *db)
        .await?;
    let next = sqlx::query_scalar!(
        r#"select (coalesce(max(number::int), 1000) + 1)::text as "next!" from staff where number ~ '^[0-9]{4}$'"#
    );
    Ok(next.fetch_one(db).await?)
}

/// What signing in is checked against.
pub(crate) struct Secret {
    pub(crate) id: StaffId,
    pub(crate) password: Option<String>,
    pub(crate) disabled: bool,
}

pub(crate) async fn secret(db: &mut PgConnection, name: &str) -> Result<Option<Secret>, Error> {
    let secret = sqlx::query_as!(
        Secret,
        r#"select id as "id: _", password, disabled_at is not null as "disabled!" from staff where name = $1"#,
        name,
    );
    Ok(secret.fetch_optional(db).await?)
}

pub(crate) async fn set_password(
    db: &mut PgConnection,
    id: StaffId,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update staff set password = $2, changed_at = $3 where id = $1",
        id.uuid(),
        hash,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Someone's second factor.
pub(crate) struct Totp {
    pub(crate) sealed: Option<Sealed>,
    /// The last step whose code was used; 0 until it is set up.
    pub(crate) last_step: i64,
}

pub(crate) async fn lock_totp(db: &mut PgConnection, id: StaffId) -> Result<Totp, Error> {
    let row = sqlx::query!(
        "select totp, totp_key, totp_step from staff where id = $1 for update",
        id.uuid()
    )
    .fetch_one(db)
    .await?;
    let sealed = row.totp.zip(row.totp_key).map(|(bytes, key_id)| Sealed { bytes, key_id });
    Ok(Totp { sealed, last_step: row.totp_step })
}

pub(crate) async fn set_totp(
    db: &mut PgConnection,
    id: StaffId,
    sealed: &[u8],
    key_id: &str,
) -> Result<(), Error> {
    sqlx::query!(
        "update staff set totp = $2, totp_key = $3, totp_step = 0 where id = $1",
        id.uuid(),
        sealed,
        key_id
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn used_totp(db: &mut PgConnection, id: StaffId, step: i64) -> Result<(), Error> {
    sqlx::query!("update staff set totp_step = $2 where id = $1", id.uuid(), step)
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn forget_totp(db: &mut PgConnection, id: StaffId) -> Result<(), Error> {
    sqlx::query!(
        "update staff set totp = null, totp_key = null, totp_step = 0 where id = $1",
        id.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}
