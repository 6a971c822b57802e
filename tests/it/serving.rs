use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use crate::program::{Program, command};

/// The status and body of a GET.
fn get(program: &Program, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(&program.http).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {}\r\n\r\n", program.http).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn two_run_side_by_side_and_each_ends_cleanly_when_asked() {
    let (mut one, mut two) = (Program::start(), Program::start());
    assert_ne!((&one.http, &one.sip), (&two.http, &two.sip));
    assert_eq!(get(&one, "/healthz").0, 200);
    assert_eq!(one.end(), Some(0));
    assert_eq!(get(&two, "/readyz").0, 200);
    assert_eq!(two.end(), Some(0));
}

#[test]
fn the_accounts_are_for_the_owner_of_the_folder_alone() {
    let program = Program::start();
    let mode = std::fs::metadata(program.accounts_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let roles: Vec<_> = program.accounts().iter().map(|it| it["role"].to_string()).collect();
    for role in [
        "agent",
        "supervisor",
        "dispatcher",
        "reviewer",
        "follow_up",
        "hub",
        "clerk",
        "leader",
        "administrator",
    ] {
        assert!(roles.contains(&format!("{role:?}")), "{role} is not in {roles:?}");
    }
}

#[test]
fn the_interface_describes_itself() {
    let program = Program::start();
    let (status, body) = get(&program, "/api/v1/openapi.json");
    let document: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200);
    for path in ["/api/v1/login", "/api/v1/desk", "/api/v1/tickets", "/api/v1/public/lookup"] {
        assert!(document["paths"][path].is_object(), "{path} is not described");
    }
}

#[test]
fn a_call_with_nobody_at_work_is_answered_apologised_to_and_ended_by_the_hotline() {
    let program = Program::start();
    let call = command()
        .args(["call", "--from", "13800000001", "--to", "12345", "--via", &program.sip])
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&call.stdout).unwrap();
    assert_eq!(
        (&report["code"], &report["hung_up_by"]),
        (&200.into(), &"callee".into()),
        "{report}"
    );
    assert!(report["rtp_received"].as_u64().unwrap() > 100, "{report}");
}

#[test]
fn a_number_that_is_not_ours_is_unknown() {
    let program = Program::start();
    let call = command()
        .args(["call", "--from", "13800000001", "--to", "12399999", "--via", &program.sip])
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&call.stdout).unwrap();
    assert_eq!((&report["code"], call.status.success()), (&404.into(), false), "{report}");
}
