use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use chrono::{DateTime, TimeDelta, Utc};
use org::login::{self, Token};
use org::{Actor, Role, Staff};

use crate::{App, Error};

/// The name of the sign-in cookie.
pub(crate) const COOKIE: &str = "lianxin_login";

/// Whoever is signed in and asks. A handler that takes one answers nobody else.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub staff: Staff,
    pub(crate) token: Token,
}

impl Viewer {
    /// A person whose errand is done while they are away.
    pub(crate) fn absent(staff: Staff) -> Self {
        Self { staff, token: Token::received("") }
    }

    /// As the one who does something.
    pub fn actor(&self) -> Actor {
        self.staff.actor()
    }

    /// Whether this is one of the person's roles.
    pub fn has(&self, role: Role) -> bool {
        self.staff.roles.contains(&role)
    }

    /// For routes that belong to roles as such; things are decided by [`org::can`].
    pub fn require(&self, role: Role) -> Result<(), Error> {
        self.require_any(&[role])
    }

    /// At least one of these roles.
    pub fn require_any(&self, roles: &[Role]) -> Result<(), Error> {
        if roles.iter().any(|role| self.has(*role)) {
            return Ok(());
        }
        let names: Vec<_> = roles.iter().map(|role| role.label()).collect();
        Err(Error::Forbidden(format!("此操作需要角色：{}", names.join("、"))))
    }
}

/// How long the database may take to say who is signed in.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long someone seen signed in counts as that while the database is away.
const REMEMBERED: TimeDelta = TimeDelta::hours(1);
const MOST: usize = 10_000;

/// Who was seen signed in, and when. Asked only when the database does not answer, so that desks
/// go on through a restart of it; who signed out or was disabled is forgotten at the next answer.
#[derive(Clone, Default)]
pub(crate) struct Recent(Arc<Mutex<HashMap<[u8; 32], Seen>>>);

type Seen = (Staff, DateTime<Utc>);

impl Recent {
    fn seen(&self, token: &Token, staff: Option<&Staff>, now: DateTime<Utc>) {
        let mut seen = self.0.lock().expect("nobody panics while holding it");
        if seen.len() >= MOST {
            seen.retain(|_, (_, at)| now < *at + REMEMBERED);
        }
        match staff {
            Some(staff) => drop(seen.insert(token.hash(), (staff.clone(), now))),
            None => drop(seen.remove(&token.hash())),
        }
    }

    pub(crate) fn forget(&self, token: &Token) {
        self.0.lock().expect("nobody panics while holding it").remove(&token.hash());
    }

    fn find(&self, token: &Token, now: DateTime<Utc>) -> Option<Staff> {
        let seen = self.0.lock().expect("nobody panics while holding it");
        let (staff, at) = seen.get(&token.hash())?;
        (now < *at + REMEMBERED).then(|| staff.clone())
    }
}

pub(crate) async fn signed_in(token: &Token, app: &App) -> Result<Option<Staff>, Error> {
    let now = app.clock.now();
    let asked = tokio::time::timeout(PATIENCE, login::find(token, &app.db, now));
    match asked.await.unwrap_or(Err(org::Error::Db(sqlx::Error::PoolTimedOut))) {
        Ok(staff) => {
            app.recent.seen(token, staff.as_ref(), now);
            Ok(staff)
        }
        Err(error) => match app.recent.find(token, now) {
            Some(staff) => Ok(Some(staff)),
            None => Err(error.into()),
        },
    }
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let token = token(&parts.headers).ok_or(Error::NotSignedIn)?;
        let staff = signed_in(&token, app).await?.ok_or(Error::NotSignedIn)?;
        Ok(Self { staff, token })
    }
}

/// The token that came with the request.
pub(crate) fn token(headers: &HeaderMap) -> Option<Token> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    cookies
        .flat_map(cookie::Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == COOKIE)
        .map(|cookie| Token::received(cookie.value()))
}
