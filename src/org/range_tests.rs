//! The rule for one thing and the condition of lists are one.
use super::*;
use base::UnitId;

/// The units of the database that a list with this range shows.
async fn listed(range: &Range, db: &PgPool) -> Vec<UnitId> {
    let mut query = QueryBuilder::<Postgres>::new("select unit.id from unit where ");
    range.push(&mut query, "unit.id");
    query.push(" order by unit.path");
    query.build_query_scalar().fetch_all(db).await.unwrap()
}

#[tokio::test]
async fn a_list_shows_exactly_what_the_test_of_one_thing_allows() {
    let house = house().await;
    let city = house.city().await;
    // A sibling whose path has the county's as a prefix of its text must not slip in.
    let units = unit::all(&house.db).await.unwrap();
    let mut ranges = vec![Range::City, Range::Nothing, Range::below("00"), Range::below("001")];
    for post in [&city.hub, &city.other_hub, &city.street, &city.housing] {
        for role in [Role::Hub, Role::Clerk, Role::Leader, Role::Agent] {
            let actor =
                Actor { roles: [role].into(), post: Some(post.clone()), ..Actor::citizen() };
            ranges.push(actor.range());
        }
    }
    ranges.extend(units.iter().map(|unit| Range::below(&unit.path)));
    ranges.extend(units.iter().map(|unit| Range::Unit(unit.id)));
    for range in ranges {
        let allowed: Vec<_> = units
            .iter()
            .filter(|unit| range.covers([&Post::from((*unit).clone())]))
            .map(|unit| unit.id)
            .collect();
        assert_eq!(listed(&range, &house.db).await, allowed, "{range:?}");
    }
}
