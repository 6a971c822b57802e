//! `kill -9` at each await of a transition. Whatever a transition awaits is an exchange with the
//! database: a child process takes it through a relay that ends the child at the n-th thing it sends,
//! before it arrives or after it was answered, for every n until the child comes to its end. Then
//! the transition is asked for again, as after a restart. However it was cut, nothing is missing,
//! nothing is there twice, and history, limits and notices are those of a life that nobody cut.
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use base::{SeededDice, StaffId, UnitId};
use db::jobs;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::*;

/// What is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Transition {
    Accept,
    Dispatch,
    Add,
    Tick,
    Send,
    Work,
}

/// Where the child begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Case {
    transition: Transition,
    socket: PathBuf,
    database: String,
    /// Minutes after nine o'clock.
    minutes: i64,
    key: u128,
    ticket: Option<TicketId>,
    version: i64,
    staff: StaffId,
    role: Role,
    to: UnitId,
    folder: PathBuf,
}

/// When the cut falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// What is sent never arrives.
    Before,
    /// It is done, and the child never learns of it.
    After,
}

const BEGINS: &str = "select 'the transition begins'";
const CASE: &str = "LIANXIN_TEST_CASE";

/// Both sides know the same citizens.
fn workflow(db: &PgPool, clock: &Arc<ManualClock>) -> (Workflow, Persons) {
    let dice = Arc::new(SystemDice);
    let keys = Arc::new(Keys::random(&SeededDice::new(5)));
    let persons = Persons::new(keys, clock.clone(), dice.clone());
    let notices = Notices::new(notice::Templates::built_in(), dice.clone(), false);
    let rules = ticket::RuleBook::built_in();
    let workflow = Workflow::new(db.clone(), clock.clone(), dice, persons.clone(), rules, notices);
    (workflow, persons)
}

/// Takes the transition once, to its end.
async fn take(case: &Case, db: &PgPool) -> Result<(), Error> {
    let clock = Arc::new(ManualClock::default());
    clock.advance(TimeDelta::minutes(case.minutes));
    let (workflow, persons) = workflow(db, &clock);
    let (staff, name) = (Some(case.staff), "某人".to_owned());
    let actor = Actor { staff, name, roles: [case.role].into(), post: None };
    sqlx::query(BEGINS).execute(db).await?;
    let step = |action| Step::because(action, "按规定办理");
    let ticket = || case.ticket.expect("prepared");
    match case.transition {
        Transition::Accept => drop(workflow.accept(&actor, intake(case.key)).await?),
        Transition::Dispatch => {
            let action = Action::Dispatch { unit_id: case.to, assisting: vec![] };
            drop(workflow.act(&actor, ticket(), case.version, &step(action)).await?);
        }
        Transition::Add => {
            drop(workflow.add(&actor, ticket(), "还是不热", None).await?);
        }
        Transition::Tick => while workflow.fire_due().await? > 0 {},
        Transition::Send => {
            let config = notice::Config {
                sms: notice::Sms::Folder { path: case.folder.join("sms") },
                mail: notice::Mail::Folder {
                    path: case.folder.join("mail"),
                    from: "热线 <hotline@example.cn>".to_owned(),
                },
                quiet_hours: false,
            };
            let sender = notice::Sender::new(config, db.clone(), clock, persons)?;
            while sender.send_due().await? > 0 {}
        }
        Transition::Work => {
            let worker = jobs::Worker::new(db.clone(), clock, &["test"], jobs::Rules::default());
            let folder = case.folder.clone();
            let mut done = |job: jobs::Job| {
                let file = folder.join(job.payload["key"].to_string());
                std::future::ready(std::fs::write(file, "done").map_err(jobs::Failure::from))
            };
            while worker.step(&mut done).await? {}
        }
    }
    Ok(())
}

