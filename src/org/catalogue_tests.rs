//! The catalogue, categories, rosters and imports, with a database.
use std::sync::Arc;

use base::{Clock, ManualClock, SeededDice};
use chrono::{Days, TimeDelta};
use sqlx::PgPool;

use crate::catalogue::{self, Answer, Ban, Content, Entry};
use crate::category::{self, Category};
use crate::duty::{self, Officer, Part};
use crate::import::{self, Report, Sheet, What};
use crate::testing::{City, city, someone};
use crate::*;

struct House {
    db: PgPool,
    clock: Arc<ManualClock>,
    dice: Arc<SeededDice>,
    city: City,
    boss: Actor,
}

async fn house() -> House {
    let (clock, dice) = (Arc::<ManualClock>::default(), Arc::new(SeededDice::new(12345)));
    let db = db::testing::database().await;
    let city = city(&db, &*clock, &*dice).await;
    let boss = someone("boss", &[Role::Administrator], None, &db, &*clock, &*dice).await;
    House { db, clock, dice, city, boss: boss.actor() }
}

impl House {
    async fn category(&self, code: &str, name: &str) -> Category {
        let text =
            category::Text { code: code.to_owned(), name: name.to_owned(), ..Default::default() };
        category::save(&self.boss, None, text, &self.db, &*self.clock, &*self.dice).await.unwrap()
    }

    fn today(&self) -> chrono::NaiveDate {
        knowledge::today(self.clock.now())
    }

    async fn write(&self, from: chrono::NaiveDate, content: Content) -> catalogue::Version {
        catalogue::write(&self.boss, from, "", &content, &self.db, &*self.clock).await.unwrap()
    }

    async fn check(&self, category: &Category, unit: &Post) -> Answer {
        let db = &mut *self.db.acquire().await.unwrap();
        catalogue::check(db, category.id, unit.unit, self.clock.now()).await.unwrap()
    }

    async fn bring(&self, what: What, csv: &str, dry_run: bool) -> Report {
        let sheet = Sheet::csv(csv).unwrap();
        let (clock, dice) = (&*self.clock, &*self.dice);
        import::bring(what, &sheet, dry_run, &self.boss, &self.db, clock, dice).await.unwrap()
    }
}

fn entry(category: &Category, units: &[&Post]) -> Entry {
    Entry {
        category: category.id,
        district: None,
        units: units.iter().map(|post| post.unit).collect(),
    }
}

#[tokio::test]
async fn the_catalogue_says_who_is_listed_who_is_not_and_what_may_not_go_down() {
    let house = house().await;
    let heating = house.category("10", "供热").await;
    assert_eq!(house.check(&heating, &house.city.education).await, Answer::Listed, "none yet");
    let rule = "不得向乡镇（街道）派单".to_owned();
    let content = Content {
        entries: vec![entry(&heating, &[&house.city.housing, &house.city.street])],
        bans: vec![Ban { category: heating.id, rule: rule.clone() }],
    };
    house.write(house.today(), content).await;
    assert_eq!(house.check(&heating, &house.city.housing).await, Answer::Listed);
    assert_eq!(house.check(&heating, &house.city.education).await, Answer::NotListed);
    assert_eq!(house.check(&heating, &house.city.street).await, Answer::Forbidden { rule });
}

#[tokio::test]
async fn what_is_banned_for_a_category_is_banned_for_those_below_it() {
    let house = house().await;
    let above = house.category("17", "公安").await;
    let text = category::Text {
        code: "1701".to_owned(),
        name: "户籍".to_owned(),
        parent: Some(above.id),
        ..Default::default()
    };
    let below = category::save(&house.boss, None, text, &house.db, &*house.clock, &*house.dice);
    let below = below.await.unwrap();
    let bans = vec![Ban { category: above.id, rule: "公安机关职权".to_owned() }];
    house.write(house.today(), Content { entries: vec![], bans }).await;
    assert!(matches!(house.check(&below, &house.city.street).await, Answer::Forbidden { .. }));
}

