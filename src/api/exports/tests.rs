//! Exports through the whole router.
use org::Role;
use serde_json::{Value, json};

use crate::errands::work_off;
use crate::testing::{Answer, House, house};
use crate::tickets::tests::{form, people};

async fn export(house: &House, cookie: &str, body: Value) -> (Answer, String) {
    let begun = house.post("/api/v1/exports", cookie, body).await;
    assert_eq!(begun.status, 202, "{}", begun.text);
    work_off(&house.app).await;
    let path = format!("/api/v1/exports/{}", begun.json()["job"].as_str().unwrap());
    let state = house.get(&path, cookie).await;
    assert_eq!(state.json()["state"], "done", "{}", state.text);
    (state, path)
}

#[tokio::test]
async fn a_csv_has_a_mark_for_spreadsheets_a_watermark_and_no_cell_that_runs() {
    let house = house().await;
    let people = people(&house).await;
    let mut evil = form(1);
    evil["draft"]["title"] = json!("=HYPERLINK(\"http://evil\")");
    house.post("/api/v1/tickets", &people.agent, evil).await;
    let body = json!({"list": "tickets", "filter": {"box": "all"}, "format": "csv"});
    let (state, path) = export(&house, &people.dispatcher, body).await;
    assert_eq!(state.json()["total"], 1);
    let file = house.get(&format!("{path}/file"), &people.dispatcher).await;
    let lines: Vec<_> = file.text.lines().collect();
    assert!(lines[0].starts_with("\u{feff}导出人：dispatcher（工号"), "{}", lines[0]);
    assert!(lines[1].starts_with("工单编号,标题,"));
    assert!(lines[2].contains("\"'=HYPERLINK(\"\"http://evil\"\")\""), "{}", lines[2]);
    assert!(lines[2].contains("求助"));
}

#[tokio::test]
async fn an_xlsx_shows_who_took_it_and_reads_back() {
    use calamine::{Data, Reader, Xlsx};
    let house = house().await;
    let people = people(&house).await;
    for key in 1..=3 {
        house.post("/api/v1/tickets", &people.agent, form(key)).await;
    }
    let body = json!({"list": "tickets", "filter": {"box": "all"}, "format": "xlsx"});
    let (_, path) = export(&house, &people.dispatcher, body).await;
    let id = path.rsplit('/').next().unwrap();
    let objects = house.app.objects.clone().unwrap();
    let bytes = objects.open(&format!("exports/{id}")).unwrap().unwrap().read(0..u64::MAX).unwrap();
    let mut book = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
    let sheet = book.worksheet_range("工单").unwrap();
    assert!(sheet.get((0, 0)).unwrap().to_string().starts_with("导出人：dispatcher"));
    assert_eq!(sheet.get((1, 0)), Some(&Data::String("工单编号".to_owned())));
    assert_eq!(sheet.height(), 5);
}

#[tokio::test]
async fn an_agent_takes_no_list_out_and_nobody_takes_one_they_may_not_see() {
    let house = house().await;
    let people = people(&house).await;
    let body = |list: &str| json!({"list": list, "format": "csv"});
    let refused = house.post("/api/v1/exports", &people.agent, body("tickets")).await;
    assert_eq!(refused.problem().0, 403);
    for list in ["people", "audit"] {
        let refused = house.post("/api/v1/exports", &people.dispatcher, body(list)).await;
        assert_eq!(refused.problem().0, 403, "{list}");
    }
    let admin = house.signed_in("admin", Role::Administrator, None).await.1;
    export(&house, &admin, body("people")).await;
    export(&house, &admin, body("audit")).await;
}

#[tokio::test]
async fn a_unit_takes_out_only_what_it_sees() {
    let house = house().await;
    let people = people(&house).await;
    house.post("/api/v1/tickets", &people.agent, form(1)).await;
    let body = json!({"list": "tickets", "filter": {"box": "all"}, "format": "csv"});
    let (state, _) = export(&house, &people.clerk, body).await;
    assert_eq!(state.json()["total"], 0);
}

