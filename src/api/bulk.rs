//! One step for many tickets: first what would become of each, then a job with the same rights and
//! the same transitions, and a result for each.
use axum::extract::State;
use axum::http::StatusCode;
use base::TicketId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ticket::Step;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use workflow::errands;

use crate::openapi::Problem;
use crate::tickets::Search;
use crate::{App, Error, Json, Path, Viewer};

/// Tickets in one go.
const MOST: usize = 2000;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(preview)).routes(routes!(begin)).routes(routes!(progress))
}

/// A step and the tickets that are to take it: named, or all that a list shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BulkStep {
    /// As in `POST /tickets/{id}/actions`.
    action: String,
    /// The action's further fields, `reason` and `note`.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: Map<String, Value>,
    #[schema(value_type = Option<Vec<Uuid>>)]
    ids: Option<Vec<TicketId>>,
    filter: Option<Search>,
}

impl BulkStep {
    /// The step in the form that one ticket takes it.
    fn step(&self) -> Result<(Step, Value), Error> {
        let mut body = self.fields.clone();
        body.insert("action".to_owned(), self.action.clone().into());
        let body = Value::Object(body);
        let step = crate::tickets::read_step(&body)?;
        Ok((step, body))
    }

    async fn tickets(&self, app: &App, viewer: &Viewer) -> Result<Vec<TicketId>, Error> {
        let mut ids = match (&self.ids, &self.filter) {
            (Some(ids), None) => ids.clone(),
            (None, Some(search)) => {
                let actor = viewer.actor();
                let mut filter = search.filter(&actor, app)?;
                filter.most = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
                app.workflow.list(&filter).await?.into_iter().map(|row| row.id).collect()
            }
            _ => {
                let why = "ids 与 filter 须给出其中一个";
                return Err(Error::invalid("bad_bulk", why));
            }
        };
        let mut seen = std::collections::BTreeSet::new();
        ids.retain(|id| seen.insert(*id));
        if ids.is_empty() || ids.len() > MOST {
            return Err(Error::invalid("bad_bulk", format!("批量办理一次为1至{MOST}件工单")));
        }
        Ok(ids)
    }
}

#[derive(Serialize, ToSchema)]
struct PreviewItem {
    id: Uuid,
    number: String,
    allowed: bool,
    why_not: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Previews {
    items: Vec<PreviewItem>,
}

/// What would become of each ticket 批量办理预览
#[utoipa::path(post, path = "/bulk/preview", tag = "tickets", request_body = BulkStep,
    responses((status = 200, body = Previews), (status = 422, body = Problem)))]
async fn preview(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<BulkStep>,
) -> Result<Json<Previews>, Error> {
    let (step, _) = body.step()?;
    let ids = body.tickets(&app, &viewer).await?;
    let previews = app.workflow.bulk_preview(&viewer.actor(), &step, &ids).await?;
    let items = previews.into_iter().map(|preview| PreviewItem {
        id: preview.id.uuid(),
        number: preview.number,
        allowed: preview.why_not.is_none(),
        why_not: preview.why_not,
    });
    Ok(Json(Previews { items: items.collect() }))
}

/// A job that was begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct Begun {
    pub job: Uuid,
}

/// Take a step for many tickets 批量办理
#[utoipa::path(post, path = "/bulk", tag = "tickets", request_body = BulkStep,
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key begins one job")),
    responses((status = 202, body = Begun), (status = 422, body = Problem)))]
async fn begin(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<BulkStep>,
) -> Result<(StatusCode, Json<Begun>), Error> {
    let (step, given) = body.step()?;
    let ids = body.tickets(&app, &viewer).await?;
    let job = app.workflow.bulk_begin(&viewer.actor(), &step, given, &ids).await?;
    Ok((StatusCode::ACCEPTED, Json(Begun { job })))
}

#[derive(Serialize, ToSchema)]
struct BulkRow {
    id: Uuid,
    number: String,
    /// `null` until its turn has come.
    ok: Option<bool>,
    error: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct BulkProgress {
    #[schema(value_type = crate::words::JobState)]
    state: String,
    done: i32,
    total: i32,
    why: Option<String>,
    rows: Vec<BulkRow>,
}

/// How far a bulk action is 批量办理进度
#[utoipa::path(get, path = "/bulk/{id}", tag = "tickets", params(("id" = Uuid, Path)),
    responses((status = 200, body = BulkProgress), (status = 404, body = Problem)))]
