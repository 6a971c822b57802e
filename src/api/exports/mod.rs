//! Taking a list out of the house (导出): what the list shows this person, masked as it shows it,
//! with who took it and when on every page; logged when made and when fetched, gone after a day.
mod lists;
mod table;
#[cfg(test)]
mod tests;

use std::io::{Read, Seek};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use org::audit::{self, Act};
use org::{Right, Thing};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use workflow::errands::{self, EXPORT, File};

use crate::attachments::{FileHead, send};
use crate::bulk::Begun;
use crate::openapi::Problem;
use crate::{App, Error, Json, Path, Viewer, days};
use lists::List;
pub(crate) use table::{Format, Table, Watermark};

/// How long an export can be fetched.
const KEPT: TimeDelta = TimeDelta::days(1);
/// What is read of a file at once.
const PIECE: usize = 1 << 16;
/// Rows of one export at most.
const MOST: usize = 200_000;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(begin)).routes(routes!(progress)).routes(routes!(file))
}

/// Which list, narrowed how, in which form.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewExport {
    /// `tickets`, `calls`, `people`, `knowledge`, `callbacks`, `notices`, `audit`
    list: String,
    /// The query of that list.
    #[serde(default)]
    #[schema(value_type = Object)]
    filter: Map<String, Value>,
    /// `xlsx` or `csv`
    format: String,
}

/// Whether this person may take lists out at all.
fn may_export(viewer: &Viewer) -> Result<(), Error> {
    let actor = viewer.actor();
    let own: Vec<_> = actor.post.iter().cloned().collect();
    org::can(&actor, Right::Export, Thing::Units(&own))
        .or_else(|_| org::can(&actor, Right::Export, Thing::City))
        .map_err(Error::from)
}

/// Export a list 导出
#[utoipa::path(post, path = "/exports", tag = "data", request_body = NewExport,
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key begins one job")),
    responses((status = 202, body = Begun), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn begin(
    State(app): State<App>,
    viewer: Viewer,
    Json(new): Json<NewExport>,
) -> Result<(StatusCode, Json<Begun>), Error> {
    may_export(&viewer)?;
    app.objects()?;
    let list = List::from_word(&new.list)?;
    Format::from_word(&new.format)?;
    // the list itself says who may see it and whether the filter can be read
    list.page(&app, &viewer, &new.filter, None).await?;
    let now = app.clock.now();
    let job = base::NoticeId::new(now, app.dice.bytes()).uuid();
    let request = serde_json::to_value(&new).map_err(Error::internal)?;
    let mut tx = app.db.begin().await?;
    errands::begin(&mut tx, EXPORT, viewer.staff.id, request, now, job).await?;
    let act = Act::new("export_asked", "export", job.to_string())
        .with(json!({ "list": new.list, "filters": new.filter.keys().collect::<Vec<_>>() }));
    audit::write(&mut tx, &viewer.actor(), &act, &*app.clock).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(Begun { job })))
}

#[derive(Serialize, ToSchema)]
struct ExportProgress {
    #[schema(value_type = crate::words::JobState)]
    state: String,
    done: i32,
    total: i32,
    why: Option<String>,
    file_name: Option<String>,
    expires_at: Option<DateTime<Utc>>,
}

/// How far an export is 导出进度
#[utoipa::path(get, path = "/exports/{id}", tag = "data", params(("id" = Uuid, Path)),
    responses((status = 200, body = ExportProgress), (status = 404, body = Problem)))]
