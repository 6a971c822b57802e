//! The house rules that Cargo cannot keep. Cargo keeps the layers: a room can use only what
//! its manifest names, and a cycle does not build. To add a room or a use, add it here with its
//! reason: it is a change to the architecture, not to a file.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms it may use; ground floor first.
const ROOMS: &[(&str, &[&str])] = &[
    // time, chance, ids, tasks: everybody's ground
    ("base", &[]),
    // asks the clock and the dice
    ("db", &["base"]),
    // people, units and persons are rows
    ("org", &["base", "db"]),
    // stores what was heard, and is given the names of the place
    ("speech", &["base", "db", "org"]),
    // telephone wing: works without a database, so that calls go on when it is away
    ("sip", &["base"]),
    ("media", &["base"]),
    ("queue", &["base"]),
    // paper wing: rows, and who may do what with them
    ("ticket", &["base", "db", "org"]),
    ("notice", &["base", "db", "org"]),
    // conductor of a call: every room of the telephone wing, speech, agents, spool
    ("call", &["base", "db", "org", "speech", "sip", "media", "queue"]),
    // conductor of a ticket: every room of the paper wing
    ("workflow", &["base", "db", "org", "ticket", "notice"]),
    // the door shows all rooms but signalling and sound, which only `call` commands
    ("api", &["base", "db", "org", "speech", "queue", "ticket", "notice", "call", "workflow"]),
];

/// Longest file, unit tests not counted.
const LINES: usize = 400;

#[test]
fn rooms_use_only_what_the_table_allows() {
    for (room, may_use) in ROOMS {
        let manifest = manifest(room);
        for used in manifest["dependencies"].as_table().unwrap().keys() {
            let room_used = ROOMS.iter().any(|(other, _)| other == used);
            assert!(!room_used || may_use.contains(&used.as_str()), "{room} may not use {used}");
        }
    }
}

#[test]
fn a_room_uses_only_rooms_below_it() {
    for (at, (room, may_use)) in ROOMS.iter().enumerate() {
        for used in *may_use {
            let below = ROOMS[..at].iter().any(|(other, _)| other == used);
            assert!(below, "{room} uses {used}, which does not stand below it");
        }
    }
}

#[test]
fn the_two_wings_never_meet() {
    let telephone = ["sip", "media", "queue", "call"];
    let paper = ["ticket", "notice", "workflow"];
    for (one, other) in [(telephone.as_slice(), paper.as_slice()), (&paper, &telephone)] {
        for (room, may_use) in ROOMS.iter().filter(|(room, _)| one.contains(room)) {
            assert!(!may_use.iter().any(|used| other.contains(used)), "{room}");
        }
    }
}

#[test]
fn every_room_keeps_the_houses_lints() {
    for (room, _) in ROOMS {
        let manifest = manifest(room);
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{room}");
        assert_eq!(manifest["package"]["name"].as_str(), Some(*room));
    }
}

#[test]
fn every_folder_is_a_room_and_every_room_a_folder() {
    let folders: BTreeSet<_> = fs::read_dir("src")
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let rooms = ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(folders, rooms);
}

#[test]
fn no_file_has_grown_a_second_purpose() {
    let long: Vec<_> = sources("src")
        .into_iter()
        .filter(|(file, _)| !is_test(file))
        .map(|(file, text)| (file, code(&text).lines().count()))
        .filter(|(_, lines)| *lines > LINES)
        .collect();
    assert!(long.is_empty(), "longer than {LINES} lines, split by noun: {long:?}");
}

#[test]
fn every_source_says_what_it_is_for() {
    for (room, _) in ROOMS {
        let text = fs::read_to_string(format!("src/{room}/lib.rs")).unwrap();
        assert!(text.starts_with("//! "), "{room}: lib.rs does not say what the room is for");
    }
}

#[test]
fn states_are_pure() {
    for (file, text) in sources("src").iter().filter(|(file, _)| file.ends_with("state.rs")) {
        for outside in ["async ", "sqlx", "tokio", "axum", "Clock", "Dice", "Utc::now"] {
            assert!(!code(text).contains(outside), "{}: no {outside} in a state", file.display());
        }
    }
}

#[test]
fn sql_stays_in_the_store() {
    for (file, text) in sources("src").iter().filter(|(file, _)| !is_test(file)) {
        let in_store = file.ends_with("store.rs")
            || file.parent().is_some_and(|folder| folder.ends_with("store"));
        let has_sql = code(text).contains("sqlx::query");
        assert!(in_store || !has_sql, "{}: SQL goes in the store", file.display());
    }
}

#[test]
fn wings_without_a_database_stay_without_one() {
    for room in ["sip", "media", "queue"] {
        let manifest = manifest(room);
        assert!(manifest["dependencies"].get("sqlx").is_none(), "{room} may not use sqlx");
    }
}

#[test]
fn lints_are_expected_never_allowed() {
    // put together, so that this line does not find itself; also `#![…]`
    let allow = ["[al", "low("].concat();
    for (file, text) in sources("src").into_iter().chain(sources("tests")) {
        assert!(!text.contains(&allow), "{}: say #[expect(…, reason = …)]", file.display());
    }
}

#[test]
fn no_address_of_a_package_registry_and_no_machines_own_path_is_written_down() {
    let lock = fs::read_to_string("web/package-lock.json").unwrap_or_default();
    assert!(!lock.contains("\"resolved\""), "web/package-lock.json names a registry");
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    assert!(!manifest.contains("registry ="), "Cargo.toml names a registry");
    let cargo = fs::read_to_string(".cargo/config.toml").unwrap();
    assert!(!cargo.contains("[source"), ".cargo/config.toml names a registry");
    let home = ["/ro", "ot/"].concat();
    for (file, text) in sources("src").into_iter().chain(sources("tests")) {
        assert!(!text.contains(&home), "{}: a path of one machine", file.display());
    }
}

#[test]
fn migrations_grant_to_the_application_and_never_make_it_an_owner() {
    for path in fs::read_dir("migrations").unwrap().flatten().map(|entry| entry.path()) {
        let text = fs::read_to_string(&path).unwrap().to_lowercase();
        assert!(!text.contains("owner to"), "{}", path.display());
        for table in text.split("create table ").skip(1) {
            let name = table.split(|c: char| c.is_whitespace() || c == '(').next().unwrap();
            let granted = text.split("grant ").skip(1).any(|grant| {
                let grant = grant.split(';').next().unwrap();
                grant.contains("to lianxin_app")
                    && grant.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|w| w == name)
            });
            assert!(granted, "{}: {name} grants nothing to lianxin_app", path.display());
        }
    }
}

fn manifest(room: &str) -> toml::Table {
    fs::read_to_string(format!("src/{room}/Cargo.toml")).unwrap().parse().unwrap()
}

/// What stands before the unit tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

/// A file that holds tests only.
fn is_test(file: &Path) -> bool {
    let name = file.file_stem().unwrap().to_string_lossy();
    name == "tests" || name.ends_with("_tests") || name == "testing" || in_tests(file)
}

fn in_tests(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "testing")
}

fn sources(under: impl AsRef<Path>) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for path in fs::read_dir(under).unwrap().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(sources(path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}
