//! The packets: every call's two parties talk at 50 packets a second through two shared sockets.
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What went through a relay.
pub(crate) struct Passed {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) late_p99_us: u64,
    pub(crate) cpu_seconds: f64,
    pub(crate) seconds: f64,
}

/// The two sockets that all calls share: callers' and agents'.
pub(crate) fn sockets() -> (UdpSocket, UdpSocket) {
    let open = || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        socket
    };
    (open(), open())
}

pub(crate) fn ours(calls: usize, seconds: u64, record: &str) {
    let (callers, agents) = sockets();
    let port = |socket: &UdpSocket| socket.local_addr().unwrap().port().to_string();
    let mut relay = Command::new("taskset")
        .args(["-c", "0"])
        .arg(std::env::current_exe().unwrap())
        .args(["serve", &calls.to_string(), &port(&callers), &port(&agents), record])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(relay.stdout.take().unwrap()).lines().map(Result::unwrap);
    let ports: Vec<u16> =
        lines.take_while(|line| line != "ready").map(|line| line.parse().unwrap()).collect();
    let pairs: Vec<(u16, u16)> = ports.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    let passed = talk(&callers, &agents, &pairs, seconds, relay.id());
    drop(relay.stdin.take());
    relay.wait().unwrap();
    print(if record == "-" { "lianxin" } else { "lianxin, recording" }, calls, &passed);
}

pub(crate) fn print(who: &str, calls: usize, passed: &Passed) {
    let cores = passed.cpu_seconds / passed.seconds;
    let lost = 100.0 * (passed.sent.saturating_sub(passed.received)) as f64 / passed.sent as f64;
    // a call that came through whole is 100 packets a second; what was lost earns nothing
    let came_through = passed.received as f64 / 100.0 / passed.seconds;
    base::out(&format!(
        "{who}\tcalls {calls}\tcores {cores:.3}\tcalls_per_core {:.0}\tlost_percent {lost:.4}\tdelay_p99_ms {:.2}",
        came_through / cores,
        passed.late_p99_us as f64 / 1000.0
    ));
}

/// Talks for `seconds` after a second of warming up, and charges process `pid`.
pub(crate) fn talk(
    callers: &UdpSocket,
    agents: &UdpSocket,
    pairs: &[(u16, u16)],
    seconds: u64,
    pid: u32,
) -> Passed {
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let delays = Arc::new(Mutex::new(Vec::new()));
    let start = now();
    let readers: Vec<_> = [callers, agents]
        .map(|socket| {
            let (socket, stop) = (socket.try_clone().unwrap(), stop.clone());
            let (count, delays) = (count.clone(), delays.clone());
            std::thread::spawn(move || read(&socket, start, &stop, &count, &delays))
        })
        .into();
    let mut sequence: HashMap<u16, u16> = HashMap::new();
    let (mut sent, mut cpu, mut began) = (0, 0.0, start);
    let ticks = (seconds + 1) * 50;
    for tick in 0..ticks {
        if tick == 50 {
            count.store(true, Relaxed);
            (cpu, began) = (cpu_seconds(pid), now());
        }
        for (index, (caller, agent)) in pairs.iter().enumerate() {
            for (socket, port) in [(callers, *caller), (agents, *agent)] {
                let sequence = sequence.entry(port).or_default();
                *sequence = sequence.wrapping_add(1);
                let packet = packet(*sequence, u32::from(port), start, count.load(Relaxed));
                socket.send_to(&packet, ("127.0.0.1", port)).unwrap();
                sent += u64::from(tick >= 50);
            }
            // spread over the 20 ms, as calls that began at different times are
            if index % 10 == 9 {
                let share = Duration::from_micros(20_000 * index as u64 / pairs.len() as u64);
                sleep_to(start + Duration::from_millis(20 * tick) + share);
            }
        }
        sleep_to(start + Duration::from_millis(20 * (tick + 1)));
    }
    let (cpu_seconds, seconds) = (cpu_seconds(pid) - cpu, began.elapsed().as_secs_f64());
    std::thread::sleep(Duration::from_millis(300));
    stop.store(true, Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }
    let mut delays = delays.lock().unwrap();
    delays.sort_unstable();
    let late_p99_us = delays.get(delays.len() * 99 / 100).copied().unwrap_or(u64::MAX);
    Passed { sent, received: delays.len() as u64, late_p99_us, cpu_seconds, seconds }
}

/// Counts packets whose payload says that they were sent after the warming up.
fn read(
    socket: &UdpSocket,
    start: Instant,
    stop: &AtomicBool,
    count: &AtomicBool,
    all: &Mutex<Vec<u64>>,
) {
    let mut buffer = [0; 2048];
    let mut delays = Vec::new();
    while !stop.load(Relaxed) {
        let Ok((172, _)) = socket.recv_from(&mut buffer) else { continue };
        let sent = u64::from_be_bytes(buffer[12..20].try_into().unwrap());
        if sent != 0 && count.load(Relaxed) {
            let here = u64::try_from(start.elapsed().as_micros()).unwrap();
            delays.push(here.saturating_sub(sent));
        }
    }
    all.lock().unwrap().extend(delays);
}

fn packet(sequence: u16, ssrc: u32, start: Instant, counted: bool) -> [u8; 172] {
    let mut packet = [0xd5; 172];
    packet[0] = 0x80;
    packet[1] = 8;
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet[4..8].copy_from_slice(&(u32::from(sequence) * 160).to_be_bytes());
    packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
    let micros =
        if counted { u64::try_from(start.elapsed().as_micros()).unwrap().max(1) } else { 0 };
    packet[12..20].copy_from_slice(&micros.to_be_bytes());
    packet
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn sleep_to(at: Instant) {
    std::thread::sleep(at.saturating_duration_since(now()));
}

/// User and kernel time of a process, all its threads (proc(5), fields 14 and 15).
fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}
