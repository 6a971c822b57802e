//! What must not be lost when something breaks.
use std::collections::HashMap;
use std::path::Path;
use std::process::Output;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use crate::desk::Desk;
use crate::program::{Program, command, kill, open_folder};

/// Asks again and again, until it is so.
pub(crate) fn until(what: &str, within: Duration, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < within, "{what}: not within {within:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn told(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

/// `lianxin doctor` finds nothing wrong.
pub(crate) fn is_well(data: &Path) {
    let doctor = command().arg("doctor").arg("--data").arg(data).output().unwrap();
    let told = told(&doctor);
    assert!(doctor.status.success() && !told.contains("wrong:"), "{told}");
    assert!(told.lines().count() > 20, "{told}");
}

#[test]
fn postgresql_killed_in_the_middle_of_work_costs_no_answered_ticket_and_makes_none_twice() {
    let mut program = Program::start();
    let agent = Desk::of(&program, "agent");
    let dispatcher = Desk::of(&program, "dispatcher");
    let unit = agent.accept(0).unwrap().body["id"].as_str().map(str::to_owned);
    assert!(unit.is_some());
    let done = thread::scope(|scope| {
        let workers: Vec<_> = (0..4_u128)
            .map(|worker| {
                let (agent, dispatcher) = (agent.clone(), dispatcher.clone());
                scope.spawn(move || work(worker, &agent, &dispatcher))
            })
            .collect();
        thread::sleep(Duration::from_millis(400));
        kill(program.postmaster());
        workers.into_iter().map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
    });
    let refused: u32 = done.iter().map(|done| done.refused).sum();
    assert!(refused > 0, "nobody noticed that the database was away");
    let supervisor = Desk::of(&program, "supervisor");
    for (key, id) in done.iter().flat_map(|done| &done.accepted) {
        let again = agent.accept(*key).unwrap();
        assert_eq!((again.status, again.body["id"].as_str()), (200, Some(id.as_str())), "{key}");
        assert_eq!(supervisor.get(&format!("/api/v1/tickets/{id}")).unwrap().status, 200);
    }
    for (id, state) in done.iter().flat_map(|done| &done.ended) {
        let page = supervisor.get(&format!("/api/v1/tickets/{id}")).unwrap();
        assert_eq!(page.body["state"].as_str(), Some(state.as_str()), "{id}");
    }
    is_well(&program.data());
    assert_eq!(program.end(), Some(0));
}

#[derive(Default)]
struct Done {
    accepted: HashMap<u128, String>,
    ended: Vec<(String, String)>,
    refused: u32,
}

/// Accepts and ends tickets, one after the other, asking again whatever was not answered.
fn work(worker: u128, agent: &Desk, dispatcher: &Desk) -> Done {
    let mut done = Done::default();
    let step = json!({ "action": "not_accept", "path": "行政复议", "reason": "属行政复议事项" });
    for n in 1..=40 {
        let key = worker * 1000 + n;
        let begun = Instant::now();
        let ticket = loop {
            assert!(begun.elapsed() < Duration::from_mins(1), "the service did not come back");
            match agent.accept(key) {
                Some(answer) if answer.status < 300 => break answer.body,
                Some(answer) => {
                    assert_eq!(answer.status, 503, "{answer:?}");
                    assert!(answer.head.contains("retry-after: "), "{answer:?}");
                    done.refused += 1;
                    thread::sleep(Duration::from_millis(50));
                }
                None => panic!("the connection broke"),
            }
        };
        let id = ticket["id"].as_str().unwrap().to_owned();
        done.accepted.insert(key, id.clone());
        let version = ticket["version"].as_i64().unwrap();
        match dispatcher.act(&id, version, &step) {
            Some(answer) if answer.status == 200 => {
                done.ended.push((id, answer.body["state"].as_str().unwrap().to_owned()));
            }
            Some(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
            None => panic!("the connection broke"),
        }
    }
    done
}

#[test]
fn of_two_who_act_at_once_one_wins_and_the_other_learns_what_changed() {
    let program = Program::start();
    let ticket = Desk::of(&program, "agent").accept(1).unwrap().body;
    let (id, version) = (ticket["id"].as_str().unwrap(), ticket["version"].as_i64().unwrap());
    let desks = [Desk::of(&program, "dispatcher"), Desk::of(&program, "supervisor")];
    let step = json!({ "action": "not_accept", "path": "行政复议", "reason": "属行政复议事项" });
    let mut answers = thread::scope(|scope| {
        let both = desks.each_ref().map(|desk| scope.spawn(|| desk.act(id, version, &step)));
        both.map(|one| one.join().unwrap().unwrap())
    });
    answers.sort_by_key(|answer| answer.status);
    let [won, lost] = answers;
    assert_eq!((won.status, lost.status), (200, 412), "{lost:?}");
    assert_eq!(lost.body["changed"][0]["action"], "not_accept", "{lost:?}");
}

#[test]
fn a_backup_brings_everything_back_that_is_older_than_a_minute() {
    let mut program = Program::start();
    let agent = Desk::of(&program, "agent");
    let folder = open_folder();
    let (to, keys) = (folder.path().join("backup"), folder.path().join("keys-apart"));
    let accept = |keys: std::ops::Range<u128>| {
        keys.map(|key| agent.accept(key).unwrap().body["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut tickets = accept(1..6);
    let backup = command()
        .args(["backup", "--data"])
        .arg(program.data())
        .arg("--to")
        .arg(&to)
        .arg("--keys-to")
        .arg(&keys)
        .output()
        .unwrap();
    assert!(backup.status.success(), "{}", told(&backup));
    tickets.extend(accept(6..11));
    let file = program.data().join("recordings/2026/03-02/after.wav");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "a voice").unwrap();
    let written = SystemTime::now();
    let is_newer = |entry: std::fs::DirEntry| {
        let about = entry.metadata().and_then(|about| about.modified());
        about.is_ok_and(|at| at > written) && !entry.file_name().to_string_lossy().starts_with('.')
    };
    until("the log is handed over", Duration::from_mins(1), || {
        to.join("wal").read_dir().unwrap().flatten().any(is_newer)
    });
    let copy = to.join("files/recordings/2026/03-02/after.wav");
    until("files are copied", Duration::from_mins(1), || copy.exists());
    program.cut();
    let restore = |from: &Path, keys: &Path, data: &Path| {
        let mut command = command();
        command.arg("restore").arg("--from").arg(from).arg("--keys").arg(keys);
        command.arg("--data").arg(data).output().unwrap()
    };
    let other = folder.path().join("other-keys");
    let text = std::fs::read_to_string(&keys).unwrap();
    let key = text.lines().find_map(|line| line.strip_prefix("p1 = ")).unwrap();
    std::fs::write(&other, text.replace(key, &format!("\"{}\"", "ab".repeat(32)))).unwrap();
    let new = folder.path().join("data");
    let refused = told(&restore(&to, &other, &new));
    assert!(refused.contains("不是该备份的密钥"), "{refused}");
    let refused = told(&restore(&to, &folder.path().join("none"), &new));
    assert!(refused.contains("密钥文件"), "{refused}");
    let refused = told(&restore(&to, &keys, &program.data()));
    assert!(refused.contains("不是空目录"), "{refused}");
    let refused = told(&restore(folder.path(), &keys, &new));
    assert!(refused.contains("不是 lianxin 的备份"), "{refused}");
    let version = base(&to).join("data/PG_VERSION");
    let right = std::fs::read(&version).unwrap();
    std::fs::write(&version, "99\n").unwrap();
    let refused = told(&restore(&to, &keys, &new));
    assert!(refused.contains("PostgreSQL 99"), "{refused}");
    std::fs::write(&version, right).unwrap();

    let restored = restore(&to, &keys, &new);
    let said = told(&restored);
    assert!(restored.status.success() && !said.contains("wrong:"), "{said}");
    assert_eq!(
        std::fs::read_to_string(new.join("recordings/2026/03-02/after.wav")).unwrap(),
        "a voice"
    );
    let program = Program::start_in(folder);
    let supervisor = Desk::of(&program, "supervisor");
    for id in &tickets {
        let page = supervisor.get(&format!("/api/v1/tickets/{id}")).unwrap();
        assert_eq!(page.status, 200, "{id}");
    }
    assert_eq!(tickets.len(), 10);
}

#[test]
fn keys_are_never_laid_beside_the_backup() {
    let folder = open_folder();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let to = folder.path().join("backup");
    let backup = command()
        .args(["backup", "--data"])
        .arg(&data)
        .arg("--to")
        .arg(&to)
        .arg("--keys-to")
        .arg(to.join("keys"))
        .output()
        .unwrap();
    assert!(
        !backup.status.success() && told(&backup).contains("密钥不能与备份"),
        "{}",
        told(&backup)
    );
}

/// The copy of the database in a backup.
fn base(to: &Path) -> std::path::PathBuf {
    let mut entries = to.read_dir().unwrap().flatten();
    let is_base =
        |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("base-");
    entries.find(is_base).unwrap().path()
}