/// Run by the tests below in a process of its own; alone it does nothing.
#[tokio::test]
#[ignore = "the other side of the tests in this file"]
async fn child() {
    #[expect(clippy::disallowed_methods, reason = "the parent passes the case")]
    let Ok(text) = std::env::var(CASE) else { return };
    let case: Case = serde_json::from_str(&text).unwrap();
    take(&case, &pool(&case.socket, &case.database)).await.unwrap();
}

fn pool(socket: &Path, database: &str) -> PgPool {
    let way = PgConnectOptions::new_without_pgpass().socket(socket);
    let way =
        way.username("lianxin_app").database(database).options([("lianxin.viewer", "system")]);
    PgPoolOptions::new().max_connections(2).connect_lazy_with(way)
}

/// Between the child and the database.
struct Relay {
    folder: tempfile::TempDir,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    child: Mutex<Option<Child>>,
    begun: AtomicBool,
    sent: AtomicU32,
    cut: AtomicU32,
    after: AtomicBool,
    killed: AtomicBool,
}

impl State {
    fn kill(&self) {
        if let Some(child) = self.child.lock().unwrap().as_mut() {
            child.kill().unwrap();
        }
        self.killed.store(true, SeqCst);
    }
}

impl Relay {
    fn new(database: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let door = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let state = Arc::new(State::default());
        let shared = state.clone();
        thread::spawn(move || {
            for client in door.incoming() {
                let (client, state) = (client.unwrap(), shared.clone());
                let server = UnixStream::connect(&database).unwrap();
                let (answers, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let told = state.clone();
                thread::spawn(move || questions(client, server, &state));
                thread::spawn(move || answer(answers, to, &told));
            }
        });
        Self { folder, state }
    }

    /// Runs the child, and cuts at the n-th thing that it sends; whether it came to its end.
    fn run(&self, case: &Case, cut: Cut, n: u32) -> bool {
        let state = &self.state;
        let case = Case { socket: self.folder.path().to_owned(), ..case.clone() };
        for flag in [&state.begun, &state.killed] {
            flag.store(false, SeqCst);
        }
        state.sent.store(0, SeqCst);
        state.cut.store(n, SeqCst);
        state.after.store(cut == Cut::After, SeqCst);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "tests::kill_tests::child", "--ignored", "--nocapture"]);
        command.env(CASE, serde_json::to_string(&case).unwrap());
        // held until the child is known: a relay that wants to kill it waits
        let mut held = state.child.lock().unwrap();
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        *held = Some(child);
        drop(held);
        loop {
            let ended = state.child.lock().unwrap().as_mut().unwrap().try_wait().unwrap();
            let Some(status) = ended else {
                thread::sleep(std::time::Duration::from_millis(1));
                continue;
            };
            let mut said = String::new();
            let mut child = state.child.lock().unwrap().take().unwrap();
            child.wait().unwrap();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert!(status.success() || status.signal() == Some(9), "{said}");
            assert!(state.begun.load(SeqCst), "the child did nothing: {said}");
            return status.success();
        }
    }
}

fn questions(mut from: UnixStream, mut to: UnixStream, state: &State) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        let begun = state.begun.load(SeqCst);
        let is = |n: u32| begun && n == state.cut.load(SeqCst);
        let n = if begun { state.sent.fetch_add(1, SeqCst) + 1 } else { 0 };
        if is(n) && !state.after.load(SeqCst) {
            state.kill();
            break;
        }
        if to.write_all(&chunk[..read]).is_err() {
            break;
        }
    }
    drop(to.shutdown(std::net::Shutdown::Both));
}

fn answer(mut from: UnixStream, mut to: UnixStream, state: &State) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        let reached = state.begun.load(SeqCst) && state.sent.load(SeqCst) >= state.cut.load(SeqCst);
        if reached && state.after.load(SeqCst) {
            state.kill();
            break;
        }
        if chunk[..read].windows(21).any(|at| at == b"the transition begins") {
            state.begun.store(true, SeqCst);
        }
        if to.write_all(&chunk[..read]).is_err() {
            break;
        }
    }
    drop(to.shutdown(std::net::Shutdown::Both));
    drop(from.shutdown(std::net::Shutdown::Both));
}

