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
