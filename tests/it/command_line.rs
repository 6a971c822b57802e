use crate::program::run;

#[test]
fn the_shipped_configuration_has_no_mistakes() {
    let output = run(&["config", "check"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_mistake_in_the_configuration_is_told_with_its_file_and_key() {
    let output = crate::program::command()
        .args(["config", "check"])
        .env("LIANXIN_CALL__RING_SECS", "soon")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(told.contains("ring_secs") || told.contains("RING_SECS"), "{told}");
}

#[test]
fn the_vectors_of_due_times_come_out_right() {
    let output = run(&["sla", "check", "src/ticket/sla-vectors.tsv"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}");
    assert!(told.lines().filter(|line| line.ends_with("\tok")).count() >= 60, "{told}");
}

#[test]
fn a_wrong_due_time_is_found() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let rows = "id\tcalendar\tstart\ttarget\tpauses\tdue\tcatches\n\
        1\tOFFICE\t2025-01-02 Thu 10:00\tBH 2h\t–\t2025-01-02 Thu 13:30\t-\n";
    std::fs::write(file.path(), rows).unwrap();
    let output = run(&["sla", "check", file.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("wrong: "));
}

/// The shipped configuration with one file changed, checked.
fn check_changed(file: &str, from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let copied = std::process::Command::new("cp")
        .args(["-r", concat!(env!("CARGO_MANIFEST_DIR"), "/sip-config/.")])
        .arg(folder.path())
        .status();
    assert!(copied.unwrap().success());
    let path = folder.path().join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    let output = run(&["--config", folder.path().to_str().unwrap(), "config", "check"]);
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_profile_that_lets_an_agent_dispatch_is_refused_with_its_file_line_and_key() {
    let line = "dispatch = [\"supervisor\", \"dispatcher\", \"hub\"]";
    let shipped = include_str!("../../sip-config/flow/siping-v2.toml");
    let number = shipped[..shipped.find(line).unwrap()].matches('\n').count() + 1;
    for (to, why) in [
        ("dispatch = [\"agent\"]", "must not take this step"),
        ("dispatch = [\"boss\"]", "is no role"),
        ("despatch = [\"hub\"]", "no step has this word"),
    ] {
        let told = check_changed("flow/siping-v2.toml", line, to);
        let key = to.split_once(" = ").unwrap().0;
        let place = format!("siping-v2.toml:{number}: actors.{key}");
        assert!(told.contains(&place) && told.contains(why), "{told}");
    }
}

#[test]
fn a_bad_row_of_due_times_is_told_with_its_line_and_the_others_are_done() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let rows = "id\tcalendar\tstart\ttarget\tpauses\tdue\n1\tNOWHERE\n\
        2\tOFFICE\t2025-01-02 Thu 10:00\tBH 2h\t–\t2025-01-02 Thu 12:00\n";
    std::fs::write(file.path(), rows).unwrap();
    let output = run(&["sla", "check", file.path().to_str().unwrap()]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("wrong: line 2: "), "{told}");
    assert!(told.lines().last().unwrap().ends_with("\tok"), "{told}");
}

#[test]
fn a_backup_and_a_restore_are_refused_where_the_database_is_a_server_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::create_dir(at("data")).unwrap();
    std::fs::create_dir(at("kept")).unwrap();
    let backup =
        ["backup", "--data", &at("data"), "--to", &at("to"), "--keys-to", &at("kept/keys")];
    let restore =
        ["restore", "--from", &at("to"), "--keys", &at("kept/keys"), "--data", &at("new")];
    for words in [backup, restore] {
        let output = crate::program::command()
            .args(words)
            .env("LIANXIN_DATABASE__URL", "postgres://lianxin@db.example/lianxin")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{words:?}");
        assert!(told.contains("database.url") && told.contains("pg_basebackup"), "{told}");
    }
    let left = ["to", "new", "kept/keys"].iter().filter(|name| folder.path().join(name).exists());
    assert_eq!(left.count(), 0, "nothing was begun");
}

#[test]
fn doctor_calls_a_folder_that_does_not_exist_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    let doctor = run(&["doctor", "--data", gone.to_str().unwrap()]);
    assert_eq!(doctor.status.code(), Some(1));
    let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(told.contains("wrong: 1") && told.contains("no such folder"), "{told}");
}
