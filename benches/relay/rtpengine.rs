//! The reference: rtpengine, user space only, one worker thread, asked over its own protocol.
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::load;
use crate::serve::{offer, port_of};

const CONTROL: &str = "127.0.0.1:22222";

pub(crate) fn measure(calls: usize, seconds: u64) {
    let mut rtpengine = Command::new("taskset")
        .args(["-c", "0", "rtpengine", "--foreground", "--no-fallback=false", "--table=-1"])
        .args(["--interface=127.0.0.1", "--num-threads=1", "--port-min=20000", "--port-max=59998"])
        .arg(format!("--listen-ng={CONTROL}"))
        .args(["--log-level=3", "--log-stderr", "--pidfile=/dev/null"])
        .stdin(Stdio::null())
        .spawn()
        .expect("rtpengine is installed: ops/packages, section bench");
    let control = UdpSocket::bind("127.0.0.1:0").unwrap();
    control.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let up = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        ask(&control, "0", &[("command", "ping")]).is_some()
    });
    assert!(up, "rtpengine does not answer on {CONTROL}");
    let (callers, agents) = load::sockets();
    let [caller, agent] = [&callers, &agents].map(|socket| socket.local_addr().unwrap().port());
    let pairs: Vec<(u16, u16)> = (0..calls)
        .map(|call| {
            let (name, caller, agent) = (format!("call-{call}"), offer(caller), offer(agent));
            let common = [("call-id", name.as_str()), ("from-tag", "a")];
            let offered = [common[0], common[1], ("command", "offer"), ("sdp", caller.as_str())];
            let towards_agent = ask(&control, &name, &offered).unwrap();
            let answered = [
                common[0],
                common[1],
                ("command", "answer"),
                ("sdp", agent.as_str()),
                ("to-tag", "b"),
            ];
            let towards_caller = ask(&control, &name, &answered).unwrap();
            (port_of(&towards_caller), port_of(&towards_agent))
        })
        .collect();
    // what the caller sends goes to the port that the answer to the caller named, and so on
    let passed = load::talk(&callers, &agents, &pairs, seconds, rtpengine.id());
    load::print("rtpengine", calls, &passed);
    rtpengine.kill().unwrap();
    rtpengine.wait().unwrap();
}

/// One question in the ng protocol: a cookie and a bencoded dictionary, whose keys are sorted.
fn ask(control: &UdpSocket, cookie: &str, pairs: &[(&str, &str)]) -> Option<String> {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    let text = |word: &str| format!("{}:{word}", word.len());
    let body: String = pairs.iter().map(|(key, value)| text(key) + &text(value)).collect();
    control.send_to(format!("{cookie}-{} d{body}e", pairs.len()).as_bytes(), CONTROL).ok()?;
    let mut buffer = vec![0; 8192];
    let length = control.recv(&mut buffer).ok()?;
    Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
}