async fn progress(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Json<ExportProgress>, Error> {
    let errand = errands::find(&app.db, viewer.staff.id, id).await?;
    Ok(Json(ExportProgress {
        state: errand.state,
        done: errand.done,
        total: errand.total,
        why: errand.why,
        file_name: errand.file_name,
        expires_at: errand.expires_at,
    }))
}

/// The file, for whoever asked for it; fetching it is noted 下载导出文件
#[utoipa::path(get, path = "/exports/{id}/file", tag = "data", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 410, body = Problem)))]
async fn file(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Response, Error> {
    let errand = errands::find(&app.db, viewer.staff.id, id).await?;
    let (Some(object), Some(name), Some(ends)) =
        (errand.object, errand.file_name, errand.expires_at)
    else {
        return Err(Error::conflict("export_not_ready", "导出尚未完成"));
    };
    if ends <= app.clock.now() {
        return Err(Error::Refused {
            status: StatusCode::GONE,
            code: "export_expired",
            detail: "导出文件已过期，请重新导出".to_owned(),
        });
    }
    let mut tx = app.db.begin().await?;
    let act = Act::new("export_fetched", "export", id.to_string());
    audit::write(&mut tx, &viewer.actor(), &act, &*app.clock).await?;
    tx.commit().await?; // no line, no file
    let format = if name.rsplit('.').next() == Some("csv") { Format::Csv } else { Format::Xlsx };
    let head = FileHead { kind: format.kind(), name: &name, shown: false };
    send(app.objects()?.clone(), object, &head).await
}

/// The job: page by page as the list shows them, then sealed among the objects.
pub(crate) async fn run(app: &App, id: Uuid) -> Result<(), Error> {
    let errand = errands::load(&app.db, id).await?;
    if errand.object.is_some() {
        return Ok(()); // made before, by a job that died at its end
    }
    errands::running(&app.db, id).await?;
    let staff = org::staff::find(&mut *app.db.acquire().await?, errand.staff).await?;
    let viewer = Viewer::absent(staff);
    if viewer.staff.disabled {
        return Err(Error::Forbidden("账号已停用".to_owned()));
    }
    may_export(&viewer)?;
    let new: NewExport = serde_json::from_value(errand.request).map_err(Error::internal)?;
    let (list, format) = (List::from_word(&new.list)?, Format::from_word(&new.format)?);
    let now = app.clock.now();
    let mark = Watermark::new(&viewer.staff, list.label(), &days::local(app, now));
    let mut table = Table::new(format, list.columns(), &mark)?;
    let (mut after, mut rows) = (None, 0_usize);
    loop {
        let (items, next) = list.page(app, &viewer, &new.filter, after).await?;
        rows += items.len();
        if rows > MOST {
            return Err(Error::invalid(
                "too_many_rows",
                format!("一次最多导出{MOST}行，请缩小范围"),
            ));
        }
        let cells: Vec<_> = items.iter().map(|item| list.cells(app, item)).collect();
        table = blocking(move || cells.iter().try_for_each(|row| table.row(row)).map(|()| table))
            .await?;
        errands::progress(&app.db, id, i32::try_from(rows).unwrap_or(i32::MAX)).await?;
        after = next;
        if after.is_none() {
            break;
        }
    }
    let object = format!("exports/{id}");
    let (objects, name) = (app.objects()?.clone(), object.clone());
    let sha256 = blocking(move || {
        let mut file = table.finish()?;
        let mut sum = Sha256::new();
        let mut piece = vec![0; PIECE];
        loop {
            let read = file.read(&mut piece).map_err(Error::internal)?;
            if read == 0 {
                break;
            }
            sum.update(&piece[..read]);
        }
        file.rewind().map_err(Error::internal)?;
        objects.put_read(&name, &mut file).map_err(Error::internal)?;
        Ok(sum.finalize().to_vec())
    })
    .await?;
    let made = File {
        object,
        name: format!("{}-{}.{}", list.label(), days::day_of(app, now), format.word()),
        sha256,
        rows: i32::try_from(rows).unwrap_or(i32::MAX),
        expires_at: now + KEPT,
    };
    let mut tx = app.db.begin().await?;
    errands::ready(&mut tx, id, &made, now).await?;
    let act = Act::new("export_made", "export", id.to_string())
        .with(json!({ "list": new.list, "rows": rows, "sha256": hex::encode(&made.sha256) }));
    audit::write(&mut tx, &viewer.actor(), &act, &*app.clock).await?;
    tx.commit().await?;
    Ok(())
}

/// Work on files, beside the requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// Takes an export away, and its key with it.
pub(crate) async fn expire(app: &App, object: &str) -> Result<(), Error> {
    let (objects, name) = (app.objects()?.clone(), object.to_owned());
    let gone = tokio::task::spawn_blocking(move || objects.delete(&name));
    gone.await.map_err(Error::internal)?.map_err(Error::internal)
}
