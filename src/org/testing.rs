//! For tests of the rooms above: a small city, and people in it.
use base::{Clock, Dice, UnitId};
use sqlx::PgPool;

use crate::login::Token;
use crate::staff::{self, NewStaff};
use crate::unit::{self, NewUnit};
use crate::{Level, Post, Role, Staff, UnitKind, login};

/// A city with one department and one county, which has a hub, a department and a street.
#[derive(Debug, Clone)]
pub struct City {
    pub hotline: Post,
    /// 市住房和城乡建设局
    pub housing: Post,
    /// 市教育局
    pub education: Post,
    /// 铁西区热线中心
    pub hub: Post,
    /// 铁西区住房和城乡建设局
    pub county_housing: Post,
    /// 仁兴街道办事处
    pub street: Post,
    /// 铁东区热线中心: another county's.
    pub other_hub: Post,
}

/// Lays the city.
pub async fn city(db: &PgPool, clock: &dyn Clock, dice: &dyn Dice) -> City {
    let add = async |parent: Option<UnitId>, name: &str, level, kind| -> Post {
        let new = NewUnit { parent, name: name.to_owned(), level, kind, demo: false };
        let mut tx = db.begin().await.expect("a database");
        let unit = unit::add(&mut tx, &new, clock, dice).await.expect("a unit");
        tx.commit().await.expect("a commit");
        unit.into()
    };
    let root = Some(add(None, "四平市人民政府", Level::City, UnitKind::Government).await.unit);
    let west = Some(add(root, "铁西区人民政府", Level::County, UnitKind::Government).await.unit);
    let east = Some(add(root, "铁东区人民政府", Level::County, UnitKind::Government).await.unit);
    City {
        hotline: add(root, "12345热线中心", Level::City, UnitKind::Hotline).await,
        housing: add(root, "市住房和城乡建设局", Level::City, UnitKind::Department).await,
        education: add(root, "市教育局", Level::City, UnitKind::Department).await,
        hub: add(west, "铁西区热线中心", Level::County, UnitKind::Hub).await,
        county_housing: add(west, "铁西区住房和城乡建设局", Level::County, UnitKind::Department)
            .await,
        street: add(west, "仁兴街道办事处", Level::Township, UnitKind::Street).await,
        other_hub: add(east, "铁东区热线中心", Level::County, UnitKind::Hub).await,
    }
}

/// Someone with these roles, who has no password.
pub async fn someone(
    name: &str,
    roles: &[Role],
    post: Option<&Post>,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Staff {
    let new = NewStaff {
        name: name.to_owned(),
        display_name: name.to_owned(),
        roles: roles.iter().copied().collect(),
        unit: post.map(|post| post.unit),
        ..NewStaff::default()
    };
    let mut tx = db.begin().await.expect("a database");
    let staff = staff::lay(&mut tx, &new, None, clock, dice).await.expect("a member of staff");
    tx.commit().await.expect("a commit");
    staff
}

/// Signs someone in without a password.
pub async fn sign_in(staff: &Staff, db: &PgPool, clock: &dyn Clock, dice: &dyn Dice) -> Token {
    login::open(staff, "127.0.0.1", &mut db.acquire().await.expect("a database"), clock, dice)
        .await
        .expect("a sign-in")
}
