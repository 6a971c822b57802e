//! The door, asked through the whole router, with a database.
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::{Method, StatusCode, header};
use org::Role;
use org::staff::NewStaff;
use serde_json::{Value, json};

use crate::assets::Folder;
use crate::testing::{Answer, House, house, house_with};
use crate::{Part, State};

/// An agent with a password.
async fn agent(house: &House) -> String {
    let (admin, _) = house.signed_in("root", Role::Administrator, None).await;
    let new = NewStaff {
        name: "agent".to_owned(),
        display_name: "王晓梅".to_owned(),
        number: Some("1027".to_owned()),
        roles: [Role::Agent].into(),
        unit: Some(house.city.hotline.unit),
        ..NewStaff::default()
    };
    let app = &house.app;
    org::staff::add(&admin.actor(), &new, &app.db, &*app.clock, &*app.dice).await.unwrap().1
}

fn cookie(answer: &Answer) -> String {
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

mod signing_in {
    use super::*;

    #[tokio::test]
    async fn a_cookie_no_script_can_read_carries_the_sign_in() {
        let house = house().await;
        let password = agent(&house).await;
        let answer =
            house.post("/api/v1/login", "", json!({ "name": "agent", "password": password })).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
        assert!(
            set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/"),
            "{set}"
        );
        let me = house.get("/api/v1/me", &cookie(&answer)).await.json();
        assert_eq!(me["number"], "1027");
        assert_eq!(me["roles"], json!(["agent"]));
        assert_eq!(me["unit"]["name"], "12345热线中心");
        assert_eq!(me["unit"]["level"], "city");
        assert_eq!(me["demo"], true);
    }

    #[tokio::test]
    async fn a_wrong_password_is_unauthorized() {
        let house = house().await;
        agent(&house).await;
        let answer =
            house.post("/api/v1/login", "", json!({ "name": "agent", "password": "wrong" })).await;
        assert_eq!(answer.problem(), (401, "wrong_name_or_password".to_owned()));
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }

    #[tokio::test]
    async fn after_twenty_attempts_a_person_has_to_wait() {
        let house = house().await;
        let attempt = json!({ "name": "nobody", "password": "wrong" });
        for _ in 0..20 {
            house.post("/api/v1/login", "", attempt.clone()).await;
        }
        let answer = house.post("/api/v1/login", "", attempt).await;
        assert_eq!(answer.problem(), (429, "too_many_requests".to_owned()));
        assert!(answer.headers.contains_key(header::RETRY_AFTER));
    }

    #[tokio::test]
    async fn signing_out_ends_it() {
        let house = house().await;
        let (_, cookie) = house.signed_in("agent", Role::Agent, None).await;
        assert_eq!(
            house.post("/api/v1/logout", &cookie, json!({})).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            house.get("/api/v1/me", &cookie).await.problem(),
            (401, "not_signed_in".to_owned())
        );
    }

    #[tokio::test]
    async fn a_sign_in_left_alone_over_night_is_over() {
        let house = house().await;
        let (_, cookie) = house.signed_in("agent", Role::Agent, None).await;
        house.clock.advance(chrono::TimeDelta::hours(13));
        assert_eq!(house.get("/api/v1/me", &cookie).await.problem().0, 401);
    }

    #[tokio::test]
    async fn outside_the_demonstration_a_second_factor_is_set_up_first() {
        let house = house_with(|app| app.demo = false).await;
        let password = agent(&house).await;
        let answer =
            house.post("/api/v1/login", "", json!({ "name": "agent", "password": password })).await;
        assert_eq!(answer.problem(), (409, "totp_enrol".to_owned()));
        let uri = answer.json()["uri"].as_str().unwrap().to_owned();
        assert!(uri.starts_with("otpauth://totp/"), "{uri}");
    }

    #[tokio::test]
    async fn with_tls_the_cookie_travels_over_tls_only() {
        let house = house_with(|app| (app.demo, app.secure) = (true, true)).await;
        let password = agent(&house).await;
        let answer =
            house.post("/api/v1/login", "", json!({ "name": "agent", "password": password })).await;
        assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().contains("Secure"));
        assert!(answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }

    #[tokio::test]
    async fn ones_own_password_is_changed_with_the_old_one() {
        let house = house().await;
        let password = agent(&house).await;
        let answer =
            house.post("/api/v1/login", "", json!({ "name": "agent", "password": password })).await;
        let cookie = cookie(&answer);
        let change = async |old: &str, new: &str| {
            house.post("/api/v1/me/password", &cookie, json!({ "old": old, "new": new })).await
        };
        assert_eq!(change("wrong", "a longer password").await.problem().0, 401);
        assert_eq!(change(&password, "short").await.problem(), (422, "invalid".to_owned()));
        assert_eq!(change(&password, "a longer password").await.status, StatusCode::NO_CONTENT);
        let body = json!({ "name": "agent", "password": "a longer password" });
        assert_eq!(house.post("/api/v1/login", "", body).await.status, StatusCode::OK);
    }
}

mod protection {
    use super::*;

    #[tokio::test]
    async fn a_change_from_a_foreign_page_or_from_none_is_refused() {
        let house = house().await;
        let (_, cookie) = house.signed_in("agent", Role::Agent, None).await;
        for origin in ["http://evil.test", ""] {
            let headers = [("cookie", cookie.as_str()), ("origin", origin)];
            let answer = house.ask(Method::POST, "/api/v1/logout", &headers, None).await;
            assert_eq!(answer.problem(), (403, "foreign_origin".to_owned()));
        }
        assert_eq!(house.get("/api/v1/me", &cookie).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn every_answer_carries_the_security_headers_and_a_request_id() {
        let house = house().await;
        for path in ["/", "/api/v1/me", "/healthz", "/nothing.js"] {
            let headers = house.get(path, "").await.headers;
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(headers["x-frame-options"], "DENY", "{path}");
            assert!(
                headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'")
            );
            assert!(headers.contains_key("x-request-id"), "{path}");
        }
    }

    #[tokio::test]
    async fn what_the_interface_answers_is_not_kept_by_browsers() {
        let house = house().await;
        let (_, cookie) = house.signed_in("agent", Role::Agent, None).await;
        assert_eq!(
            house.get("/api/v1/me", &cookie).await.headers[header::CACHE_CONTROL],
            "no-store"
        );
    }

    #[tokio::test]
    async fn every_kind_of_refusal_is_a_problem() {
        let house = house().await;
        let (_, cookie) = house.signed_in("admin", Role::Administrator, None).await;
        let problem = async |method: Method, path: &str, body: &str, kind: &str| {
            let headers = [
                ("cookie", cookie.as_str()),
                ("origin", "http://hotline.test"),
                ("content-type", kind),
            ];
            house.ask(method, path, &headers, Some(body.to_owned())).await.problem()
        };
        let json = "application/json";
        let told = |status: u16, code: &str| (status, code.to_owned());
        assert_eq!(problem(Method::GET, "/api/v1/nothing", "", json).await, told(404, "not_found"));
        assert_eq!(
            problem(Method::DELETE, "/api/v1/me", "", json).await,
            told(405, "method_not_allowed")
        );
        assert_eq!(problem(Method::POST, "/api/v1/login", "{", json).await, told(400, "bad_json"));
        assert_eq!(
            problem(Method::POST, "/api/v1/login", "{}", "text/plain").await,
            told(415, "not_json")
        );
        assert_eq!(
            problem(Method::POST, "/api/v1/login", "{}", json).await,
            told(422, "bad_field")
        );
        let more = r#"{"name":"a","password":"b","admin":true}"#;
        assert_eq!(
            problem(Method::POST, "/api/v1/login", more, json).await,
            told(422, "unknown_field")
        );
        assert_eq!(
            problem(Method::GET, "/api/v1/people?page=2", "", json).await,
            told(422, "bad_query")
        );
        let big = format!(r#"{{"name":"{}"}}"#, "x".repeat(2 * 1024 * 1024));
        assert_eq!(
            problem(Method::POST, "/api/v1/login", &big, json).await,
            told(413, "body_too_large")
        );
        let nul = r#"{"name":"a\u0000","password":"b"}"#;
        assert_eq!(problem(Method::POST, "/api/v1/login", nul, json).await, told(422, "bad_value"));
        assert_eq!(
            problem(Method::GET, "/api/v1/people?q=%00", "", json).await,
            told(422, "bad_value")
        );
        let path = "/api/v1/people/no-id/password-reset";
        assert_eq!(problem(Method::POST, path, "{}", json).await, told(404, "not_found"));
    }
}

mod people {
    use super::*;

    #[tokio::test]
    async fn an_administrator_adds_someone_who_signs_in_with_the_password_told_once() {
        let house = house().await;
        let (_, admin) = house.signed_in("admin", Role::Administrator, None).await;
        let new = json!({ "name": "clerk", "display_name": "陈立新", "roles": ["clerk"],
            "unit_id": house.city.housing.unit });
        let added = house.post("/api/v1/people", &admin, new).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
        let (person, password) = (&added.json()["person"], added.json()["password"].clone());
        assert_eq!(person["unit"]["name"], "市住房和城乡建设局");
        let signed_in =
            house.post("/api/v1/login", "", json!({ "name": "clerk", "password": password })).await;
        assert_eq!(signed_in.status, StatusCode::OK);
        let list = house.get("/api/v1/people?q=%E9%99%88", &admin).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        assert_eq!(list["items"][0]["name"], "clerk");
    }

    #[tokio::test]
    async fn null_takes_a_unit_away_and_silence_keeps_it() {
        let house = house().await;
        let (_, admin) = house.signed_in("admin", Role::Administrator, None).await;
        let (agent, _) = house.signed_in("agent", Role::Agent, Some(&house.city.hotline)).await;
        let path = format!("/api/v1/people/{}", agent.id);
        let change =
            async |body: Value| house.send(Method::PATCH, &path, &admin, body).await.json();
        assert_eq!(
            change(json!({ "display_name": "新名" })).await["unit"]["name"],
            "12345热线中心"
        );
        assert_eq!(change(json!({ "unit_id": null })).await["unit"], Value::Null);
    }

    #[tokio::test]
    async fn only_administrators_see_the_people() {
        let house = house().await;
        for (name, role) in [("agent", Role::Agent), ("supervisor", Role::Supervisor)] {
            let (_, cookie) = house.signed_in(name, role, None).await;
            assert_eq!(
                house.get("/api/v1/people", &cookie).await.problem(),
                (403, "forbidden".to_owned())
            );
        }
    }

    #[tokio::test]
    async fn a_taken_name_is_a_conflict() {
        let house = house().await;
        let (_, admin) = house.signed_in("admin", Role::Administrator, None).await;
        let new =
            json!({ "name": "admin", "display_name": "另一位", "roles": [], "unit_id": null });
        assert_eq!(
            house.post("/api/v1/people", &admin, new).await.problem(),
            (409, "taken".to_owned())
        );
    }
}

mod lists {
    use super::*;

    #[tokio::test]
    async fn units_come_in_the_order_of_the_tree() {
        let house = house().await;
        let (_, cookie) = house.signed_in("agent", Role::Agent, None).await;
        let units = house.get("/api/v1/units", &cookie).await.json();
        assert_eq!(units["items"][0]["parent_id"], Value::Null);
        assert_eq!(units["items"][1]["parent_id"], units["items"][0]["id"]);
    }

    #[tokio::test]
    async fn a_supervisor_writes_knowledge_that_an_agent_finds() {
        let house = house().await;
        let (_, supervisor) = house.signed_in("supervisor", Role::Supervisor, None).await;
        let (_, agent) = house.signed_in("agent", Role::Agent, None).await;
        let text = json!({ "title": "路灯不亮报修", "answer": "请提供灯杆编号", "issuer": "市城管局",
            "valid_until": "2025-12-31" });
        let refused = house.post("/api/v1/knowledge", &agent, text.clone()).await;
        assert_eq!(refused.problem().0, 403);
        let added = house.post("/api/v1/knowledge", &supervisor, text).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
        let found = house.get("/api/v1/knowledge?q=%E8%B7%AF%E7%81%AF", &agent).await.json();
        assert_eq!(found["items"][0]["title"], "路灯不亮报修");
        assert_eq!(found["items"][0]["version"], 1);
        assert_eq!(found["items"][0]["expired"], true);
    }

    #[tokio::test]
    async fn nobody_reads_a_list_without_signing_in() {
        let house = house().await;
        for path in ["units", "places", "categories", "knowledge", "people", "audit", "me"] {
            let answer = house.get(&format!("/api/v1/{path}"), "").await;
            assert_eq!(answer.problem(), (401, "not_signed_in".to_owned()), "{path}");
        }
    }
}

mod health {
    use super::*;

    #[tokio::test]
    async fn every_part_is_asked_and_one_that_is_down_makes_it_unready() {
        let house = house_with(|app| {
            app.parts = Arc::new([
                Part::new("sip", || State::Down { why: "port taken".to_owned() }),
                Part::new("speech", || State::Degraded { why: "no model".to_owned() }),
            ]);
        })
        .await;
        let answer = house.get("/readyz", "").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        let parts = &answer.json()["parts"];
        assert_eq!(parts["database"]["state"], "up");
        assert_eq!(parts["sip"]["why"], "port taken");
        assert_eq!(parts["speech"]["state"], "degraded");
        assert_eq!(house.get("/healthz", "").await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_lost_database_shows() {
        let house = house().await;
        house.app.db.close().await;
        let answer = house.get("/readyz", "").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.json()["parts"]["database"]["state"], "down");
    }

    #[tokio::test]
    async fn while_the_database_is_away_whoever_was_signed_in_goes_on_and_nobody_else_comes_in() {
        let house = house().await;
        let (_, seen) = house.signed_in("agent", Role::Agent, None).await;
        let (_, unseen) = house.signed_in("other", Role::Agent, None).await;
        house.get("/api/v1/me", &seen).await;
        house.app.db.close().await;
        assert_eq!(house.get("/api/v1/me", &seen).await.status, StatusCode::OK);
        let away = (503, "database_unavailable".to_owned());
        assert_eq!(house.get("/api/v1/me", &unseen).await.problem(), away);
        assert_eq!(house.get("/api/v1/units", &seen).await.problem(), away);
        house.clock.advance(chrono::TimeDelta::hours(1));
        assert_eq!(house.get("/api/v1/me", &seen).await.problem(), away);
    }

    #[tokio::test]
    async fn requests_are_counted_by_route_not_by_address() {
        let handle = crate::install_metrics().unwrap();
        let house = house_with(|app| app.metrics = Some(handle)).await;
        house.get("/desk/some/secret", "").await;
        house.get("/healthz", "").await;
        let figures = house.get("/metrics", "").await;
        assert!(
            figures.text.contains(r#"lianxin_http_requests_total{route="/healthz""#),
            "{}",
            figures.text
        );
        assert!(figures.text.contains("lianxin_http_seconds_bucket"));
        assert!(!figures.text.contains("secret"));
    }

    #[tokio::test]
    async fn the_interface_describes_itself_with_every_path_below_the_prefix() {
        let house = house().await;
        let document = house.get("/api/v1/openapi.json", "").await.json();
        let paths = document["paths"].as_object().unwrap();
        for path in ["/api/v1/login", "/api/v1/people/{id}", "/api/v1/knowledge"] {
            assert!(paths.contains_key(path), "{path}");
        }
        assert!(paths.keys().all(|path| path.starts_with("/api/v1/")));
        assert!(document["components"]["schemas"]["Problem"].is_object());
    }

    #[tokio::test]
    async fn the_description_can_be_read_as_a_page_without_the_internet() {
        let house = house().await;
        let page = house.get("/api/docs/", "").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("swagger-ui"), "{}", page.text);
        assert!(!page.text.contains("https://"), "{}", page.text);
        let start = house.get("/api/docs/swagger-initializer.js", "").await;
        assert!(start.text.contains("/api/v1/openapi.json"), "{}", start.text);
    }
}

mod console {
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
            assert_eq!(
                (answer.status, answer.text.as_str()),
                (StatusCode::OK, "console"),
                "{path}"
            );
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
}

mod tls {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc as StdArc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    use crate::{Tls, serve};

    #[tokio::test]
    async fn a_self_signed_certificate_is_made_once_and_its_key_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = Tls::self_signed(folder.path(), &[]).unwrap();
        let again = Tls::self_signed(folder.path(), &[]).unwrap();
        assert_eq!(first.fingerprint, again.fingerprint);
        assert_eq!(first.fingerprint.len(), 32 * 3 - 1);
        let key = std::fs::metadata(folder.path().join("tls-key.pem")).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn a_file_that_is_no_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        std::fs::write(&certificate, "no").unwrap();
        std::fs::write(&key, "no").unwrap();
        let error = Tls::from_files(&certificate, &key).unwrap_err().to_string();
        assert!(error.contains("key.pem") || error.contains("cert.pem"), "{error}");
    }

    #[tokio::test]
    async fn a_page_comes_over_tls_while_another_client_dawdles_in_its_handshake() {
        let folder = tempfile::tempdir().unwrap();
        let tls = Tls::self_signed(folder.path(), &[]).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().route("/", axum::routing::get(|| async { "over TLS" }));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let tasks = base::Tasks::default();
        tasks.spawn("http", async move {
            serve(listener, router, Some(tls), async { drop(stopped.await) }).await;
        });
        let _dawdling = tokio::net::TcpStream::connect(address).await.unwrap();
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(folder.path().join("tls-cert.pem")).unwrap())
            .unwrap();
        let config = ClientConfig::builder_with_provider(StdArc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(StdArc::new(config)).connect(name, tcp).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("over TLS"), "{answer}");
        let mut plain = tokio::net::TcpStream::connect(address).await.unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        plain.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("https://"), "{answer}");
        drop(stop);
    }
}

#[tokio::test]
async fn figures_are_for_this_machine_and_for_whoever_shows_the_token() {
    let house = house_with(|app| app.metrics_token = "t0ken".into()).await;
    let ask = async |headers: &[(&str, &str)]| {
        house.ask(Method::GET, "/metrics", headers, None).await.status.as_u16()
    };
    let elsewhere = ("x-forwarded-for", "203.0.113.7");
    // nothing counts in this test: 404 is behind the door
    assert_eq!(ask(&[]).await, 404);
    assert_eq!(ask(&[elsewhere]).await, 403);
    assert_eq!(ask(&[elsewhere, ("authorization", "Bearer wrong")]).await, 403);
    assert_eq!(ask(&[elsewhere, ("authorization", "Bearer t0ken")]).await, 404);
}