#[tokio::test]
async fn a_list_of_many_pages_is_taken_out_whole() {
    let house = house().await;
    let admin = house.signed_in("admin", Role::Administrator, None).await;
    let supervisor = house.signed_in("supervisor", Role::Supervisor, None).await.1;
    let (app, actor) = (&house.app, admin.0.actor());
    let mut db = app.system.acquire().await.unwrap();
    for n in 0..450 {
        let act = org::audit::Act::new("export_asked", "export", n.to_string());
        org::audit::write(&mut db, &actor, &act, &*app.clock).await.unwrap();
    }
    for n in 0..250 {
        let text = org::knowledge::Text {
            title: format!("供热问答{n}"),
            answer: "请拨打供热公司电话".to_owned(),
            issuer: "市住建局".to_owned(),
            keywords: Vec::new(),
            valid_until: None,
        };
        let (clock, dice) = (&*app.clock, &*app.dice);
        org::knowledge::add(&actor, text, &app.system, clock, dice).await.unwrap();
        let number = format!("138{n:08}").parse().unwrap();
        let person = app.persons.find_or_add(&mut db, &number, None).await.unwrap();
        let call = base::CallId::new(app.clock.now(), app.dice.bytes()).uuid();
        sqlx::query(
            "with call as (insert into call_record (id, rev, direction, hotline, hotline_name, dialled, person_id, invite_at)
                values ($1, 1, 'in', '12345', '12345', '12345', $2, now()) returning id)
             insert into callback_task (id, person_id, call_id, hotline, hotline_name, missed_at, due_at)
                select id, $2, id, '12345', '12345', now(), now() from call",
        )
        .bind(call)
        .bind(person.uuid())
        .execute(&mut *db)
        .await
        .unwrap();
    }
    for (list, cookie, least) in
        [("audit", &admin.1, 700), ("knowledge", &supervisor, 250), ("callbacks", &supervisor, 250)]
    {
        for format in ["csv", "xlsx"] {
            let body = json!({"list": list, "format": format});
            let (state, path) = export(&house, cookie, body).await;
            let total = usize::try_from(state.json()["total"].as_u64().unwrap()).unwrap();
            assert!(total >= least, "{list}: {total}");
            if format == "csv" {
                let file = house.get(&format!("{path}/file"), cookie).await;
                let mut rows: Vec<_> = file.text.lines().skip(2).collect();
                assert_eq!(rows.len(), total, "{list}");
                rows.sort_unstable();
                rows.dedup();
                assert!(list == "audit" || rows.len() == total, "{list}: a row came twice");
            }
        }
    }
}

#[tokio::test]
async fn an_export_is_its_askers_own_and_gone_after_a_day() {
    let house = house().await;
    let people = people(&house).await;
    let body = json!({"list": "knowledge", "format": "csv"});
    let (_, path) = export(&house, &people.reviewer, body).await;
    assert_eq!(house.get(&format!("{path}/file"), &people.dispatcher).await.problem().0, 404);
    assert_eq!(house.objects_on_disk().len(), 1);
    house.clock.advance(chrono::TimeDelta::hours(25));
    work_off(&house.app).await;
    assert!(house.objects_on_disk().is_empty());
}

#[tokio::test]
async fn asking_making_and_fetching_stand_in_the_audit() {
    let house = house().await;
    let people = people(&house).await;
    let body = json!({"list": "knowledge", "format": "csv"});
    let (_, path) = export(&house, &people.reviewer, body).await;
    house.get(&format!("{path}/file"), &people.reviewer).await;
    let admin = house.signed_in("admin", Role::Administrator, None).await.1;
    let id = path.rsplit('/').next().unwrap();
    let lines =
        house.get(&format!("/api/v1/audit?thing=export&thing_id={id}"), &admin).await.json();
    let acts: Vec<_> =
        lines["items"].as_array().unwrap().iter().map(|line| line["act"].clone()).collect();
    assert_eq!(acts, ["export_fetched", "export_made", "export_asked"]);
}

#[tokio::test]
async fn an_unknown_list_format_or_filter_is_refused() {
    let house = house().await;
    let people = people(&house).await;
    for (body, code) in [
        (json!({"list": "secrets", "format": "csv"}), "bad_list"),
        (json!({"list": "tickets", "format": "pdf"}), "bad_format"),
        (json!({"list": "tickets", "format": "csv", "filter": {"page": 2}}), "bad_query"),
    ] {
        let refused = house.post("/api/v1/exports", &people.dispatcher, body).await;
        assert_eq!(refused.problem(), (422, code.to_owned()));
    }
}
