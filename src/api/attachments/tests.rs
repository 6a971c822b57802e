//! Attachments through the whole router.
use axum::http::Method;
use org::Role;
use serde_json::{Value, json};

use crate::testing::{Answer, House, house};
use crate::tickets::tests::{act, form, people};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\nendobj\n";

async fn upload(
    house: &House,
    cookie: &str,
    ticket: &Value,
    purpose: &str,
    file: (&str, &[u8]),
    key: &str,
) -> Answer {
    let path = format!("/api/v1/tickets/{}/attachments", ticket["id"].as_str().unwrap());
    let headers = [
        ("cookie", cookie),
        ("origin", "http://hotline.test"),
        ("content-type", "multipart/form-data; boundary=b12345"),
        ("idempotency-key", key),
    ];
    let head = format!(
        "--b12345\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n{purpose}\r\n--b12345\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n",
        file.0
    );
    let body = [head.as_bytes(), file.1, b"\r\n--b12345--\r\n"].concat();
    house.ask_bytes(Method::POST, &path, &headers, body).await
}

#[tokio::test]
async fn a_file_is_kept_sealed_shown_with_the_ticket_and_read_again() {
    let house = house().await;
    let people = people(&house).await;
    let ticket = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
    let kept = upload(&house, &people.agent, &ticket, "request", ("现场.pdf", PDF), "").await;
    assert_eq!(kept.status, 201, "{}", kept.text);
    let kept = kept.json();
    assert_eq!((&kept["type"], &kept["name"]), (&json!("application/pdf"), &json!("现场.pdf")));
    let path = format!("/api/v1/tickets/{}", ticket["id"].as_str().unwrap());
    let page = house.get(&path, &people.dispatcher).await.json();
    assert_eq!(page["attachments"][0], kept);
    let file = format!("/api/v1/attachments/{}", kept["id"].as_str().unwrap());
    let read = house.get(&file, &people.dispatcher).await;
    assert_eq!(read.text.as_bytes(), PDF);
    assert!(read.headers["content-disposition"].to_str().unwrap().starts_with("attachment;"));
    let lain = house.objects_on_disk();
    assert!(!lain.is_empty() && !lain.iter().any(|file| file.windows(8).any(|w| w == &PDF[..8])));
}

#[tokio::test]
async fn who_read_a_file_stands_in_the_audit() {
    let house = house().await;
    let people = people(&house).await;
    let ticket = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
    let kept = upload(&house, &people.agent, &ticket, "request", ("a.pdf", PDF), "").await.json();
    house
        .get(&format!("/api/v1/attachments/{}", kept["id"].as_str().unwrap()), &people.caller)
        .await;
    let admin = house.signed_in("admin", Role::Administrator, None).await.1;
    let path = format!("/api/v1/audit?thing=ticket&thing_id={}", ticket["id"].as_str().unwrap());
    let lines = house.get(&path, &admin).await.json();
    let read =
        lines["items"].as_array().unwrap().iter().find(|line| line["act"] == "attachment_read");
    assert_eq!(read.unwrap()["actor"], "caller", "{lines}");
}

#[tokio::test]
async fn a_picture_of_a_script_and_a_file_too_large_are_refused() {
    let house = house().await;
    let people = people(&house).await;
    let ticket = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>";
    let refused = upload(&house, &people.agent, &ticket, "request", ("a.png", svg), "").await;
    assert_eq!(refused.problem(), (422, "bad_step".to_owned()));
    let large = [PDF, &vec![b' '; 20 * 1024 * 1024]].concat();
    let refused = upload(&house, &people.agent, &ticket, "request", ("a.pdf", &large), "").await;
    assert_eq!(refused.problem(), (413, "file_too_large".to_owned()));
    let refused = upload(&house, &people.agent, &ticket, "poem", ("a.pdf", PDF), "").await;
    assert_eq!(refused.problem(), (422, "bad_purpose".to_owned()));
}

#[tokio::test]
async fn what_the_citizen_of_a_sealed_ticket_sent_stays_with_the_hotline() {
    let house = house().await;
    let people = people(&house).await;
    let mut sealed = form(1);
    sealed["draft"]["kind"] = json!("report");
    let made = house.post("/api/v1/tickets", &people.agent, sealed).await;
    let letter = upload(&house, &people.agent, &made.json(), "request", ("信.pdf", PDF), "").await;
    let letter = letter.json()["id"].as_str().unwrap().to_owned();
    let step = json!({"action": "dispatch", "unit_id": house.city.housing.unit});
    let there = act(&house, &people.dispatcher, &made, step).await;
    assert_eq!(there.status, 200, "{}", there.text);
    let path = format!("/api/v1/tickets/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(house.get(&path, &people.clerk).await.json()["attachments"], json!([]));
    let read = house.get(&format!("/api/v1/attachments/{letter}"), &people.clerk).await;
    assert_eq!(read.problem(), (404, "not_found".to_owned()));
    let signed = act(&house, &people.clerk, &there, json!({"action": "sign"})).await.json();
    let proof = upload(&house, &people.clerk, &signed, "evidence", ("证.pdf", PDF), "").await;
    assert_eq!(proof.status, 201, "{}", proof.text);
    let seen = house.get(&path, &people.clerk).await.json();
    assert_eq!(seen["attachments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn another_unit_neither_uploads_nor_reads() {
    let house = house().await;
    let people = people(&house).await;
    let ticket = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
    let kept = upload(&house, &people.agent, &ticket, "request", ("a.pdf", PDF), "").await.json();
    let foreign = upload(&house, &people.clerk, &ticket, "evidence", ("a.pdf", PDF), "").await;
    assert_eq!(foreign.problem().0, 404);
    let path = format!("/api/v1/attachments/{}", kept["id"].as_str().unwrap());
    assert_eq!(house.get(&path, &people.clerk).await.problem().0, 404);
}

#[tokio::test]
async fn sending_twice_under_one_key_keeps_one_and_another_file_is_refused() {
    let house = house().await;
    let people = people(&house).await;
    let ticket = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
    let send = async |bytes: &[u8]| {
        upload(&house, &people.agent, &ticket, "request", ("a.pdf", bytes), "key-1").await
    };
    let first = send(PDF).await;
    let again = send(PDF).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    assert_eq!(first.json(), again.json());
    let other = send(b"%PDF-1.4\nother\n").await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused".to_owned()));
}
