//! The console's files.
use super::*;

async fn with_files(files: &[(&str, &str)]) -> (House, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let path = PathBuf::from(folder.path());
    (house_with(|app| app.assets = Arc::new(Folder(path))).await, folder)
}

const FILES: &[(&str, &str)] =
    &[("index.html", "console"), ("public.html", "public"), ("assets/index-Ab12.js", "script")];

#[tokio::test]
async fn addresses_of_the_consoles_router_get_the_console_and_missing_files_do_not() {
    let (house, _folder) = with_files(FILES).await;
    for path in ["/", "/desk", "/tickets/123"] {
        let answer = house.get(path, "").await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "console"), "{path}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-cache");
    }
    assert_eq!(house.get("/q", "").await.text, "public");
    assert_eq!(house.get("/public.html", "").await.text, "public");
    assert_eq!(house.get("/assets/gone.js", "").await.problem().0, 404);
    assert_eq!(house.get("/api/v2/me", "").await.problem().0, 404);
}

#[tokio::test]
async fn a_file_named_by_its_hash_is_kept_for_good_and_asked_again_by_its_tag() {
    let (house, _folder) = with_files(FILES).await;
    let first = house.get("/assets/index-Ab12.js", "").await;
    assert_eq!(first.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(first.headers[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
    let tag = first.headers[header::ETAG].to_str().unwrap();
    let again =
        house.ask(Method::GET, "/assets/index-Ab12.js", &[("if-none-match", tag)], None).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn a_file_packed_by_the_build_goes_out_packed_to_whoever_takes_it() {
    let files = [FILES, &[("assets/index-Ab12.js.gz", "packed")]].concat();
    let (house, _folder) = with_files(&files).await;
    let ask = async |accept: &'static str| {
        let headers = [("accept-encoding", accept)];
        house.ask(Method::GET, "/assets/index-Ab12.js", &headers, None).await
    };
    let packed = ask("gzip, deflate, br").await;
    assert_eq!(
        (packed.text.as_str(), &packed.headers[header::CONTENT_ENCODING]),
        ("packed", &"gzip".parse().unwrap())
    );
    assert_eq!(packed.headers[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
    assert_eq!(ask("br").await.text, "script");
}

#[tokio::test]
async fn without_a_console_the_page_says_how_to_build_it() {
    let house = house().await;
    let answer = house.get("/", "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text.contains("控制台尚未构建"));
}
