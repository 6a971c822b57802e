use std::sync::Mutex;

use base::ManualClock;
use serde_json::json;

use super::*;

struct Room {
    db: PgPool,
    clock: Arc<ManualClock>,
    worker: Worker,
}

async fn room() -> Room {
    let (db, clock) = (crate::testing::database().await, Arc::new(ManualClock::default()));
    let worker = Worker::new(db.clone(), clock.clone(), &["sms"], Rules::default());
    Room { db, clock, worker }
}

impl Room {
    fn job(&self, text: &str) -> NewJob {
        let (payload, run_at) = (json!(text), self.clock.now());
        NewJob { kind: "sms", payload, run_at, order_key: None, once_key: None }
    }

    async fn add(&self, job: &NewJob) -> bool {
        add(&mut self.db.acquire().await.unwrap(), job, self.clock.now()).await.unwrap()
    }

    /// Does one job with this result; gives what it was.
    async fn step(&self, result: Result<(), Failure>) -> Option<String> {
        let seen = Mutex::new(None);
        let mut handle = |job: Job| {
            *seen.lock().unwrap() = job.payload.as_str().map(str::to_owned);
            std::future::ready(result.clone())
        };
        let worked = self.worker.step(&mut handle).await.unwrap();
        let seen = seen.lock().unwrap().clone();
        assert_eq!(worked, seen.is_some());
        seen
    }
}

fn failed() -> Result<(), Failure> {
    Err(Failure::Retry("busy".to_owned()))
}

#[tokio::test]
async fn a_done_job_leaves_the_table() {
    let room = room().await;
    room.add(&room.job("one")).await;
    assert_eq!(room.step(Ok(())).await.as_deref(), Some("one"));
    assert_eq!(counts(&room.db).await.unwrap(), (0, 0));
}

#[tokio::test]
async fn a_failed_job_comes_again_after_a_pause_that_doubles() {
    let room = room().await;
    room.add(&room.job("one")).await;
    for pause in [5, 10, 20] {
        assert!(room.step(failed()).await.is_some());
        room.clock.advance(TimeDelta::seconds(pause - 1));
        assert_eq!(room.step(Ok(())).await, None);
        room.clock.advance(TimeDelta::seconds(1));
    }
    assert!(room.step(Ok(())).await.is_some());
}

#[tokio::test]
async fn a_job_that_fails_too_often_stays_for_a_person() {
    let room = room().await;
    room.add(&room.job("one")).await;
    for _ in 0..12 {
        assert!(room.step(failed()).await.is_some());
        room.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(room.step(Ok(())).await, None);
    assert_eq!(counts(&room.db).await.unwrap(), (0, 1));
}

#[tokio::test]
async fn jobs_of_one_order_key_keep_their_order_even_when_the_first_fails() {
    let room = room().await;
    let ordered = |text| NewJob { order_key: Some("ticket".to_owned()), ..room.job(text) };
    room.add(&ordered("first")).await;
    room.add(&ordered("second")).await;
    room.add(&room.job("other")).await;
    assert_eq!(room.step(failed()).await.as_deref(), Some("first"));
    assert_eq!(room.step(Ok(())).await.as_deref(), Some("other"));
    assert_eq!(room.step(Ok(())).await, None);
    room.clock.advance(TimeDelta::seconds(5));
    assert_eq!(room.step(Ok(())).await.as_deref(), Some("first"));
    assert_eq!(room.step(Ok(())).await.as_deref(), Some("second"));
}

#[tokio::test]
async fn a_job_is_added_once_per_key() {
    let room = room().await;
    let once = NewJob { once_key: Some("receipt-1".to_owned()), ..room.job("one") };
    assert!(room.add(&once).await);
    assert!(!room.add(&once).await);
}

#[tokio::test]
async fn a_job_whose_worker_died_is_done_by_another() {
    let room = room().await;
    room.add(&room.job("one")).await;
    let now = room.clock.now();
    let mut db = room.db.acquire().await.unwrap();
    let kinds = ["sms".to_owned()];
    let dead =
        store::claim(&mut db, &kinds, now, now + TimeDelta::seconds(60)).await.unwrap().unwrap();
    assert_eq!(room.step(Ok(())).await, None);
    room.clock.advance(TimeDelta::seconds(60));
    assert_eq!(room.step(failed()).await.as_deref(), Some("one"));
    // what the dead worker would still say changes nothing
    store::done(&mut db, (dead.id, dead.attempt)).await.unwrap();
    assert_eq!(counts(&room.db).await.unwrap(), (1, 0));
}

#[tokio::test]
async fn two_workers_never_claim_the_same_job() {
    let room = room().await;
    for n in 0..20 {
        room.add(&room.job(&n.to_string())).await;
    }
    let (now, kinds) = (room.clock.now(), ["sms".to_owned()]);
    let until = now + TimeDelta::seconds(60);
    let mut claimed = Vec::new();
    for _ in 0..10 {
        let (mut one, mut two) = (room.db.begin().await.unwrap(), room.db.begin().await.unwrap());
        claimed.extend(store::claim(&mut one, &kinds, now, until).await.unwrap());
        claimed.extend(store::claim(&mut two, &kinds, now, until).await.unwrap());
        one.commit().await.unwrap();
        two.commit().await.unwrap();
    }
    claimed.sort_by_key(|job| job.id);
    claimed.dedup_by_key(|job| job.id);
    assert_eq!(claimed.len(), 20);
}
