//! Files of a ticket: taken in pieces up to a limit, never plain on the disk, and given back only
//! after it was noted who read them.
use std::fs::File;
use std::io;

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::TicketId;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use db::seal::Opened;
use futures_util::stream::{self, Stream};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use workflow::attachments::{Attachment, LARGEST, Purpose, Upload};

use crate::openapi::Problem;
use crate::{App, Error, Json, Path, Viewer, idempotency, words};

/// A file with the rest of its form.
const LARGEST_FORM: usize = LARGEST + 64 * 1024;
/// So many are taken at once, an image of each in memory; the next waits.
static UPLOADS: Semaphore = Semaphore::const_new(6);
/// What is sent of a file at once.
const PIECE: u64 = 1 << 20;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(attach))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .routes(routes!(read))
}

/// A file of a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttachmentItem {
    id: Uuid,
    name: String,
    r#type: String,
    bytes: i64,
    /// evidence 办理佐证, contact 联系佐证, request 诉求材料
    #[schema(value_type = words::FilePurpose)]
    purpose: &'static str,
    by: String,
    at: DateTime<Utc>,
    sha256: String,
}

impl AttachmentItem {
    pub(crate) fn new(attachment: Attachment) -> Self {
        Self {
            id: attachment.id,
            name: attachment.name,
            r#type: attachment.kind,
            bytes: attachment.bytes,
            purpose: attachment.purpose.word(),
            by: attachment.actor,
            at: attachment.at,
            sha256: hex::encode(attachment.sha256),
        }
    }
}

/// What is sent, as `multipart/form-data`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described; read piece by piece")]
struct FileForm {
    /// `evidence`, `contact` or `request`; before the file.
    purpose: String,
    /// JPG, PNG, WebP, PDF, DOCX, XLSX, MP3, WAV, MP4; at most 20 MB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Upload a file 上传附件
#[utoipa::path(post, path = "/tickets/{id}/attachments", tag = "tickets",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "the same key keeps one file")),
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses((status = 201, body = AttachmentItem), (status = 200, body = AttachmentItem, description = "sent before"),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn attach(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<TicketId>,
    headers: HeaderMap,
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Response, Error> {
    let objects = app.objects()?;
    let key = idempotency::key(&headers)?;
    let Ok(form) = form else {
        return Err(Error::Refused {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code: "not_multipart",
            detail: "附件须以 multipart/form-data 上传".to_owned(),
        });
    };
    let _place = UPLOADS.acquire().await.map_err(Error::internal)?;
    let upload = Upload { key, ..read_form(form).await? };
    let (kept, new) = app.workflow.attach(&viewer.actor(), id, upload, objects).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(AttachmentItem::new(kept))).into_response())
}

async fn read_form(mut form: Multipart) -> Result<Upload, Error> {
    let (mut purpose, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        match field.name().unwrap_or_default() {
            "purpose" => {
                let word = field.text().await.map_err(|error| unreadable(&error))?;
                let known = Purpose::from_word(word.trim());
                purpose = Some(known.ok_or_else(|| {
                    Error::invalid("bad_purpose", "purpose 应为 evidence、contact 或 request")
                })?);
            }
            "file" => {
                let name = field.file_name().unwrap_or_default().to_owned();
                file = Some((name, received(field).await?));
            }
            other => {
                let why = format!("不认识的字段 {other}");
                return Err(Error::invalid("unknown_field", why));
            }
        }
    }
    let (name, Received { file, sha256 }) =
        file.ok_or_else(|| Error::invalid("no_file", "缺少字段 file"))?;
    let purpose = purpose.ok_or_else(|| Error::invalid("no_purpose", "缺少字段 purpose"))?;
    Ok(Upload { purpose, name, file, sha256, key: None })
}

/// A file that was sent: on the disk without a name, so that nothing is left of it whatever happens.
pub(crate) struct Received {
    pub file: File,
    pub sha256: [u8; 32],
}

/// Takes a file piece by piece, and no more of it than is allowed.
pub(crate) async fn received(mut field: Field<'_>) -> Result<Received, Error> {
    let file = tokio::task::spawn_blocking(tempfile::tempfile);
    let file = file.await.map_err(Error::internal)?.map_err(Error::internal)?;
    let mut to = tokio::fs::File::from_std(file);
    let (mut length, mut sum) = (0, Sha256::new());
    while let Some(piece) = field.chunk().await.map_err(|error| unreadable(&error))? {
        length += piece.len();
        if length > LARGEST {
            return Err(too_large());
        }
        sum.update(&piece);
        to.write_all(&piece).await.map_err(Error::internal)?;
    }
    to.rewind().await.map_err(Error::internal)?; // what was written is on its way before it
    Ok(Received { file: to.into_std().await, sha256: sum.finalize().into() })
}

fn too_large() -> Error {
    Error::Refused {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        code: "file_too_large",
        detail: "文件不能超过 20 MB".to_owned(),
    }
}

pub(crate) fn unreadable(error: &axum::extract::multipart::MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Error::Refused {
        status: StatusCode::BAD_REQUEST,
        code: "bad_form",
        detail: "表单无法读取".to_owned(),
    }
}

/// Read a file, which is noted 查看附件
#[utoipa::path(get, path = "/attachments/{id}", tag = "tickets", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = Problem)))]
async fn read(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Response, Error> {
    let objects = app.objects()?.clone();
    let attachment = app.workflow.attachment(&viewer.actor(), id).await?;
    // We wrote images ourselves; anything else is for the reader's own programs.
    let shown = attachment.kind.starts_with("image/");
    let head = FileHead { kind: &attachment.kind, name: &attachment.name, shown };
    send(objects, attachment.object.clone(), &head).await
}

/// How a file is handed out.
pub(crate) struct FileHead<'a> {
    pub kind: &'a str,
    pub name: &'a str,
    /// In the page rather than into a folder.
    pub shown: bool,
}

/// Opens an object and sends it piece by piece.
pub(crate) async fn send(
    objects: db::objects::Objects,
    object: String,
    head: &FileHead<'_>,
) -> Result<Response, Error> {
    let opened = tokio::task::spawn_blocking(move || objects.open(&object));
    let opened = opened.await.map_err(Error::internal)?.map_err(Error::internal)?;
    let opened = opened.ok_or(Error::NotFound)?;
    let length = opened.len();
    let place = if head.shown { "inline" } else { "attachment" };
    let name: String = head.name.bytes().fold(String::new(), |mut name, byte| {
        if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            name.push(char::from(byte));
        } else {
            _ = write!(name, "%{byte:02X}"); // a String takes everything
        }
        name
    });
    let mut answer = Body::from_stream(pieces(opened)).into_response();
    let headers = answer.headers_mut();
    for (key, value) in [
        (header::CONTENT_LENGTH, length.to_string()), // so that a cut is noticed
        (header::CONTENT_TYPE, head.kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("{place}; filename*=UTF-8''{name}")), // RFC 6266
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ] {
        headers.insert(key, HeaderValue::from_str(&value).map_err(Error::internal)?);
    }
    Ok(answer)
}

fn pieces(opened: Opened<File>) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((opened, 0), |(mut opened, at)| async move {
        if at >= opened.len() {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || {
            let piece = opened.read(at..at + PIECE).map_err(io::Error::other)?;
            Ok::<_, io::Error>((opened, piece))
        });
        let (opened, piece) = read.await??;
        let next = at + piece.len() as u64;
        Ok((next > at).then(|| (Bytes::from(piece), (opened, next))))
    })
}

#[cfg(test)]
mod tests;
