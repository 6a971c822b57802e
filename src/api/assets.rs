//! The console's files: from a folder (`--web`), from the binary, or a page that says they are not
//! built.
use std::path::{Component, Path, PathBuf};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::{App, Error};

/// Where the console's files come from.
pub trait Assets: Send + Sync {
    /// The file of this path, as `assets/index-Ab12.js`.
    fn get(&self, path: &str) -> Option<Asset>;
}

/// One file.
#[derive(Debug, Clone)]
pub struct Asset {
    pub bytes: Bytes,
    /// Of the content, in hexadecimal.
    pub hash: String,
}

/// No console was built.
#[derive(Debug, Clone, Copy)]
pub struct NoAssets;

impl Assets for NoAssets {
    fn get(&self, _: &str) -> Option<Asset> {
        None
    }
}

/// Files on disk, read each time: for development.
#[derive(Debug, Clone)]
pub struct Folder(pub PathBuf);

impl Assets for Folder {
    fn get(&self, path: &str) -> Option<Asset> {
        let relative = Path::new(path);
        // Only plain names: nothing above the folder, nothing absolute, nothing hidden.
        let plain = relative.components().all(|part| match part {
            Component::Normal(name) => !name.to_string_lossy().starts_with('.'),
            _ => false,
        });
        if !plain {
            return None;
        }
        let bytes = Bytes::from(std::fs::read(self.0.join(relative)).ok()?);
        let hash = hex::encode(&Sha256::digest(&bytes)[..16]);
        Some(Asset { bytes, hash })
    }
}

/// Files in the binary: `Embedded::<Web>::new()` with `Web` derived by `rust_embed`.
#[derive(Debug, Clone, Copy)]
pub struct Embedded<E>(std::marker::PhantomData<fn() -> E>);

impl<E> Embedded<E> {
    /// The files that `E` embeds.
    pub const fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<E> Default for Embedded<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: RustEmbed> Assets for Embedded<E> {
    fn get(&self, path: &str) -> Option<Asset> {
        let file = E::get(path)?;
        let hash = hex::encode(&file.metadata.sha256_hash()[..16]);
        Some(Asset { bytes: Bytes::from(file.data.into_owned()), hash })
    }
}

/// Answers everything that is no route: the console's files, its pages, or 404.
pub(crate) async fn page(State(app): State<App>, request: Request) -> Response {
    let (uri, headers) = (request.uri(), request.headers());
    if uri.path().starts_with("/api/") {
        return Error::NotFound.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    find(&app, uri, headers)
}

fn find(app: &App, uri: &Uri, headers: &HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if let Some(asset) =
        Some(path).filter(|path| !path.is_empty()).and_then(|path| app.assets.get(path))
    {
        return send(app, path, asset, headers);
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    if is_file {
        return Error::NotFound.into_response();
    }
    // The public page has its own small entry; every other address belongs to the console's router.
    let entry = if path == "q" || path.starts_with("q/") { "public.html" } else { "index.html" };
    match app.assets.get(entry) {
        Some(asset) => send(app, entry, asset, headers),
        None => (StatusCode::NOT_FOUND, Html(NOT_BUILT)).into_response(),
    }
}

fn send(app: &App, path: &str, asset: Asset, headers: &HeaderMap) -> Response {
    let (asset, encoding) = packed(app, path, headers).unwrap_or((asset, None));
    let tag = format!("\"{}\"", asset.hash);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    // Behind compression the tag comes back weak.
    let fresh = known.is_some_and(|known| {
        known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
    });
    // Vite puts a hash of the content into the names below assets/.
    let keep = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == "text" || kind.subtype() == "javascript" {
        format!("{}; charset=utf-8", kind.essence_str())
    } else {
        kind.essence_str().to_owned()
    };
    let head = [
        (header::ETAG, HeaderValue::from_str(&tag)),
        (header::CACHE_CONTROL, Ok(HeaderValue::from_static(keep))),
        (header::CONTENT_TYPE, HeaderValue::from_str(&kind)),
    ];
    let mut response =
        if fresh { StatusCode::NOT_MODIFIED.into_response() } else { asset.bytes.into_response() };
    for (name, value) in head {
        if let Ok(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    if let Some(encoding) = encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// The file as the build packed it (`.br`, `.gz` beside it), where the browser takes that.
fn packed(app: &App, path: &str, headers: &HeaderMap) -> Option<(Asset, Option<&'static str>)> {
    let accepted = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |name: &str| accepted.split(',').any(|one| one.trim() == name);
    let find = |name, ending| {
        let asset = takes(name).then(|| app.assets.get(&format!("{path}.{ending}")))??;
        Some((asset, Some(name)))
    };
    find("br", "br").or_else(|| find("gzip", "gz"))
}

const NOT_BUILT: &str = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>连心 12345</title>\
<h1>控制台尚未构建</h1><p>程序在运行，但其中没有网页文件。请运行 <code>ops/run</code>，或在 <code>web/</code> 中执行 \
<code>npm ci &amp;&amp; npm run build</code> 后用 <code>--web web/dist</code> 启动。</p>\
<p lang=\"en\">The console has not been built: run <code>ops/run</code>, or build it in <code>web/</code> and start with \
<code>--web web/dist</code>. The interface is described at <a href=\"/api/docs/\">/api/docs</a>.</p></html>";

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(RustEmbed)]
    #[folder = "../../sip-config/demo"]
    struct Demo;

    #[derive(RustEmbed)]
    #[folder = "nowhere"]
    #[allow_missing = true]
    struct Nothing;

    #[test]
    fn files_in_the_binary_are_found_and_a_console_that_was_not_built_is_empty() {
        let asset = Embedded::<Demo>::new().get("people.csv").unwrap();
        assert!(asset.bytes.starts_with(b"name,"));
        assert_eq!(asset.hash.len(), 32);
        assert!(Embedded::<Nothing>::new().get("index.html").is_none());
    }

    #[test]
    fn a_folder_gives_nothing_from_outside_it_and_nothing_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("web");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        std::fs::write(inside.join(".env"), "s").unwrap();
        std::fs::write(inside.join("index.html"), "i").unwrap();
        let assets = Folder(inside);
        assert!(assets.get("index.html").is_some());
        for path in ["../secret", "/etc/passwd", "./../secret", ".env", "a/../../secret", ""] {
            assert!(assets.get(path).is_none(), "{path}");
        }
    }
}
