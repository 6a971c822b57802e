//! The lists that come as files.
use super::*;

#[tokio::test]
async fn a_place_without_its_parent_above_is_named_by_line_and_nothing_of_the_file_is_kept() {
    let house = house().await;
    let text =
        "name,kind,parent,aliases,source\n铁西区,区,四平市,,public\n阳光小区,小区,仁兴街道,,demo\n";
    let mut tx = house.db.begin().await.unwrap();
    let refused = place::import(
        &mut tx,
        "gazetteer.csv",
        text.as_bytes(),
        false,
        &*house.clock,
        &*house.dice,
    )
    .await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "gazetteer.csv:3: parent: there is no place \"仁兴街道\" above"
    );
    tx.rollback().await.unwrap();
    assert!(place::search("", &house.db).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_place_of_the_same_name_elsewhere_is_another_place() {
    let house = house().await;
    let text = "name,kind,parent,aliases,source\n铁西区,区,四平市,,p\n花园小区,小区,铁西区,,p\n\
        铁东区,区,四平市,,p\n花园小区,小区,铁东区,,p\n";
    let mut db = house.db.acquire().await.unwrap();
    for new in [4, 0] {
        let count =
            place::import(&mut db, "g.csv", text.as_bytes(), false, &*house.clock, &*house.dice)
                .await;
        assert_eq!(count.unwrap(), new);
    }
    let found = place::search("花园", &house.db).await.unwrap();
    let paths: Vec<_> = found.iter().map(|place| place.path.as_str()).collect();
    assert_eq!(paths, ["铁东区 花园小区", "铁西区 花园小区"]);
}

#[tokio::test]
async fn a_category_below_one_that_is_not_there_is_named_by_line() {
    let house = house().await;
    let text = "code,name,parent,unit\n10,公用事业,,\n1101,物业,11,\n";
    let mut db = house.db.acquire().await.unwrap();
    let refused = category::import(
        &mut db,
        "categories.csv",
        text.as_bytes(),
        false,
        &*house.clock,
        &*house.dice,
    )
    .await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "categories.csv:3: parent: there is no category \"11\" above"
    );
}
