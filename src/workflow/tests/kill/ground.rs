//! A house, and the way to make a case for each cut.
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

use super::relay::Relay;
use super::*;

/// What another system was told: the deliveries by their numbers, however often each came.
type Heard = Arc<Mutex<BTreeSet<i64>>>;

pub(super) struct Ground {
    pub(super) house: House,
    pub(super) relay: Relay,
    transition: Transition,
    folder: tempfile::TempDir,
    people: BTreeMap<Role, Actor>,
    heard: Heard,
}

impl Ground {
    pub(super) async fn new(transition: Transition) -> Self {
        let db = db::testing::database().await;
        let mut house = House::of(db.clone()).await;
        house.workflow = workflow(&db, &house.clock).0;
        let socket = db.connect_options().get_socket().unwrap().join(".s.PGSQL.5432");
        let mut people = BTreeMap::new();
        let all = [Role::Agent, Role::Dispatcher, Role::Clerk, Role::Reviewer, Role::FollowUp];
        for role in all {
            let post = Some(house.city.housing.clone()).filter(|_| role.is_unit_side());
            people.insert(role, house.person(role.as_str(), role, post.as_ref()).await);
        }
        let (folder, heard) = (tempfile::tempdir().unwrap(), Heard::default());
        let relay = Relay::new(socket);
        let ground = Self { house, relay, transition, folder, people, heard };
        if transition == Transition::Webhook {
            ground.listen().await;
        }
        ground
    }

    /// Another system that takes whatever it is told.
    async fn listen(&self) {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/in", door.local_addr().unwrap());
        let heard = self.heard.clone();
        thread::spawn(move || {
            for caller in door.incoming() {
                let heard = heard.clone();
                thread::spawn(move || answer(caller.unwrap(), &heard));
            }
        });
        let webhook = crate::webhooks::Webhook {
            id: Uuid::from_u128(1),
            name: "外部系统".to_owned(),
            url,
            events: Vec::new(),
            enabled: true,
            version: 1,
            created_at: self.house.clock.now(),
            created_by: "管理员".to_owned(),
        };
        secrets(self.folder.path()).put(&webhook.secret(), b"secret").unwrap();
        let db = &mut *self.house.db.acquire().await.unwrap();
        crate::webhooks::add(db, &webhook).await.unwrap();
    }

    /// A ticket as far as it is before the transition.
    async fn ticket_before(&self, key: u128) -> Ticket {
        use Transition as T;
        let housing = self.house.city.housing.unit;
        let way = [
            (Role::Dispatcher, Action::Dispatch { unit_id: housing, assisting: vec![] }),
            (Role::Clerk, Action::Sign {}),
            (Role::Clerk, reply()),
            (Role::Reviewer, passed()),
        ];
        let steps = match self.transition {
            T::Tick | T::Sign | T::Bulk => 1,
            T::Reply | T::Climb => 2,
            T::Review => 3,
            T::FollowUp => 4,
            _ => 0,
        };
        let mut ticket = self.house.accepted(&self.people[&Role::Agent], intake(key)).await;
        for (role, action) in way.into_iter().take(steps) {
            let step = Step::because(action, "按规定办理");
            let actor = &self.people[&role];
            let taken = self.house.workflow.act(actor, ticket.id, ticket.version, &step).await;
            ticket = taken.unwrap();
        }
        ticket
    }

    /// The state before the transition.
    pub(super) async fn prepare(&self, n: u32) -> Case {
        use Transition as T;
        let transition = self.transition;
        let key = u128::from(n);
        let mut ticket = None;
        if !matches!(transition, T::Accept | T::Work) {
            ticket = Some(self.ticket_before(key).await);
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
        let role = match transition {
            T::Dispatch => Role::Dispatcher,
            T::Sign | T::Reply | T::Bulk => Role::Clerk,
            T::Review => Role::Reviewer,
            T::FollowUp => Role::FollowUp,
            _ => Role::Agent,
        };
        let actor = &self.people[&role];
        let errand = match (transition, &ticket) {
            (T::Bulk, Some(ticket)) => Some(self.errand(actor, ticket.id, key).await),
            _ => None,
        };
        Case {
            transition,
            socket: PathBuf::new(),
            database: self.house.db.connect_options().get_database().unwrap().to_owned(),
            minutes: match transition {
                // two days later the signature is late; nothing else is waited for
                T::Tick => 2 * 24 * 60,
                // signed, and over its due by four working days
                T::Climb => 11 * 24 * 60,
                _ => 1,
            },
            key,
            version: ticket.as_ref().map_or(0, |ticket| ticket.version),
            ticket: ticket.map(|ticket| ticket.id),
            staff: actor.staff.unwrap(),
            role,
            post: actor.post.clone(),
            to: self.house.city.housing.unit,
            errand,
            folder,
        }
    }

    /// A signature for this ticket and another.
    async fn errand(&self, actor: &Actor, ticket: TicketId, key: u128) -> Uuid {
        let other = self.ticket_before(OTHER + key).await;
        let step = Step::new(Action::Sign {});
        let body = serde_json::json!({ "action": "sign" });
        let begun = self.house.workflow.bulk_begin(actor, &step, body, &[ticket, other.id]).await;
        begun.unwrap()
    }

    /// The tickets that a case is about.
    async fn tickets(&self, case: &Case) -> Vec<TicketId> {
        let db = &mut *self.house.db.acquire().await.unwrap();
        let mut all = Vec::new();
        for key in [case.key, OTHER + case.key] {
            all.extend(ticket::by_key(db, Uuid::from_u128(key)).await.unwrap());
        }
        all
    }

    /// PostgreSQL learns of a dead client in its own time; until then its locks hold.
    pub(super) async fn let_the_dead_go(&self) {
        const BUSY: &str =
            "select count(*) from pg_stat_activity where datname = current_database()
            and pid <> pg_backend_pid() and state <> 'idle'";
        let db = &mut *self.house.db.acquire().await.unwrap();
        while sqlx::query_scalar::<_, i64>(BUSY).fetch_one(&mut *db).await.unwrap() > 0 {}
    }

    /// Half a thing is never to be seen: a ticket has its events, its running clocks are armed, its
    /// history gives what is stored, and nobody was told twice.
    pub(super) async fn check(&self, case: &Case) {
        const TWICE: &str =
            "select count(*) from (select from notice group by ticket_id, template, kind,
            unit_id, person_id, post, text having count(*) > 1) twice";
        let db = &mut *self.house.db.acquire().await.unwrap();
        for id in self.tickets(case).await {
            let found = ticket::examine(db, id).await.unwrap();
            assert!(found.wrong.is_empty() && !found.old, "{case:?}: {found:?}");
        }
        let twice: i64 = sqlx::query_scalar(TWICE).fetch_one(&mut *db).await.unwrap();
        assert_eq!(twice, 0, "{case:?}");
    }

