//! Sign-in (登录): a random token in the browser, its hash in the database, an end by idleness and
//! an end in any case.
use base::{Clock, Dice, StaffId};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

use crate::audit::{self, Act};
use crate::{Actor, Error, Keys, Staff, password, store, totp};

/// Unused for so long, a sign-in ends.
const IDLE: TimeDelta = TimeDelta::hours(12);
/// And after so long in any case.
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// How old "last seen" may be before it is written again.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);
const INVITATION: TimeDelta = TimeDelta::days(3);

/// What the browser's cookie holds: 256 random bits. Only their hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    fn random(dice: &dyn Dice) -> Self {
        Self(hex::encode(dice.bytes::<32>()))
    }
    /// What came with a request; anything else than a token simply finds no sign-in.
    pub fn received(text: &str) -> Self {
        Self(text.to_owned())
    }
    /// For the cookie.
    pub fn reveal(&self) -> &str {
        &self.0
    }
    /// What is kept of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// Who wants to sign in.
#[derive(Clone)]
pub struct Attempt {
    pub name: String,
    pub password: String,
    /// Six digits of the second factor.
    pub code: Option<String>,
    /// Where it comes from, for the audit.
    pub address: String,
}

/// How an attempt to sign in ended.
#[derive(Debug)]
pub enum Outcome {
    SignedIn {
        token: Token,
        staff: Box<Staff>,
    },
    /// No such name, wrong password, or disabled: one answer for all.
    Wrong,
    /// The password is right; the six digits are wrong or were used before.
    WrongCode,
    /// The password is right; the six digits are missing.
    CodeRequired,
    /// The password is right; a second factor must be set up first, with this secret.
    Enrol(totp::Enrolment),
}

/// Whether the second factor is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    Compulsory,
    /// Only in the demonstration.
    Off,
}

/// Signs someone in.
pub async fn start(
    attempt: Attempt,
    second: SecondFactor,
    keys: &Keys,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Outcome, Error> {
    let secret = store::staff::secret(&mut *db.acquire().await?, &attempt.name).await?;
    let hash = secret.as_ref().and_then(|secret| secret.password.clone());
    // No connection is held while the password is hashed.
    let fits = password::verify(hash, attempt.password).await;
    let Some(secret) = secret else { return Ok(Outcome::Wrong) };
    if !fits || secret.disabled {
        let act = Act::new("sign_in_refused", "staff", secret.id.to_string())
            .with(json!({ "address": attempt.address, "disabled": secret.disabled }));
        let nobody = Actor { name: attempt.name, ..Actor::system() };
        audit::write(&mut *db.acquire().await?, &nobody, &act, clock).await?;
        return Ok(Outcome::Wrong);
    }
    let mut tx = db.begin().await?;
    if second == SecondFactor::Compulsory {
        match totp::step(
            &mut tx,
            secret.id,
            &attempt.name,
            attempt.code.as_deref(),
            keys,
            clock,
            dice,
        )
        .await?
        {
            totp::Step::Right => {}
            totp::Step::Wrong => return Ok(Outcome::WrongCode),
            totp::Step::Missing => return Ok(Outcome::CodeRequired),
            totp::Step::Enrol(enrolment) => {
                tx.commit().await?;
                return Ok(Outcome::Enrol(enrolment));
            }
        }
    }
    let staff = store::staff::find(&mut tx, secret.id).await?.ok_or(Error::NotFound("人员"))?;
    let token = open(&staff, &attempt.address, &mut tx, clock, dice).await?;
    tx.commit().await?;
    Ok(Outcome::SignedIn { token, staff: Box::new(staff) })
}

/// Opens a sign-in for someone who has shown who they are.
pub(crate) async fn open(
    staff: &Staff,
    address: &str,
    db: &mut PgConnection,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Token, Error> {
    let now = clock.now();
    let token = Token::random(dice);
    store::login::sweep(db, now - IDLE, now).await?;
    store::login::insert(db, &token.hash(), staff.id, address, now, now + LONGEST).await?;
    let act =
        Act::new("signed_in", "staff", staff.id.to_string()).with(json!({ "address": address }));
    audit::write(db, &staff.actor(), &act, clock).await?;
    Ok(token)
}

/// Who is signed in with this token, if anyone still is.
pub async fn find(token: &Token, db: &PgPool, now: DateTime<Utc>) -> Result<Option<Staff>, Error> {
    let hash = token.hash();
    let mut db = db.acquire().await?;
    let Some(found) = store::login::find(&mut db, &hash).await? else { return Ok(None) };
    if now >= found.ends_at || now >= found.seen_at + IDLE {
        return Ok(None);
    }
    if now >= found.seen_at + SEEN_EVERY {
        store::login::seen(&mut db, &hash, now).await?;
    }
    Ok(Some(found.staff).filter(|staff| !staff.disabled))
}

/// Signs out.
pub async fn end(token: &Token, db: &PgPool) -> Result<(), Error> {
    store::login::delete(&mut *db.acquire().await?, &token.hash()).await
}

/// Ends every sign-in of one person.
pub(crate) async fn end_all(db: &mut PgConnection, staff: StaffId) -> Result<(), Error> {
    store::login::delete_all(db, staff, &[]).await
}

/// Ends every sign-in of one person but this one.
pub(crate) async fn end_others(
    db: &mut PgConnection,
    staff: StaffId,
    keep: &Token,
) -> Result<(), Error> {
    store::login::delete_all(db, staff, &keep.hash()).await
}

/// A token for a one-time link.
pub(crate) async fn invite(
    db: &mut PgConnection,
    staff: StaffId,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<String, Error> {
    let token = Token::random(dice);
    let now = clock.now();
    store::login::insert_invitation(db, &token.hash(), staff, now, now + INVITATION).await?;
    Ok(token.0)
}

/// Takes up an invitation: sets the first password. The link is good for one use.
pub async fn accept_invitation(
    token: &Token,
    new: &str,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Staff, Error> {
    let hash = password::hash(new, dice).await;
    let mut tx = db.begin().await?;
    let now = clock.now();
    let id = store::login::use_invitation(&mut tx, &token.hash(), now)
        .await?
        .ok_or(Error::NotFound("邀请"))?;
    let staff = store::staff::find(&mut tx, id).await?.ok_or(Error::NotFound("人员"))?;
    password::check(new, &staff.name)?; // the transaction ends unused, so the link stays good
    store::staff::set_password(&mut tx, id, &hash, now).await?;
    audit::write(
        &mut tx,
        &staff.actor(),
        &Act::new("invitation_used", "staff", id.to_string()),
        clock,
    )
    .await?;
    tx.commit().await?;
    Ok(staff)
}