/// A house, and the way to make a case for each cut.
struct Ground {
    house: House,
    relay: Relay,
    folder: tempfile::TempDir,
    people: HashMap<Role, Actor>,
}

impl Ground {
    async fn new() -> Self {
        let db = db::testing::database().await;
        let mut house = House::of(db.clone()).await;
        house.workflow = workflow(&db, &house.clock).0;
        let socket = db.connect_options().get_socket().unwrap().join(".s.PGSQL.5432");
        let mut people = HashMap::new();
        for role in [Role::Agent, Role::Dispatcher] {
            let person = house.person(role.as_str(), role, None).await;
            people.insert(role, person);
        }
        let folder = tempfile::tempdir().unwrap();
        Self { house, relay: Relay::new(socket), folder, people }
    }

    /// The state before the transition.
    async fn prepare(&self, transition: Transition, n: u32) -> Case {
        use Transition as T;
        let key = u128::from(n);
        let mut ticket = None;
        if !matches!(transition, T::Accept | T::Work) {
            ticket = Some(self.house.accepted(&self.people[&Role::Agent], intake(key)).await);
        }
        if let (T::Tick, Some(accepted)) = (transition, &ticket) {
            let to = send(&self.house.city.housing);
            let step = Step::because(to, "按规定办理");
            let dispatcher = &self.people[&Role::Dispatcher];
            let sent = self.house.workflow.act(dispatcher, accepted.id, accepted.version, &step);
            ticket = Some(sent.await.unwrap());
        }
        let folder = self.folder.path().join(n.to_string());
        std::fs::create_dir(&folder).unwrap();
        let now = self.house.clock.now();
        if transition == T::Work {
            let (payload, once_key) = (serde_json::json!({ "key": n }), Some(n.to_string()));
            let job =
                jobs::NewJob { kind: "test", payload, run_at: now, order_key: None, once_key };
            jobs::add(&mut self.house.db.acquire().await.unwrap(), &job, now).await.unwrap();
        }
        let role = if transition == T::Dispatch { Role::Dispatcher } else { Role::Agent };
        let actor = &self.people[&role];
        Case {
            transition,
            socket: PathBuf::new(),
            database: self.house.db.connect_options().get_database().unwrap().to_owned(),
            // two days later the signature is late; nothing else is waited for
            minutes: if transition == T::Tick { 2 * 24 * 60 } else { 1 },
            key,
            version: ticket.as_ref().map_or(0, |ticket| ticket.version),
            ticket: ticket.map(|ticket| ticket.id),
            staff: actor.staff.unwrap(),
            role,
            to: self.house.city.housing.unit,
            folder,
        }
    }

    async fn ticket(&self, case: &Case) -> Option<TicketId> {
        let db = &mut *self.house.db.acquire().await.unwrap();
        let key = uuid::Uuid::from_u128(case.key);
        ticket::by_key(db, key).await.unwrap().filter(|_| case.transition != Transition::Work)
    }

    /// PostgreSQL learns of a dead client in its own time; until then its locks hold.
    async fn let_the_dead_go(&self) {
        const BUSY: &str =
            "select count(*) from pg_stat_activity where datname = current_database()
            and pid <> pg_backend_pid() and state <> 'idle'";
        let db = &mut *self.house.db.acquire().await.unwrap();
        while sqlx::query_scalar::<_, i64>(BUSY).fetch_one(&mut *db).await.unwrap() > 0 {}
    }

    /// Half a thing is never to be seen.
    async fn check(&self, case: &Case) {
        let Some(id) = self.ticket(case).await else { return };
        let db = &mut *self.house.db.acquire().await.unwrap();
        let found = ticket::examine(db, id).await.unwrap();
        assert!(found.wrong.is_empty() && !found.old, "{case:?}: {found:?}");
    }