#[tokio::test]
async fn a_version_holds_from_its_day_on_and_the_old_one_stays_readable() {
    let house = house().await;
    let heating = house.category("10", "供热").await;
    let with = |post| Content { entries: vec![entry(&heating, &[post])], bans: vec![] };
    house.write(house.today(), with(&house.city.housing)).await;
    house.write(house.today() + Days::new(7), with(&house.city.education)).await;
    assert_eq!(house.check(&heating, &house.city.education).await, Answer::NotListed);
    house.clock.advance(TimeDelta::days(7));
    assert_eq!(house.check(&heating, &house.city.education).await, Answer::Listed);
    let (first, content) =
        catalogue::read(Some(1), &house.db, &*house.clock).await.unwrap().unwrap();
    assert_eq!((first.version, content), (1, with(&house.city.housing)));
    let past = house.today() - Days::new(1);
    let late = with(&house.city.housing);
    let refused = catalogue::write(&house.boss, past, "", &late, &house.db, &*house.clock).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn only_who_keeps_the_catalogue_may_write_it() {
    let house = house().await;
    let agent = Actor { roles: [Role::Agent].into(), ..Actor::citizen() };
    let content = Content::default();
    let tried = catalogue::write(&agent, house.today(), "", &content, &house.db, &*house.clock);
    assert!(matches!(tried.await, Err(Error::Denied(_))));
}

#[tokio::test]
async fn the_districts_own_units_are_proposed_first() {
    let house = house().await;
    let heating = house.category("10", "供热").await;
    house.bring(What::Places, "name,kind,parent\n铁西区,区,\n仁兴街道,街道,铁西区\n", false).await;
    let street = place::search("仁兴", &house.db).await.unwrap().remove(0);
    let content = Content {
        entries: vec![
            entry(&heating, &[&house.city.housing]),
            Entry { district: street.parent, ..entry(&heating, &[&house.city.county_housing]) },
        ],
        bans: vec![],
    };
    house.write(house.today(), content).await;
    let db = &mut *house.db.acquire().await.unwrap();
    let now = house.clock.now();
    let named = catalogue::candidates(db, heating.id, Some(street.id), now).await.unwrap();
    assert_eq!(named, [house.city.county_housing.unit, house.city.housing.unit]);
    let anywhere = catalogue::candidates(db, heating.id, None, now).await.unwrap();
    assert_eq!(anywhere, [house.city.housing.unit]);
}

#[tokio::test]
async fn a_changed_category_keeps_its_earlier_versions() {
    let house = house().await;
    let heating = house.category("10", "供热").await;
    let text = category::Text {
        code: "10".to_owned(),
        name: "供暖".to_owned(),
        sensitive: true,
        ..Default::default()
    };
    let (clock, dice) = (&*house.clock, &*house.dice);
    let after =
        category::save(&house.boss, Some(heating.id), text, &house.db, clock, dice).await.unwrap();
    assert_eq!((after.version, after.sensitive), (2, true));
    let versions = category::versions(heating.id, &house.db).await.unwrap();
    let names: Vec<_> = versions.iter().map(|v| v.data["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["供暖", "供热"]);
}

#[tokio::test]
async fn whoever_is_on_duty_now_is_told_and_else_the_clerk() {
    let house = house().await;
    let now = house.clock.now();
    let officer = |post, name: &str, shift: Option<i64>| Officer {
        post,
        name: name.to_owned(),
        mobile: Some("13900000001".to_owned()),
        email: None,
        starts_at: shift.map(|hours| now + TimeDelta::hours(hours)),
        ends_at: shift.map(|hours| now + TimeDelta::hours(hours + 8)),
    };
    let officers = [
        officer(Part::Clerk, "经办", None),
        officer(Part::Duty, "夜班", Some(8)),
        officer(Part::Leader, "局长", None),
    ];
    let unit = house.city.housing.unit;
    duty::write(&house.boss, unit, &officers, &house.db, &*house.clock).await.unwrap();
    let db = &mut *house.db.acquire().await.unwrap();
    let on = async |db: &mut sqlx::PgConnection, at| {
        duty::on_duty(db, unit, at).await.unwrap().unwrap().name
    };
    assert_eq!(on(db, now).await, "经办");
    assert_eq!(on(db, now + TimeDelta::hours(9)).await, "夜班");
    assert_eq!(duty::leader(db, unit).await.unwrap().unwrap().name, "局长");
}

#[tokio::test]
async fn a_unit_keeps_its_own_roster_and_no_others() {
    let house = house().await;
    let post = &house.city.housing;
    let clerk =
        someone("clerk", &[Role::Clerk], Some(post), &house.db, &*house.clock, &*house.dice);
    let clerk = clerk.await.actor();
    duty::write(&clerk, post.unit, &[], &house.db, &*house.clock).await.unwrap();
    let other = house.city.education.unit;
    let refused = duty::write(&clerk, other, &[], &house.db, &*house.clock).await;
    assert!(matches!(refused, Err(Error::Denied(_))));
}

#[tokio::test]
async fn an_import_names_every_wrong_row_and_writes_nothing() {
    let house = house().await;
    let csv = "名称,层级,类型,上级单位\n市水务局,市级,部门,四平市人民政府\n县水务局,县级,部门,无此政府\n,市级,部门,\n市林业局,省级,部门,四平市人民政府\n";
    let report = house.bring(What::Units, csv, false).await;
    let first: Vec<_> = report.errors.iter().map(|e| (e.row, e.column.as_str())).collect();
    assert_eq!(first, [(4, "name")], "empty cells are told before anything is tried");
    let csv = csv.replace("\n,市级,部门,\n", "\n");
    let report = house.bring(What::Units, &csv, false).await;
    let wrong: Vec<_> = report.errors.iter().map(|e| (e.row, e.column.as_str())).collect();
    assert_eq!(wrong, [(3, "parent"), (4, "level")]);
    let units = unit::all(&house.db).await.unwrap();
    assert!(!units.iter().any(|unit| unit.name == "市水务局"));
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_and_keeps_nothing() {
    let house = house().await;
    let csv = "name,level,kind,parent\n市水务局,市级,部门,四平市人民政府\n市教育局,city,department,四平市人民政府\n";
    let report = house.bring(What::Units, csv, true).await;
    assert_eq!((report.rows, report.created, report.updated, report.errors.len()), (2, 1, 1, 0));
    assert!(!unit::all(&house.db).await.unwrap().iter().any(|unit| unit.name == "市水务局"));
    house.bring(What::Units, csv, false).await;
    assert!(unit::all(&house.db).await.unwrap().iter().any(|unit| unit.name == "市水务局"));
}

#[tokio::test]
async fn every_kind_of_table_can_be_brought_in_and_again() {
    let house = house().await;
    let tables = [
        (What::Places, "名称,类型,上级地点,别名\n铁西区,区,,\n仁兴街道,街道,铁西区,仁兴\n"),
        (
            What::Knowledge,
            "标题,答复,发布单位,关键词,有效期至\n供热温度,不低于18度,市住建局,暖气;供暖,2027/04/10\n",
        ),
        (
            What::Categories,
            "代码,名称,上级代码,主办单位,默认类型,敏感,备选单位,知识条目,表单\n10,公用事业,,,,,,,\n1001,供热,10,市住房和城乡建设局,求助,是,市教育局,供热温度,*temperature:室内温度\n",
        ),
        (
            What::People,
            "登录名,姓名,工号,角色,单位,技能\nzhang,张三,,承办单位经办人,市教育局,\nli,李四,1088,agent,,general;utility\n",
        ),
        (
            What::Catalogue,
            "类别代码,区域,承办单位,基层禁派依据\n1001,,市住房和城乡建设局,不得向街道派单\n1001,铁西区,铁西区住房和城乡建设局,\n",
        ),
    ];
    for (what, csv) in tables {
        let report = house.bring(what, csv, false).await;
        assert_eq!((report.created, &report.errors), (report.rows, &vec![]), "{what:?}");
    }
    for (what, csv) in tables {
        let report = house.bring(what, csv, false).await;
        assert_eq!(report.errors, vec![], "{what:?}");
        assert_eq!(report.updated + report.created, report.rows, "{what:?}");
    }
    let all = category::all(&house.db).await.unwrap();
    let heating = all.iter().find(|category| category.code == "1001").unwrap();
    assert_eq!(heating.kind.as_deref(), Some("help"));
    assert!(heating.sensitive && heating.form[0].required && heating.knowledge.is_some());
    assert!(matches!(house.check(heating, &house.city.street).await, Answer::Forbidden { .. }));
}

#[tokio::test]
async fn an_unknown_column_is_named() {
    let house = house().await;
    let report = house.bring(What::Places, "name,kind,height\n铁西区,区,3\n", false).await;
    assert_eq!((report.errors[0].row, report.errors[0].column.as_str()), (1, "height"));
}

#[tokio::test]
async fn a_place_is_found_by_two_characters_of_its_name_alias_or_path() {
    let house = house().await;
    let csv = "name,kind,parent,aliases\n铁西区,区,,\n仁兴街道,街道,铁西区,老市场\n阳光小区,小区,仁兴街道,\n";
    house.bring(What::Places, csv, false).await;
    let names = async |q: &str| -> Vec<String> {
        place::search(q, &house.db).await.unwrap().into_iter().map(|p| p.name).collect()
    };
    assert_eq!(names("阳光").await, ["阳光小区"]);
    assert_eq!(names("老市").await, ["仁兴街道", "阳光小区"][..1]);
    assert_eq!(names("仁兴 小区").await, ["阳光小区"]);
    assert!(names("市老").await.is_empty());
}
