//! The administrator's pages.
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
    let change = async |seen: i64, body: Value| {
        house.send_over(Method::PATCH, &path, &admin, seen, body).await.json()
    };
    assert_eq!(change(1, json!({ "display_name": "新名" })).await["unit"]["name"], "12345热线中心");
    assert_eq!(change(2, json!({ "unit_id": null })).await["unit"], Value::Null);
}

#[tokio::test]
async fn the_slower_of_two_administrators_learns_what_the_other_changed() {
    let house = house().await;
    let (_, admin) = house.signed_in("admin", Role::Administrator, None).await;
    let (agent, _) = house.signed_in("agent", Role::Agent, None).await;
    let path = format!("/api/v1/people/{}", agent.id);
    let rename = |name: &str| json!({ "display_name": name });
    let blind = house.send(Method::PATCH, &path, &admin, rename("王芳")).await;
    assert_eq!(blind.problem(), (428, "if_match_required".to_owned()));
    let first = house.send_over(Method::PATCH, &path, &admin, 1, rename("王芳")).await;
    assert_eq!(first.json()["version"], 2, "{}", first.text);
    let late = house.send_over(Method::PATCH, &path, &admin, 1, rename("李丽")).await;
    assert_eq!(late.problem(), (412, "changed".to_owned()));
    let told = late.json();
    assert_eq!(told["now"]["display_name"], "王芳");
    assert_eq!(told["changed"][0]["by"], "admin");
    assert_eq!(told["changed"][0]["details"]["after"]["display_name"], "王芳");
}

#[tokio::test]
async fn an_entry_of_knowledge_is_revised_only_over_the_version_that_was_seen() {
    let house = house().await;
    let (_, cookie) = house.signed_in("supervisor", Role::Supervisor, None).await;
    let text = |answer: &str| json!({ "title": "供热投诉", "answer": answer, "issuer": "市住建局", "valid_until": null });
    let made = house.post("/api/v1/knowledge", &cookie, text("请拨打供热公司电话")).await.json();
    let path = format!("/api/v1/knowledge/{}", made["id"].as_str().unwrap());
    let blind = house.send(Method::PUT, &path, &cookie, text("一")).await;
    assert_eq!(blind.problem(), (428, "if_match_required".to_owned()));
    let first = house.send_over(Method::PUT, &path, &cookie, 1, text("二")).await;
    assert_eq!(first.json()["version"], 2, "{}", first.text);
    let late = house.send_over(Method::PUT, &path, &cookie, 1, text("三")).await;
    assert_eq!(late.problem(), (412, "changed".to_owned()));
    let told = late.json();
    assert_eq!((&told["now"]["answer"], &told["version"]), (&json!("二"), &json!(2)));
    assert_eq!(told["changed"][0]["act"], "knowledge_revised");
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
    let new = json!({ "name": "admin", "display_name": "另一位", "roles": [], "unit_id": null });
    assert_eq!(
        house.post("/api/v1/people", &admin, new).await.problem(),
        (409, "taken".to_owned())
    );
}