    /// As after a restart, when leases of the dead have run out.
    pub(super) async fn again(&self, case: &Case) {
        let again = Case { minutes: case.minutes + 3, ..case.clone() };
        match Box::pin(take(&again, &self.house.db)).await {
            Ok(()) | Err(Error::Stale { .. }) => {}
            Err(error) => panic!("{case:?}: {error}"),
        }
    }

    /// What came of it, in words that do not depend on where it was cut.
    pub(super) async fn outcome(&self, case: &Case) -> Vec<String> {
        let db = &mut *self.house.db.acquire().await.unwrap();
        let count = |name: &str| {
            let folder = std::fs::read_dir(case.folder.join(name));
            format!("{name} {}", folder.map_or(0, Iterator::count))
        };
        let mut words = vec![count("sms"), count("mail"), count("")];
        let (waiting, given_up) = jobs::counts(&self.house.db).await.unwrap();
        words.push(format!("jobs {waiting} {given_up}"));
        if let Some(errand) = case.errand {
            let found = errands::load(&self.house.db, errand).await.unwrap();
            words.push(format!("errand {} {} of {}", found.state, found.done, found.total));
            let rows = errands::rows(&self.house.db, errand).await.unwrap();
            words.extend(rows.iter().map(|row| format!("row {:?} {:?}", row.ok, row.error)));
        }
        for id in self.tickets(case).await {
            for event in ticket::history(db, id).await.unwrap() {
                words.push(format!("{} {} {}", event.seq, event.action, event.to.word()));
            }
            let filter = notice::Filter { ticket: Some(id), most: 100, ..Default::default() };
            let mut notices: Vec<_> = notice::list(db, &filter).await.unwrap();
            notices.sort_by_key(|row| (row.template.clone(), row.kind.clone()));
            words.extend(notices.iter().map(|n| format!("{} {} {}", n.template, n.kind, n.state)));
        }
        words.extend(self.deliveries(case).await);
        words
    }

    /// How the deliveries of a case's ticket stand, and whether each was heard.
    async fn deliveries(&self, case: &Case) -> Vec<String> {
        let Some(id) = case.ticket.filter(|_| case.transition == Transition::Webhook) else {
            return Vec::new();
        };
        let sql = "select id, state from webhook_delivery where ticket_id = $1 order by id";
        let rows = sqlx::query_as::<_, (i64, String)>(sql).bind(id.uuid());
        let rows = rows.fetch_all(&self.house.db).await.unwrap();
        let heard = self.heard.lock().unwrap();
        rows.iter().map(|(id, state)| format!("{state} {}", heard.contains(id))).collect()
    }

    pub(super) async fn is_added(&self, case: &Case) -> bool {
        let db = &mut *self.house.db.acquire().await.unwrap();
        let events = ticket::history(db, case.ticket.unwrap()).await.unwrap();
        events.iter().any(|event| event.action == "addition")
    }
}

/// Added to the key of a case: its second ticket.
const OTHER: u128 = 1 << 64;

/// Takes one delivery, and says so.
fn answer(caller: TcpStream, heard: &Heard) {
    let mut from = BufReader::new(caller);
    let (mut id, mut length): (Option<i64>, usize) = (None, 0);
    let mut line = String::new();
    while from.read_line(&mut line).unwrap_or_default() > 2 {
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "lianxin-delivery" => id = value.trim().parse().ok(),
            "content-length" => length = value.trim().parse().unwrap_or_default(),
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    if from.read_exact(&mut body).is_err() {
        return;
    }
    heard.lock().unwrap().extend(id);
    drop(from.into_inner().write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"));
}
