//! What a start finds of a run that was killed.
use std::fs;
use std::path::Path;
use std::sync::Arc;

use base::{AgentId, CallId, Clock, Dice, ManualClock, PhoneNumber, SeededDice};
use chrono::TimeDelta;
use org::{Keys, Persons, Role};
use sqlx::{PgPool, Row};

use crate::testing::{Switchboard, switchboard};
use crate::{Config, Direction, Entry, Facts, Past, Recordings, Sound, put_away, recover};

struct House {
    db: PgPool,
    clock: Arc<ManualClock>,
    persons: Persons,
    board: Switchboard,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let db = db::testing::database().await;
        let clock = Arc::new(ManualClock::default());
        let dice: Arc<dyn Dice> = Arc::new(SeededDice::new(5));
        let persons = Persons::new(Arc::new(Keys::random(&*dice)), clock.clone(), dice.clone());
        let folder = tempfile::tempdir().unwrap();
        let board = switchboard(folder.path(), persons.clone(), clock.clone(), dice);
        Self { db, clock, persons, board, _folder: folder }
    }

    async fn agent(&self) -> AgentId {
        let dice = SeededDice::new(6);
        let roles = [Role::Agent];
        let someone = org::testing::someone("agent", &roles, None, &self.db, &*self.clock, &dice);
        someone.await.id.into()
    }

    /// A call that was going on when the last run was killed.
    async fn cut(&self, n: u8, direction: Direction, agent: Option<AgentId>) -> CallId {
        let now = self.clock.now();
        let id = CallId::new(now, [n; 10]);
        let number: PhoneNumber = format!("1380000000{n}").parse().unwrap();
        let facts = Facts {
            id,
            direction,
            hotline: "12345".into(),
            hotline_name: "政务服务便民热线".into(),
            dialled: "12345".into(),
            trunk: Some("carrier".into()),
            withheld: false,
            invite_at: now,
            queued_at: Some(now),
            answered_at: agent.map(|_| now + TimeDelta::seconds(9)),
            talk_ended_at: None,
            ended_at: None,
            agent,
            ending: None,
            rating: None,
            callback: None,
            errand: None,
            demo: false,
        };
        let caller = Some(self.persons.seal_number(&number, id.uuid().as_bytes()));
        let entry = Entry::Call { rev: 1, facts: Box::new(facts), caller };
        crate::store::write(&entry, &self.db, &self.persons).await.unwrap();
        id
    }

    fn recorded(&self, call: CallId, bytes: &[u8]) -> String {
        let name = Recordings::name(call, self.clock.now());
        let plain = self.board.recordings.plain(&name);
        fs::create_dir_all(plain.parent().unwrap()).unwrap();
        fs::write(plain, bytes).unwrap();
        name
    }

    /// Starts again; back when nothing is left to be done.
    async fn start(&self) {
        self.clock.advance(TimeDelta::minutes(1));
        let past = Past {
            spool: self.board.spool.clone(),
            recordings: self.board.recordings.clone(),
            db: self.db.clone(),
            config: Config::default(),
            clock: self.clock.clone(),
        };
        let drain =
            self.board.spool.drain(async |record| put_away(record, &self.db, &self.persons).await);
        let quiet = async {
            while self.count("from call_record where ended_at is null").await > 0
                || !self.board.recordings.left(std::time::Duration::ZERO).unwrap().is_empty()
            {
                tokio::task::yield_now().await;
            }
            self.board.spool.drained().await;
        };
        tokio::select! {
            () = recover(self.board.calls.clone(), past) => {}
            () = drain => {}
            () = quiet => {}
        }
    }

    async fn count(&self, what: &str) -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) {what}"));
        sqlx::query(sql).fetch_one(&self.db).await.unwrap().get(0)
    }
}

/// A recording as a kill leaves it: the header knows less than there is, and a moment is torn.
fn torn() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.wav");
    fs::write(&path, []).unwrap();
    media::repair(&path).unwrap(); // a header alone
    let mut bytes = fs::read(&path).unwrap();
    bytes.resize(bytes.len() + 32_000 + 3, 1);
    bytes
}

#[tokio::test]
async fn a_kill_with_one_caller_waiting_and_one_in_talk_leaves_whole_records_and_two_to_call_back()
{
    let house = House::open().await;
    let agent = house.agent().await;
    let waiting = house.cut(1, Direction::In, None).await;
    let talking = house.cut(2, Direction::In, Some(agent)).await;
    let name = house.recorded(talking, &torn());
    house.start().await;
    let stopped = "from call_record where ending = 'stopped' and ended_at is not null";
    assert_eq!(house.count(stopped).await, 2);
    assert_eq!(house.count("from call_event where what = 'ended'").await, 2);
    for call in [waiting, talking] {
        let open = format!("from callback_task where done_at is null and call_id = '{call}'");
        assert_eq!(house.count(&open).await, 1);
    }
    let listed = format!("from recording where call_id = '{talking}' and millis = 1000");
    assert_eq!(house.count(&listed).await, 1);
    let sound = house.board.recordings.open(&name).unwrap().unwrap();
    assert!(matches!(sound, Sound::Sealed(_)));
    assert_eq!(sound.length().unwrap(), 44 + 32_000);
}

#[tokio::test]
async fn a_recording_closed_but_not_sealed_is_sealed_at_the_next_start() {
    let house = House::open().await;
    let agent = house.agent().await;
    let call = house.cut(1, Direction::In, Some(agent)).await;
    let name = house.recorded(call, &torn());
    house.start().await;
    assert!(!Path::new(&house.board.recordings.plain(&name)).exists());
    // and the one after it finds nothing to do
    house.start().await;
    assert_eq!(house.count("from callback_task").await, 1);
    assert_eq!(house.count("from call_event where what = 'ended'").await, 1);
}

#[tokio::test]
async fn a_recording_of_a_call_nobody_knows_is_sealed_and_not_listed() {
    let house = House::open().await;
    let call = CallId::new(house.clock.now(), [7; 10]);
    let name = house.recorded(call, &torn());
    house.start().await;
    assert!(matches!(house.board.recordings.open(&name), Ok(Some(Sound::Sealed(_)))));
    assert_eq!(house.count("from recording").await, 0);
}
