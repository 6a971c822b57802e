use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
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
    /// As the one who does something.
    pub fn actor(&self) -> Actor {
        self.staff.actor()
    }

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

impl FromRequestParts<App> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let token = token(&parts.headers).ok_or(Error::NotSignedIn)?;
        let staff =
            login::find(&token, &app.db, app.clock.now()).await?.ok_or(Error::NotSignedIn)?;
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
