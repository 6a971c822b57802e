//! Staff (工作人员): who they are, what they are here to do, and how an administrator keeps them.
use std::collections::BTreeSet;

use base::{Clock, Dice, StaffId, UnitId};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

use crate::audit::{self, Act};
use crate::{Actor, Changed, Error, Post, Right, Role, Thing, can, login, password, store, unit};

/// Someone who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    pub id: StaffId,
    /// What citizens hear when an agent answers (工号).
    pub number: String,
    /// To sign in with.
    pub name: String,
    pub display_name: String,
    pub post: Option<Post>,
    pub roles: BTreeSet<Role>,
    pub skills: Vec<String>,
    pub disabled: bool,
    pub demo: bool,
    /// One more with each change.
    pub version: i64,
}

impl Staff {
    /// This person as the one who does something.
    pub fn actor(&self) -> Actor {
        Actor {
            staff: Some(self.id),
            name: self.display_name.clone(),
            roles: self.roles.clone(),
            post: self.post.clone(),
        }
    }
}

/// Someone to be added. Without a number the next free one is given.
#[derive(Debug, Clone, Default)]
pub struct NewStaff {
    pub number: Option<String>,
    pub name: String,
    pub display_name: String,
    pub roles: BTreeSet<Role>,
    pub unit: Option<UnitId>,
    pub skills: Vec<String>,
    pub demo: bool,
}

/// What is to change; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub display_name: Option<String>,
    pub roles: Option<BTreeSet<Role>>,
    /// `Some(None)` takes the unit away.
    pub unit: Option<Option<UnitId>>,
    pub skills: Option<Vec<String>>,
    pub disabled: Option<bool>,
}

/// Whose sign-in name, display name, number or unit contains `text`, by number; those `after` one.
pub async fn page(
    actor: &Actor,
    text: &str,
    after: Option<&str>,
    most: i64,
    db: &PgPool,
) -> Result<Vec<Staff>, Error> {
    can(actor, Right::ManagePeople, Thing::City)?;
    store::staff::page(&mut *db.acquire().await?, text.trim(), after, most).await
}

/// One member of staff.
pub async fn find(db: &mut PgConnection, id: StaffId) -> Result<Staff, Error> {
    store::staff::find(db, id).await?.ok_or(Error::NotFound("人员"))
}

/// Everyone who has this role and is not disabled: the queue's agents, a unit's clerks.
pub async fn with_role(db: &PgPool, role: Role) -> Result<Vec<Staff>, Error> {
    store::staff::with_role(&mut *db.acquire().await?, role).await
}

/// Everyone who has one of these roles and is not disabled, each once, in the order of their ids.
pub async fn with_any_role(db: &PgPool, roles: &[Role]) -> Result<Vec<Staff>, Error> {
    let mut db = db.acquire().await?;
    let mut found = std::collections::BTreeMap::new();
    for role in roles {
        let staff = store::staff::with_role(&mut db, *role).await?;
        found.extend(staff.into_iter().map(|one| (one.id, one)));
    }
    Ok(found.into_values().collect())
}

