//! A call under way when something breaks.
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::desk::Desk;
use crate::faults::{is_well, until};
use crate::program::{Program, command, open_folder};
use crate::relay::Elsewhere;

/// Somebody who rings, and hears that nobody is at work.
fn ringing(program: &Program) -> Child {
    let words = ["call", "--from", "13800000001", "--to", "12345", "--via", &program.sip];
    let child = command().args(words).stdout(Stdio::piped()).spawn().unwrap();
    // the notice that calls are recorded, and the message, take longer
    thread::sleep(Duration::from_secs(3));
    child
}

/// The newest call, once it has ended.
fn ended(supervisor: &Desk) -> Value {
    let mut call = Value::Null;
    until("the call's record is there", Duration::from_mins(1), || {
        let page = supervisor.get("/api/v1/calls?agent=all").filter(|page| page.status == 200);
        call = page.map(|page| page.body["items"][0].clone()).unwrap_or_default();
        call["ended_at"].is_string()
    });
    call
}

fn callbacks(supervisor: &Desk) -> usize {
    let page = supervisor.get("/api/v1/callbacks").unwrap();
    let items = page.body.get("items").unwrap_or(&page.body);
    items.as_array().unwrap_or_else(|| panic!("{page:?}")).len()
}

#[test]
fn a_call_goes_on_when_the_database_is_lost_and_its_record_is_written_later() {
    let database = Elsewhere::new();
    let url = database.url();
    let mut program = Program::start_with(open_folder(), &[("LIANXIN_DATABASE__URL", &url)]);
    let (supervisor, agent) = (Desk::of(&program, "supervisor"), Desk::of(&program, "agent"));
    let call = ringing(&program);
    database.cut();
    let refused = agent.accept(1).unwrap();
    assert!(refused.status == 503 && refused.head.contains("retry-after: "), "{refused:?}");
    let call = call.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&call.stdout).unwrap();
    assert_eq!(
        (&report["code"], &report["hung_up_by"]),
        (&200.into(), &"callee".into()),
        "{report}"
    );
    assert!(report["rtp_received"].as_u64().unwrap() > 100, "{report}");
    database.mend();
    assert_eq!(ended(&supervisor)["ending"], "nobody_at_work");
    until("a callback is owed", Duration::from_mins(1), || callbacks(&supervisor) == 1);
    assert_eq!(agent.accept(1).unwrap().status, 201);
    assert_eq!(program.end(), Some(0));
}

#[test]
fn a_call_that_the_programs_death_cut_off_has_its_end_and_its_callback_after_the_next_start() {
    let program = Program::start();
    let mut call = ringing(&program);
    let folder = program.killed();
    call.kill().unwrap();
    call.wait().unwrap();
    let program = Program::start_in(folder);
    let supervisor = Desk::of(&program, "supervisor");
    assert_eq!(ended(&supervisor)["ending"], "stopped");
    until("a callback is owed", Duration::from_mins(1), || callbacks(&supervisor) == 1);
    is_well(&program.data());
}
