//! Signing in and out, and who one is.
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cookie::{Cookie, SameSite, time::Duration};
use org::login::{self, Attempt, Outcome, Token};
use org::{Staff, staff};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::openapi::Problem;
use crate::viewer::{COOKIE, token};
use crate::{Address, App, Error, Json, Viewer, words};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(sign_out))
        .routes(routes!(me))
        .routes(routes!(change_password))
        .routes(routes!(accept_invitation))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    name: String,
    password: String,
    /// Six digits of the second factor; asked for outside the demonstration.
    code: Option<String>,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    id: Uuid,
    name: String,
    display_name: String,
    /// 工号
    number: String,
    #[schema(value_type = Vec<words::Role>)]
    roles: Vec<&'static str>,
    unit: Option<Workplace>,
    skills: Vec<String>,
    demo: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Workplace {
    id: Uuid,
    name: String,
    #[schema(value_type = words::Level)]
    level: &'static str,
}

impl Workplace {
    pub(crate) fn of(staff: &Staff) -> Option<Self> {
        let post = staff.post.as_ref()?;
        Some(Self { id: post.unit.uuid(), name: post.name.clone(), level: post.level.as_str() })
    }
}

impl Me {
    fn new(staff: Staff, demo: bool) -> Self {
        Self {
            unit: Workplace::of(&staff),
            id: staff.id.uuid(),
            roles: staff.roles.iter().map(|role| role.as_str()).collect(),
            name: staff.name,
            display_name: staff.display_name,
            number: staff.number,
            skills: staff.skills,
            demo,
        }
    }
}

/// Sign in 登录
#[utoipa::path(post, path = "/login", tag = "login", request_body = SignIn, responses(
    (status = 200, body = Me), (status = 401, body = Problem), (status = 409, body = Problem), (status = 429, body = Problem)))]
async fn sign_in(
    State(app): State<App>,
    Address(address): Address,
    headers: HeaderMap,
    Json(body): Json<SignIn>,
) -> Result<Response, Error> {
    let name = body.name.trim().to_lowercase();
    app.limits.sign_in(&name, address)?;
    let attempt =
        Attempt { name, password: body.password, code: body.code, address: address.to_string() };
    let second = app.second_factor();
    let outcome =
        login::start(attempt, second, &app.keys, &app.db, &*app.clock, &*app.dice).await?;
    let unauthorized = |code, detail: &str| {
        Err(Error::Refused { status: StatusCode::UNAUTHORIZED, code, detail: detail.to_owned() })
    };
    match outcome {
        Outcome::SignedIn { token: new, staff } => {
            // A browser has one sign-in: the one it held before ends here.
            if let Some(old) = token(&headers) {
                app.recent.forget(&old);
                login::end(&old, &app.db).await?;
            }
            let cookie = cookie(new.reveal(), &app);
            Ok(([(header::SET_COOKIE, cookie)], Json(Me::new(*staff, app.demo))).into_response())
        }
        Outcome::Wrong => unauthorized("wrong_name_or_password", "登录名或密码错误"),
        Outcome::WrongCode => unauthorized("wrong_code", "动态口令错误或已使用"),
        Outcome::CodeRequired => {
            Err(Error::conflict("totp_required", "请输入动态口令（6 位数字）"))
        }
        Outcome::Enrol(enrolment) => Err(Error::Told {
            status: StatusCode::CONFLICT,
            code: "totp_enrol",
            detail: "首次登录须绑定动态口令：用认证器应用扫描或输入密钥，再填写 6 位数字登录"
                .to_owned(),
            more: Map::from_iter([
                ("secret".to_owned(), json!(enrolment.secret)),
                ("uri".to_owned(), json!(enrolment.uri)),
            ]),
        }),
    }
}

/// Sign out 退出
#[utoipa::path(post, path = "/logout", tag = "login", responses((status = 204)))]
async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    if let Some(token) = token(&headers) {
        app.recent.forget(&token);
        login::end(&token, &app.db).await?;
    }
    let mut gone = Cookie::build((COOKIE, "")).path("/").build();
    gone.make_removal();
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone.to_string())]).into_response())
}

/// Who am I 当前用户
#[utoipa::path(get, path = "/me", tag = "login", responses((status = 200, body = Me), (status = 401, body = Problem)))]
async fn me(State(app): State<App>, viewer: Viewer) -> Json<Me> {
    Json(Me::new(viewer.staff, app.demo))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    old: String,
    new: String,
}

/// Change one's own password 修改密码
#[utoipa::path(post, path = "/me/password", tag = "login", request_body = NewPassword,
    responses((status = 204), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn change_password(
    State(app): State<App>,
    viewer: Viewer,
    Address(address): Address,
    Json(body): Json<NewPassword>,
) -> Result<StatusCode, Error> {
    app.limits.sign_in(&viewer.staff.name, address)?;
    let changed = staff::change_own_password(
        &viewer.staff,
        body.old,
        &body.new,
        &viewer.token,
        &app.db,
        &*app.clock,
        &*app.dice,
    );
    if changed.await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = "原密码错误".to_owned();
    Err(Error::Refused { status: StatusCode::UNAUTHORIZED, code: "wrong_name_or_password", detail })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    /// From the one-time link.
    token: String,
    password: String,
}

/// Set the first password by a one-time link 首次设置密码
#[utoipa::path(post, path = "/invitation", tag = "login", request_body = Acceptance,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn accept_invitation(
    State(app): State<App>,
    Address(address): Address,
    Json(body): Json<Acceptance>,
) -> Result<StatusCode, Error> {
    app.limits.sign_in("invitation", address)?;
    let token = Token::received(&body.token);
    login::accept_invitation(&token, &body.password, &app.db, &*app.clock, &*app.dice).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn cookie(token: &str, app: &App) -> String {
    Cookie::build((COOKIE, token))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(app.secure)
        .max_age(Duration::hours(24))
        .build()
        .to_string()
}
