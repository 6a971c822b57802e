//! The reference: rtpengine, user space only, one worker thread, asked over its own protocol.
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::load;
use crate::serve::{offer, port_of};

/// Ends with the measurement, also with one that fails.
struct Rtpengine(Child);

impl Drop for Rtpengine {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub(crate) fn measure(calls: usize, seconds: u64) {
    let (rtpengine, control) = start();
    let (callers, agents) = load::sockets();
    let [caller, agent] = [&callers, &agents].map(|socket| socket.local_addr().unwrap().port());
    let pairs: Vec<(u16, u16)> = (0..calls)
        .map(|call| {
            let (name, caller, agent) = (format!("call-{call}"), offer(caller), offer(agent));
            let common = [("call-id", name.as_str()), ("from-tag", "a")];
            let offered = [common[0], common[1], ("command", "offer"), ("sdp", caller.as_str())];
            let towards_agent = control.ask(&name, &offered).unwrap();
            let answered = [
                common[0],
                common[1],
                ("command", "answer"),
                ("sdp", agent.as_str()),
                ("to-tag", "b"),
            ];
            let towards_caller = control.ask(&name, &answered).unwrap();
            (port_of(&towards_caller), port_of(&towards_agent))
        })
        .collect();
    // what the caller sends goes to the port that the answer to the caller named, and so on
    let passed = load::talk(&callers, &agents, &pairs, seconds, rtpengine.0.id());
    load::print("rtpengine", calls, &passed);
}

/// Without its configuration file and its kernel table: what a core does in user space.
fn start() -> (Rtpengine, Control) {
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rtpengine = Command::new("taskset")
        .args(["-c", "0", "rtpengine", "--config-file=none", "--foreground", "--table=-1"])
        .args(["--interface=127.0.0.1", "--num-threads=1", "--port-min=20000", "--port-max=59998"])
        .arg(format!("--listen-ng={free}"))
        .args(["--log-level=2", "--log-stderr"])
        .stdin(Stdio::null())
        .spawn()
        .expect("rtpengine is installed: ops/packages, section bench");
    let rtpengine = Rtpengine(rtpengine);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let control = Control { socket, at: free };
    let up = (0..50).any(|attempt| {
        std::thread::sleep(Duration::from_millis(100));
        control.ask(&format!("up-{attempt}"), &[("command", "ping")]).is_some()
    });
    assert!(up, "rtpengine does not answer on {free}");
    (rtpengine, control)
}

/// The ng protocol: a cookie and a bencoded dictionary, whose keys are sorted.
struct Control {
    socket: UdpSocket,
    at: SocketAddr,
}

impl Control {
    fn ask(&self, cookie: &str, pairs: &[(&str, &str)]) -> Option<String> {
        let mut pairs = pairs.to_vec();
        pairs.sort_unstable();
        let text = |word: &str| format!("{}:{word}", word.len());
        let body: String = pairs.iter().map(|(key, value)| text(key) + &text(value)).collect();
        // an answer to the same cookie is repeated by rtpengine: each question has its own
        let cookie = format!("{cookie}-{}", pairs.len());
        self.socket.send_to(format!("{cookie} d{body}e").as_bytes(), self.at).ok()?;
        let mut buffer = vec![0; 8192];
        let length = self.socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }
}
