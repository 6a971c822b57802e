//! The relay under test: one thread, so that one core is what is measured.
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use base::{CallId, Clock, Dice, SystemClock, SystemDice, Tasks};
use media::{Config, LegName, LegSpec, Media};

pub(crate) fn offer(port: u16) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

pub(crate) fn port_of(sdp: &str) -> u16 {
    let media = sdp.lines().find_map(|line| line.strip_prefix("m=audio ")).unwrap();
    media.split(' ').next().unwrap().parse().unwrap()
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(calls: usize, caller: u16, agent: u16, record: Option<&Path>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    let (tasks, local) = (Tasks::default(), [127, 0, 0, 1].into());
    let config = Config {
        bind: local,
        public: local,
        browser_bind: local,
        ports: 20000..=59999,
        loopback: true,
        prompts: "sip-config/prompts".into(),
    };
    let media = Media::start(config, clock.clone(), dice.clone(), &tasks).unwrap();
    let mut held = Vec::new();
    let mut ports = Vec::new();
    for _ in 0..calls {
        let id = CallId::new(clock.now(), dice.bytes());
        let (call, events) = media.open_call(id);
        if let Some(folder) = record {
            call.record(folder.join(format!("{id}.wav")));
        }
        for (leg, port) in [(LegName::Caller, caller), (LegName::Agent, agent)] {
            let answer = call.add_offered(leg, LegSpec::TRUNK, &offer(port)).await.unwrap();
            ports.push(port_of(&answer));
        }
        call.connect(LegName::Caller, LegName::Agent);
        held.push((call, events));
    }
    for port in ports {
        base::out(&port.to_string());
    }
    base::out("ready");
    std::io::stdout().flush().unwrap();
    // the load's end of the pipe closing is the signal to stop
    let (stop, stopped) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        drop(std::io::stdin().read_line(&mut line));
        let _ = stop.send(());
    });
    drop(stopped.await);
}