    /// As after a restart, when leases of the dead have run out.
    async fn again(&self, case: &Case) {
        let minutes = case.minutes + if case.ticket.is_none() { 0 } else { 3 };
        let minutes = if case.transition == Transition::Work { minutes + 2 } else { minutes };
        let again = Case { minutes, ..case.clone() };
        match Box::pin(take(&again, &self.house.db)).await {
            Ok(()) | Err(Error::Stale { .. }) => {}
            Err(error) => panic!("{case:?}: {error}"),
        }
    }

    /// What came of it, in words that do not depend on where it was cut.
    async fn outcome(&self, case: &Case) -> Vec<String> {
        let db = &mut *self.house.db.acquire().await.unwrap();
        let count = |name: &str| {
            let folder = std::fs::read_dir(case.folder.join(name));
            format!("{name} {}", folder.map_or(0, Iterator::count))
        };
        let mut words = vec![count("sms"), count("mail"), count("")];
        let (waiting, given_up) = jobs::counts(&self.house.db).await.unwrap();
        words.push(format!("jobs {waiting} {given_up}"));
        let Some(id) = self.ticket(case).await else { return words };
        for event in ticket::history(db, id).await.unwrap() {
            words.push(format!("{} {} {}", event.seq, event.action, event.to.word()));
        }
        let filter = notice::Filter { ticket: Some(id), most: 100, ..Default::default() };
        let mut notices: Vec<_> = notice::list(db, &filter).await.unwrap();
        notices.sort_by_key(|row| (row.template.clone(), row.kind.clone()));
        words.extend(notices.iter().map(|n| format!("{} {} {}", n.template, n.kind, n.state)));
        words
    }
}

async fn is_never_half_done(transition: Transition) {
    let ground = Box::pin(Ground::new()).await;
    let mut number = 0;
    for cut in [Cut::Before, Cut::After] {
        let mut outcomes = Vec::new();
        for n in 1.. {
            number += 1;
            let case = ground.prepare(transition, number).await;
            let whole = ground.relay.run(&case, cut, n);
            ground.let_the_dead_go().await;
            ground.check(&case).await;
            // a second addition is another addition: its caller asks whether the first is there
            let is_done = transition == Transition::Add && ground.is_added(&case).await;
            if !(whole || is_done) {
                ground.again(&case).await;
                ground.check(&case).await;
            }
            outcomes.push(ground.outcome(&case).await);
            if whole {
                break;
            }
        }
        assert!(outcomes.len() > 3, "{transition:?} was cut {} times only", outcomes.len());
        let undisturbed = outcomes.last().unwrap();
        for (n, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome, undisturbed, "{cut:?} {}", n + 1);
        }
    }
}

impl Ground {
    async fn is_added(&self, case: &Case) -> bool {
        let db = &mut *self.house.db.acquire().await.unwrap();
        let events = ticket::history(db, case.ticket.unwrap()).await.unwrap();
        events.iter().any(|event| event.action == "addition")
    }
}

#[tokio::test]
async fn a_killed_acceptance_is_never_half_done() {
    is_never_half_done(Transition::Accept).await;
}

#[tokio::test]
async fn a_killed_dispatch_is_never_half_done() {
    is_never_half_done(Transition::Dispatch).await;
}

#[tokio::test]
async fn a_killed_addition_is_never_half_done() {
    is_never_half_done(Transition::Add).await;
}

#[tokio::test]
async fn a_killed_deadline_fires_once() {
    is_never_half_done(Transition::Tick).await;
}

#[tokio::test]
async fn a_killed_sender_loses_no_notice_and_writes_none_twice() {
    is_never_half_done(Transition::Send).await;
}

#[tokio::test]
async fn a_killed_worker_loses_no_job() {
    is_never_half_done(Transition::Work).await;
}