/// Adds someone with a random password, which is told once.
pub async fn add(
    actor: &Actor,
    new: &NewStaff,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<(Staff, String), Error> {
    can(actor, Right::ManagePeople, Thing::City)?;
    let secret = password::random(dice);
    let hash = password::hash(&secret, dice).await;
    let mut tx = db.begin().await?;
    let staff = lay(&mut tx, new, Some(&hash), clock, dice).await?;
    let act = Act::new("staff_added", "staff", staff.id.to_string())
        .with(json!({ "name": staff.name, "roles": staff.roles }));
    audit::write(&mut tx, actor, &act, clock).await?;
    tx.commit().await?;
    Ok((staff, secret))
}

/// Adds someone by the operator's hand at the machine, with a one-time link instead of a password:
/// gives the token for the link, good for three days.
pub async fn invite(
    new: &NewStaff,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<(Staff, String), Error> {
    let mut tx = db.begin().await?;
    let staff = lay(&mut tx, new, None, clock, dice).await?;
    let token = login::invite(&mut tx, staff.id, clock, dice).await?;
    let act = Act::new("staff_invited", "staff", staff.id.to_string())
        .with(json!({ "name": staff.name, "roles": staff.roles }));
    audit::write(&mut tx, &Actor::system(), &act, clock).await?;
    tx.commit().await?;
    Ok((staff, token))
}

/// Writes a new member of staff. Used by whoever has checked the right to.
pub(crate) async fn lay(
    db: &mut PgConnection,
    new: &NewStaff,
    hash: Option<&str>,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Staff, Error> {
    check_name(&new.name)?;
    let display_name = checked_display_name(&new.display_name)?;
    let post = checked_post(db, &new.roles, new.unit).await?;
    let number = match &new.number {
        Some(number) => number.clone(),
        None => store::staff::next_number(db).await?,
    };
    let now = clock.now();
    let staff = Staff {
        id: StaffId::new(now, dice.bytes()),
        number,
        name: new.name.clone(),
        display_name,
        post,
        roles: new.roles.clone(),
        skills: new.skills.clone(),
        disabled: false,
        demo: new.demo,
        version: 1,
    };
    store::staff::insert(db, &staff, hash, now).await?;
    Ok(staff)
}

/// Changes a member of staff over the version that was seen. Taking roles away or disabling ends all
/// sign-ins of that person.
pub async fn change(
    actor: &Actor,
    id: StaffId,
    seen: i64,
    change: &Change,
    db: &PgPool,
    clock: &dyn Clock,
) -> Result<Changed<Staff>, Error> {
    can(actor, Right::ManagePeople, Thing::City)?;
    let mut tx = db.begin().await?;
    store::staff::lock_roles(&mut tx).await?;
    let now = find(&mut tx, id).await?;
    if now.version != seen {
        let since = audit::since(&mut tx, ("staff", &id.to_string()), seen).await?;
        return Ok(Changed::Meanwhile { now, since });
    }
    let after = alter(&mut tx, actor, id, change, clock).await?;
    tx.commit().await?;
    Ok(Changed::Done(after))
}

/// The change itself. Used by whoever has checked the right to.
pub(crate) async fn alter(
    db: &mut PgConnection,
    actor: &Actor,
    id: StaffId,
    change: &Change,
    clock: &dyn Clock,
) -> Result<Staff, Error> {
    store::staff::lock_roles(db).await?;
    let before = find(db, id).await?;
    let mut after = Staff { version: before.version + 1, ..before.clone() };
    if let Some(name) = &change.display_name {
        after.display_name = checked_display_name(name)?;
    }
    if let Some(roles) = &change.roles {
        after.roles.clone_from(roles);
    }
    if let Some(skills) = &change.skills {
        after.skills.clone_from(skills);
    }
    if let Some(disabled) = change.disabled {
        after.disabled = disabled;
    }
    let unit = change.unit.unwrap_or(before.post.as_ref().map(|post| post.unit));
    after.post = checked_post(db, &after.roles, unit).await?;
    keeps_an_administrator(db, &before, &after).await?;
    store::staff::update(db, &after, clock.now()).await?;
    if after.disabled || !after.roles.is_superset(&before.roles) || after.post != before.post {
        login::end_all(db, id).await?;
    }
    let act = Act::new("staff_changed", "staff", id.to_string()).with(
        json!({ "version": after.version, "before": summary(&before), "after": summary(&after) }),
    );
    audit::write(db, actor, &act, clock).await?;
    Ok(after)
}

/// Gives someone a new random password, told once. Ends that person's sign-ins; the second factor
/// is enrolled again.
pub async fn reset_password(
    actor: &Actor,
    id: StaffId,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<String, Error> {
    can(actor, Right::ManagePeople, Thing::City)?;
    let secret = password::random(dice);
    let hash = password::hash(&secret, dice).await;
    let mut tx = db.begin().await?;
    let staff = find(&mut tx, id).await?;
    store::staff::set_password(&mut tx, id, &hash, clock.now()).await?;
    store::staff::forget_totp(&mut tx, id).await?;
    login::end_all(&mut tx, id).await?;
    let act =
        Act::new("password_reset", "staff", id.to_string()).with(json!({ "name": staff.name }));
    audit::write(&mut tx, actor, &act, clock).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Changes one's own password. Other sign-ins of the same person end; `keep` is the one that asks.
pub async fn change_own_password(
    staff: &Staff,
    old: String,
    new: &str,
    keep: &login::Token,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<bool, Error> {
    password::check(new, &staff.name)?;
    let known = store::staff::secret(&mut *db.acquire().await?, &staff.name).await?;
    if !password::verify(known.and_then(|known| known.password), old).await {
        return Ok(false);
    }
    let hash = password::hash(new, dice).await;
    let mut tx = db.begin().await?;
    store::staff::set_password(&mut tx, staff.id, &hash, clock.now()).await?;
    login::end_others(&mut tx, staff.id, keep).await?;
    let act = Act::new("password_changed", "staff", staff.id.to_string());
    audit::write(&mut tx, &staff.actor(), &act, clock).await?;
    tx.commit().await?;
    Ok(true)
}

fn summary(staff: &Staff) -> serde_json::Value {
    json!({
        "display_name": staff.display_name,
        "roles": staff.roles,
        "unit": staff.post.as_ref().map(|post| &post.name),
        "skills": staff.skills,
        "disabled": staff.disabled,
    })
}

fn check_name(name: &str) -> Result<(), Error> {
    let plain = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'));
    if plain && name.starts_with(|c: char| c.is_ascii_lowercase()) && (2..=40).contains(&name.len())
    {
        return Ok(());
    }
    Err(Error::Invalid("登录名为 2–40 个小写字母、数字或 . _ -，以字母开头".to_owned()))
}

fn checked_display_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 40 || name.chars().any(char::is_control) {
        return Err(Error::Invalid("姓名为 1–40 个字符".to_owned()));
    }
    Ok(name.to_owned())
}

async fn checked_post(
    db: &mut PgConnection,
    roles: &BTreeSet<Role>,
    unit: Option<UnitId>,
) -> Result<Option<Post>, Error> {
    let Some(unit) = unit else {
        return match roles.iter().find(|role| role.is_unit_side()) {
            Some(role) => Err(Error::Invalid(format!("角色“{}”必须选择单位", role.label()))),
            None => Ok(None),
        };
    };
    Ok(Some(unit::find(db, unit).await?.into()))
}

/// The last administrator who can sign in is neither disabled nor loses the role.
async fn keeps_an_administrator(
    db: &mut PgConnection,
    before: &Staff,
    after: &Staff,
) -> Result<(), Error> {
    let keeps = |staff: &Staff| staff.roles.contains(&Role::Administrator) && !staff.disabled;
    if keeps(before) && !keeps(after) && store::staff::administrators(db).await? <= 1 {
        return Err(Error::Invalid("至少要保留一名可用的管理员".to_owned()));
    }
    Ok(())
}
