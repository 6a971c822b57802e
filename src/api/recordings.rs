//! Playing a recording in the console. Each playing is an event of the audit.
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::CallId;
use bytes::Bytes;
use call::{Recordings, Sound, store};
use db::seal;
use futures_util::stream;
use org::audit::{self, Act};
use tokio::task::spawn_blocking;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::calls::seen;
use crate::openapi::Problem;
use crate::{App, Error, Path, Viewer};

/// Read and sent at a time.
const PIECE: u64 = 64 * 1024;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(recording))
}

/// The recording: two tracks, left the citizen, right the agent 录音
#[utoipa::path(get, path = "/calls/{id}/recording", tag = "calls", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "audio/wav"), (status = 206, content_type = "audio/wav"),
        (status = 404, body = Problem), (status = 416, body = Problem)))]
async fn recording(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<CallId>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    seen(&app, &viewer, id).await?;
    let row = store::recording(&app.db, id).await?.ok_or(Error::NotFound)?;
    let recordings = app.recordings.clone().ok_or(Error::NotFound)?;
    let (sound, length) = open(recordings, row.path).await?;
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let asked = range.map(|range| span(range, length)).transpose()?;
    let (from, to) = asked.unwrap_or((0, length));
    if from == 0 {
        // A player asks for many parts; it begins to play with the first.
        let mut tx = app.db.begin().await?;
        let act = Act::new("recording_played", "call", id.to_string());
        audit::write(&mut tx, &viewer.actor(), &act, &*app.clock).await?;
        tx.commit().await?; // no line, no sound
    }
    let mut answer = body(sound, from, to).into_response();
    let head = answer.headers_mut();
    let set = [
        (header::CONTENT_TYPE, "audio/wav".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CONTENT_LENGTH, (to - from).to_string()),
    ];
    for (name, value) in set {
        head.insert(name, value.parse().expect("plain ASCII"));
    }
    if asked.is_some() {
        let range = format!("bytes {from}-{}/{length}", to.saturating_sub(1));
        head.insert(header::CONTENT_RANGE, range.parse().expect("plain ASCII"));
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(answer)
}

/// The recording and its length.
async fn open(recordings: Recordings, name: String) -> Result<(Sound, u64), Error> {
    let opened = spawn_blocking(move || {
        let Some(sound) = recordings.open(&name)? else {
            tracing::error!(name, "a recording is gone from the disk");
            return Ok::<_, seal::Error>(None);
        };
        let length = sound.length()?;
        Ok(Some((sound, length)))
    });
    opened.await.map_err(Error::internal)?.map_err(Error::internal)?.ok_or(Error::NotFound)
}

/// `bytes=from-to` as a half-open span (RFC 9110 §14.1.2). One range is enough for a player.
fn span(range: &str, length: u64) -> Result<(u64, u64), Error> {
    let refuse = || Error::Refused {
        status: StatusCode::RANGE_NOT_SATISFIABLE,
        code: "bad_range",
        detail: "请求的录音范围无效".to_owned(),
    };
    let (first, last) =
        range.strip_prefix("bytes=").and_then(|range| range.split_once('-')).ok_or_else(refuse)?;
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| refuse());
    let (from, to) = match (first.trim(), last.trim()) {
        ("", last) => (length.saturating_sub(number(last)?), length),
        (first, "") => (number(first)?, length),
        (first, last) => (number(first)?, number(last)?.saturating_add(1).min(length)),
    };
    if from < to { Ok((from, to)) } else { Err(refuse()) }
}

fn body(sound: Sound, from: u64, to: u64) -> Body {
    Body::from_stream(stream::try_unfold((sound, from), move |(mut sound, at)| async move {
        if at >= to {
            return Ok::<_, std::io::Error>(None);
        }
        let read = spawn_blocking(move || {
            let piece = sound.read(at..to.min(at + PIECE)).map_err(std::io::Error::other)?;
            Ok::<_, std::io::Error>((sound, piece))
        });
        let (sound, piece) = read.await??;
        let next = at + piece.len() as u64;
        Ok((next > at).then(|| (Bytes::from(piece), (sound, next))))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_part_of_the_file_or_refused() {
        for (range, part) in [
            ("bytes=0-", Some((0, 100))),
            ("bytes=10-19", Some((10, 20))),
            ("bytes=90-500", Some((90, 100))),
            ("bytes=-10", Some((90, 100))),
            ("bytes=100-", None),
            ("bytes=20-10", None),
            ("bytes=a-b", None),
            ("lines=1-2", None),
        ] {
            assert_eq!(span(range, 100).ok(), part, "{range}");
        }
    }
}
