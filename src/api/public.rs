//! What citizens may ask without signing in.
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ticket::{Satisfaction, Solved};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workflow::PageAnswer;

use crate::limits::source;
use crate::openapi::Problem;
use crate::{Address, App, Error, Json};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(look_up)).routes(routes!(withdraw)).routes(routes!(rate))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// 13 or 14 digits, with or without SP and hyphens.
    number: String,
    /// The four digits of the SMS.
    code: String,
}

#[derive(Serialize, ToSchema)]
struct PublicStepBody {
    label: &'static str,
    at: Option<DateTime<Utc>>,
    done: bool,
    now: bool,
}

#[derive(Serialize, ToSchema)]
struct PublicBody {
    headline: String,
    number: String,
    state: &'static str,
    steps: Vec<PublicStepBody>,
    answer_by: Option<DateTime<Utc>>,
    reply: Option<String>,
    /// Confidential: the state and no more.
    sealed: bool,
    /// The citizen may take it back.
    may_withdraw: bool,
    /// The citizen is asked how it was, and has not yet said so here.
    may_rate: bool,
}

impl PublicBody {
    fn new(view: workflow::PublicView) -> Self {
        let steps = view.steps.into_iter().map(|step| PublicStepBody {
            label: step.label,
            at: step.at,
            done: step.done,
            now: step.now,
        });
        Self {
            headline: view.headline,
            number: view.number,
            state: view.state,
            steps: steps.collect(),
            answer_by: view.answer_by,
            reply: view.reply,
            sealed: view.sealed,
            may_withdraw: view.may_withdraw,
            may_rate: view.may_rate,
        }
    }
}

/// Look a ticket up by number and query code 进度查询
#[utoipa::path(post, path = "/public/lookup", tag = "public", request_body = Ask,
    responses((status = 200, body = PublicBody), (status = 404, body = Problem, description = "whatever was wrong"),
        (status = 429, body = Problem)))]
async fn look_up(
    State(app): State<App>,
    Address(address): Address,
    Json(ask): Json<Ask>,
) -> Result<Response, Error> {
    // one key for every spelling of a number
    let key: String = ask.number.chars().filter(char::is_ascii_digit).take(20).collect();
    app.limits.look_up(&key, address)?;
    let found = app.workflow.look_up(&ask.number, &ask.code).await?;
    answer_with(&app, address, found)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskBack {
    number: String,
    code: String,
    /// Why, in the citizen's own words.
    words: String,
}

/// Take a ticket back by number and query code; somebody of the hotline confirms it 撤回诉求
#[utoipa::path(post, path = "/public/withdraw", tag = "public", request_body = AskBack,
    responses((status = 200, body = PublicBody), (status = 404, body = Problem, description = "whatever was wrong"),
        (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn withdraw(
    State(app): State<App>,
    Address(address): Address,
    Json(ask): Json<AskBack>,
) -> Result<Response, Error> {
    let key: String = ask.number.chars().filter(char::is_ascii_digit).take(20).collect();
    app.limits.look_up(&key, address)?;
    if ask.words.trim().chars().count() > 500 {
        return Err(Error::invalid("bad_step", "撤回说明不能超过500个字"));
    }
    let found = app.workflow.withdraw_by_page(&ask.number, &ask.code, &ask.words).await?;
    answer_with(&app, address, found)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskRating {
    number: String,
    code: String,
    /// Whether the unit has spoken with the citizen.
    #[serde(default)]
    contacted: Option<bool>,
    /// `solved`, `partly`, `unsolved`
    #[schema(value_type = String)]
    solved: Solved,
    /// `very_satisfied`, `satisfied`, `fairly`, `dissatisfied`, `very_dissatisfied`, `declined`
    #[schema(value_type = String)]
    satisfaction: Satisfaction,
    #[serde(default)]
    words: String,
    /// What the unit replied is not so.
    #[serde(default)]
    not_true: bool,
}

/// Say by number and query code how it was dealt with; it counts as said in a follow-up 网页评价
#[utoipa::path(post, path = "/public/rate", tag = "public", request_body = AskRating,
    responses((status = 200, body = PublicBody), (status = 404, body = Problem, description = "whatever was wrong"),
        (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn rate(
    State(app): State<App>,
    Address(address): Address,
    Json(ask): Json<AskRating>,
) -> Result<Response, Error> {
    let key: String = ask.number.chars().filter(char::is_ascii_digit).take(20).collect();
    app.limits.look_up(&key, address)?;
    if ask.words.trim().chars().count() > 500 {
        return Err(Error::invalid("bad_step", "评价说明不能超过500个字"));
    }
    let answer = PageAnswer {
        contacted: ask.contacted,
        solved: ask.solved,
        satisfaction: ask.satisfaction,
        words: ask.words,
        not_true: ask.not_true,
    };
    let from = source(address);
    let found = app.workflow.rate_by_page(&ask.number, &ask.code, &from, answer).await?;
    answer_with(&app, address, found)
}

/// What was found, or the same refusal for every wrong input.
fn answer_with(
    app: &App,
    address: std::net::IpAddr,
    found: Option<workflow::PublicView>,
) -> Result<Response, Error> {
    let Some(view) = found else {
        app.limits.looked_up_in_vain(address);
        return Err(Error::Refused {
            status: StatusCode::NOT_FOUND,
            code: "no_such_ticket",
            detail: "没有查到：请核对工单编号和查询码".to_owned(),
        });
    };
    let body = PublicBody::new(view);
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