async fn progress(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Json<BulkProgress>, Error> {
    let errand = errands::find(&app.db, viewer.staff.id, id).await?;
    let rows = errands::rows(&app.db, id).await?.into_iter().map(|row| BulkRow {
        id: row.ticket.uuid(),
        number: row.number,
        ok: row.ok,
        error: row.error,
    });
    Ok(Json(BulkProgress {
        state: errand.state,
        done: errand.done,
        total: errand.total,
        why: errand.why,
        rows: rows.collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::house;
    use crate::tickets::tests::{form, people};
    use serde_json::json;

    #[tokio::test]
    async fn a_step_is_previewed_then_taken_for_each_ticket_with_a_result_for_each() {
        let house = house().await;
        let people = people(&house).await;
        let mut ids = Vec::new();
        for key in 1..=3 {
            let made = house.post("/api/v1/tickets", &people.agent, form(key)).await.json();
            ids.push(made["id"].clone());
        }
        let step = json!({"action": "dispatch", "ids": ids,
            "fields": {"unit_id": house.city.housing.unit, "reason": "供热"}});
        let preview = house.post("/api/v1/bulk/preview", &people.dispatcher, step.clone()).await;
        assert_eq!(preview.json()["items"][0]["allowed"], true, "{}", preview.text);
        let refused = house.post("/api/v1/bulk/preview", &people.agent, step.clone()).await.json();
        assert_eq!(refused["items"][0]["allowed"], false);
        let begun = house.post("/api/v1/bulk", &people.dispatcher, step.clone()).await;
        assert_eq!(begun.status, 202, "{}", begun.text);
        let path = format!("/api/v1/bulk/{}", begun.json()["job"].as_str().unwrap());
        let waiting = house.get(&path, &people.dispatcher).await.json();
        assert_eq!((&waiting["state"], &waiting["total"]), (&json!("queued"), &json!(3)));
        crate::errands::work_off(&house.app).await;
        let done = house.get(&path, &people.dispatcher).await.json();
        assert_eq!((&done["state"], &done["done"]), (&json!("done"), &json!(3)), "{done}");
        assert!(done["rows"].as_array().unwrap().iter().all(|row| row["ok"] == true), "{done}");
        let sent = house.get("/api/v1/tickets?box=all&state=dispatched", &people.dispatcher).await;
        assert_eq!(sent.json()["items"].as_array().unwrap().len(), 3);
        assert_eq!(house.get(&path, &people.agent).await.problem().0, 404);
    }

    #[tokio::test]
    async fn a_ticket_that_changed_meanwhile_is_left_alone_and_the_others_are_done() {
        let house = house().await;
        let people = people(&house).await;
        let first = house.post("/api/v1/tickets", &people.agent, form(1)).await;
        let second = house.post("/api/v1/tickets", &people.agent, form(2)).await;
        let unit = house.city.housing.unit;
        let body =
            json!({"action": "dispatch", "filter": {"box": "todo"}, "fields": {"unit_id": unit}});
        let begun = house.post("/api/v1/bulk", &people.dispatcher, body).await.json();
        let other = house.signed_in("d2", org::Role::Dispatcher, None).await.1;
        let step = json!({"action": "dispatch", "unit_id": house.city.education.unit});
        crate::tickets::tests::act(&house, &other, &first, step).await;
        crate::errands::work_off(&house.app).await;
        let path = format!("/api/v1/bulk/{}", begun["job"].as_str().unwrap());
        let rows = house.get(&path, &people.dispatcher).await.json()["rows"].clone();
        let of = |id: &Value| {
            rows.as_array().unwrap().iter().find(|row| row["id"] == *id).unwrap().clone()
        };
        assert_eq!(of(&first.json()["id"])["error"], "工单已被他人更新");
        assert_eq!(of(&second.json()["id"])["ok"], true);
    }

    #[tokio::test]
    async fn a_job_that_runs_twice_takes_no_step_twice() {
        let house = house().await;
        let people = people(&house).await;
        let made = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
        let step = json!({"action": "dispatch", "ids": [made["id"]],
            "fields": {"unit_id": house.city.housing.unit}});
        let begun = house.post("/api/v1/bulk", &people.dispatcher, step).await.json();
        let job: Uuid = begun["job"].as_str().unwrap().parse().unwrap();
        // died after the step, before its mark
        let asked = workflow::errands::load(&house.app.db, job).await.unwrap().staff;
        let mut db = house.app.db.acquire().await.unwrap();
        let dispatcher = org::staff::find(&mut db, asked).await.unwrap();
        drop(db);
        let step = json!({"action": "dispatch", "unit_id": house.city.housing.unit});
        let step = serde_json::from_value(step).unwrap();
        let id = made["id"].as_str().unwrap().parse().unwrap();
        house.app.workflow.act(&dispatcher.actor(), id, 1, &step).await.unwrap();
        house.app.workflow.bulk_run(job).await.unwrap();
        house.app.workflow.bulk_run(job).await.unwrap();
        let rows = workflow::errands::rows(&house.app.db, job).await.unwrap();
        assert_eq!((rows[0].ok, rows[0].error.clone()), (Some(true), None));
        let page = house.get(&format!("/api/v1/tickets/{id}"), &people.dispatcher).await.json();
        assert_eq!(page["version"], 2);
    }

    #[tokio::test]
    async fn what_somebody_does_not_see_is_not_there_in_a_preview() {
        let house = house().await;
        let people = people(&house).await;
        let made = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
        let step = json!({"action": "sign", "ids": [made["id"], Uuid::nil()]});
        let items = house.post("/api/v1/bulk/preview", &people.clerk, step).await.json();
        for n in 0..2 {
            assert_eq!(items["items"][n]["why_not"], "工单不存在", "{items}");
        }
    }

    #[tokio::test]
    async fn two_thousand_tickets_are_one_bulk_action_and_one_more_is_too_many() {
        let house = house().await;
        let people = people(&house).await;
        let ids = |n: u128| (1..=n).map(Uuid::from_u128).collect::<Vec<_>>();
        let step = |n| json!({"action": "sign", "ids": ids(n)});
        let taken = house.post("/api/v1/bulk/preview", &people.dispatcher, step(2000)).await;
        assert_eq!(taken.json()["items"].as_array().unwrap().len(), 2000);
        let refused = house.post("/api/v1/bulk/preview", &people.dispatcher, step(2001)).await;
        assert_eq!(refused.problem(), (422, "bad_bulk".to_owned()));
    }

    #[tokio::test]
    async fn too_many_none_or_an_unknown_step_are_refused() {
        let house = house().await;
        let people = people(&house).await;
        for (body, code) in [
            (json!({"action": "sign", "ids": []}), "bad_bulk"),
            (json!({"action": "sign"}), "bad_bulk"),
            (json!({"action": "fly", "ids": [Uuid::nil()]}), "bad_field"),
        ] {
            let refused = house.post("/api/v1/bulk", &people.dispatcher, body).await;
            assert_eq!(refused.problem(), (422, code.to_owned()), "{}", refused.text);
        }
    }
}
