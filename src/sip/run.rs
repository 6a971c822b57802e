//! The shell around the machine: sockets, connections, deadlines. It moves bytes and decides nothing.
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket as StdUdp};
use std::sync::Arc;

use base::{Clock, Dice, Drain, Outbox, Tasks};
use bytes::Bytes;
use chrono::TimeDelta;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::endpoint::{Command, Names};
use crate::machine::{Action, Flow, Input, Machine, Peer, Setup};
use crate::sockets::Sockets;
use crate::stats::Counters;
use crate::{Config, Endpoint, Event, FlowId, LocalAddrs, ToBrowser, stream};

/// Messages waiting for the machine; more datagrams are dropped and counted.
const ARRIVALS_AT_MOST: usize = 8192;
/// Messages waiting for one connection.
const OUTGOING_AT_MOST: usize = 256;
/// Connections at one time.
const CONNECTIONS_AT_MOST: usize = 1024;
/// Events nobody has taken yet before the alarm.
const EVENTS_ALARM: usize = 10_000;

/// What comes from the network.
#[derive(Debug)]
pub(crate) enum Arrival {
    Datagram { socket: usize, from: SocketAddr, bytes: Bytes },
    Accepted { flow: FlowId, from: SocketAddr, writer: mpsc::Sender<Bytes> },
    Frame { flow: FlowId, bytes: Bytes },
    Closed { flow: FlowId },
}

/// A connection to be carried.
#[derive(Debug)]
enum Job {
    Serve { stream: TcpStream, from: SocketAddr },
    Dial { flow: FlowId, to: SocketAddr, outgoing: mpsc::Receiver<Bytes> },
    Browser { flow: FlowId, from_ws: mpsc::Receiver<String> },
}

#[derive(Debug)]
enum Writer {
    Tcp(mpsc::Sender<Bytes>),
    Browser(mpsc::Sender<ToBrowser>),
}

pub(crate) fn start(
    sockets: Sockets,
    config: &Config,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    tasks: &Tasks,
) -> io::Result<(Endpoint, Drain<Event>, LocalAddrs)> {
    let (udp, tcp) = sockets.open()?;
    let local = LocalAddrs {
        udp: udp.iter().map(UdpSocket::local_addr).collect::<io::Result<_>>()?,
        tcp: tcp.iter().map(TcpListener::local_addr).collect::<io::Result<_>>()?,
    };
    let names = Arc::new(Names::default());
    let counters = Arc::new(Counters::default());
    let reach = |addr: &SocketAddr| (reachable(config, addr.ip()), addr.port());
    let machine = Machine::new(Setup {
        udp: local.udp.iter().map(reach).collect(),
        tcp: local.tcp.iter().map(reach).collect(),
        config: config.clone(),
        dice,
        names: names.clone(),
        counters: counters.clone(),
    });
    let (commands, commanded) = mpsc::unbounded_channel();
    let (arrive, arrivals) = mpsc::channel(ARRIVALS_AT_MOST);
    let (jobs, job) = mpsc::unbounded_channel();
    let (events, drain) = base::outbox(EVENTS_ALARM);
    let sockets: Vec<Arc<UdpSocket>> = udp.into_iter().map(Arc::new).collect();
    for (index, socket) in sockets.iter().enumerate() {
        let reader =
            read_datagrams(index, socket.clone(), arrive.clone(), counters.clone(), tasks.clone());
        tasks.spawn("sip datagrams", reader);
    }
    for listener in tcp {
        let door =
            Door { config: config.clone(), counters: counters.clone(), clock: clock.clone() };
        tasks.spawn("sip connections", door.accept(listener, jobs.clone(), tasks.clone()));
    }
    tasks.spawn("sip flows", carry(job, arrive, names.clone(), clock.clone(), tasks.clone()));
    let shell = Shell {
        machine,
        sockets,
        writers: HashMap::new(),
        jobs,
        events,
        counters: counters.clone(),
    };
    tasks.spawn("sip", shell.run(commanded, arrivals, clock, tasks.clone()));
    Ok((Endpoint { commands, names, counters }, drain, local))
}

/// The host others reach us by: as told, the address bound, or the one the way to a trunk leaves by.
fn reachable(config: &Config, bound: IpAddr) -> String {
    if let Some(host) = &config.advertise {
        return host.clone();
    }
    if !bound.is_unspecified() {
        return bound.to_string();
    }
    let out = |to: SocketAddr| {
        let probe = StdUdp::bind(SocketAddr::new(bound, 0)).ok()?;
        probe.connect(to).ok()?;
        Some(probe.local_addr().ok()?.ip())
    };
    let proxies = config.trunks.iter().filter_map(|trunk| trunk.proxy);
    let anywhere = SocketAddr::from(([192, 0, 2, 1], 5060)); // nothing is sent: it only asks for the way
    proxies.chain([anywhere]).find_map(out).unwrap_or(IpAddr::from([127, 0, 0, 1])).to_string()
}

async fn read_datagrams(
    index: usize,
    socket: Arc<UdpSocket>,
    arrive: mpsc::Sender<Arrival>,
    counters: Arc<Counters>,
    tasks: Tasks,
) {
    let mut buffer = vec![0; 65_535];
    loop {
        let received = tokio::select! {
            biased;
            () = tasks.stopping() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        // An error here is an ICMP message about something we sent; its transaction finds out.
        let Ok((count, from)) = received else { continue };
        let bytes = Bytes::copy_from_slice(&buffer[..count]);
        match arrive.try_send(Arrival::Datagram { socket: index, from, bytes }) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => counters.overflow(),
            Err(mpsc::error::TrySendError::Closed(_)) => return,
        }
    }
}

/// Lets connections of trunks in.
struct Door {
    config: Config,
    counters: Arc<Counters>,
    clock: Arc<dyn Clock>,
}

impl Door {
    async fn accept(self, listener: TcpListener, jobs: mpsc::UnboundedSender<Job>, tasks: Tasks) {
        loop {
            let accepted = tokio::select! {
                biased;
                () = tasks.stopping() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, from)) if Machine::trunk_of(&self.config, from.ip()).is_some() => {
                    if jobs.send(Job::Serve { stream, from }).is_err() {
                        return;
                    }
                }
                Ok(_) => self.counters.unlisted(),
                Err(error) => {
                    tracing::warn!(%error, "could not take a connection");
                    self.clock.sleep_until(self.clock.now() + TimeDelta::milliseconds(100)).await;
                }
            }
        }
    }
}

/// Carries connections, each as a task of its own that may end without ending the house.
async fn carry(
    mut jobs: mpsc::UnboundedReceiver<Job>,
    arrive: mpsc::Sender<Arrival>,
    names: Arc<Names>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
) {
    let mut carried = JoinSet::new();
    loop {
        let job = tokio::select! {
            biased;
            () = tasks.stopping() => return,
            job = jobs.recv() => job,
            Some(_) = carried.join_next() => continue,
        };
        let Some(job) = job else { return };
        match job {
            Job::Serve { .. } if carried.len() >= CONNECTIONS_AT_MOST => {
                tracing::warn!("too many connections; closed a new one");
            }
            Job::Serve { stream, from } => {
                let flow = names.flow();
                let (writer, outgoing) = mpsc::channel(OUTGOING_AT_MOST);
                if arrive.send(Arrival::Accepted { flow, from, writer }).await.is_err() {
                    return;
                }
                carried.spawn(stream::serve(stream, flow, outgoing, arrive.clone(), clock.clone()));
            }
            Job::Dial { flow, to, outgoing } => {
                carried.spawn(stream::dial(to, flow, outgoing, arrive.clone(), clock.clone()));
            }
            Job::Browser { flow, from_ws } => {
                carried.spawn(stream::pump(from_ws, flow, arrive.clone()));
            }
        }
    }
}

/// Owns the machine.
struct Shell {
    machine: Machine,
    sockets: Vec<Arc<UdpSocket>>,
    writers: HashMap<FlowId, Writer>,
    jobs: mpsc::UnboundedSender<Job>,
    events: Outbox<Event>,
    counters: Arc<Counters>,
}

impl Shell {
    async fn run(
        mut self,
        mut commands: mpsc::UnboundedReceiver<Command>,
        mut arrivals: mpsc::Receiver<Arrival>,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
    ) {
        loop {
            let deadline = self.machine.next_deadline();
            let sleep = async {
                match deadline {
                    Some(at) => clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let input = tokio::select! {
                biased; // what is due is done first in any case: see Machine::on
                () = tasks.stopping() => break,
                Some(command) = commands.recv() => self.commanded(command),
                Some(arrival) = arrivals.recv() => self.arrived(arrival),
                () = sleep => Input::Tick,
            };
            let actions = self.machine.on(input, clock.now());
            self.act(actions);
        }
        let actions = self.machine.farewell(clock.now());
        self.act(actions);
    }

    fn commanded(&mut self, command: Command) -> Input {
        let Command::Websocket { flow, agent, from_ws, to_ws } = command else {
            return Input::Command(command);
        };
        self.writers.insert(flow, Writer::Browser(to_ws));
        drop(self.jobs.send(Job::Browser { flow, from_ws }));
        Input::Opened { flow, what: Flow::Web(agent) }
    }

    fn arrived(&mut self, arrival: Arrival) -> Input {
        match arrival {
            Arrival::Datagram { socket, from, bytes } => Input::Datagram { socket, from, bytes },
            Arrival::Frame { flow, bytes } => Input::Frame { flow, bytes },
            Arrival::Accepted { flow, from, writer } => {
                self.writers.insert(flow, Writer::Tcp(writer));
                Input::Opened { flow, what: Flow::Tcp(from) }
            }
            Arrival::Closed { flow } => {
                self.writers.remove(&flow);
                Input::Closed { flow }
            }
        }
    }

    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Tell(event) => self.events.push(event),
                Action::Send { to: Peer::Udp { socket, to }, bytes } => {
                    let sent =
                        self.sockets.get(socket).map(|socket| socket.try_send_to(&bytes, to));
                    if !matches!(sent, Some(Ok(_))) {
                        self.counters.overflow(); // it is repeated, or its transaction ends
                    }
                }
                Action::Send { to: Peer::Flow(flow), bytes } => self.send(flow, bytes),
                Action::Dial { flow, to } => {
                    let (writer, outgoing) = mpsc::channel(OUTGOING_AT_MOST);
                    self.writers.insert(flow, Writer::Tcp(writer));
                    drop(self.jobs.send(Job::Dial { flow, to, outgoing }));
                }
                Action::Close { flow, reason } => self.close(flow, reason),
            }
        }
    }

    fn send(&mut self, flow: FlowId, bytes: Bytes) {
        let full = match self.writers.get(&flow) {
            None => return,
            Some(Writer::Tcp(writer)) => writer.try_send(bytes).is_err(),
            Some(Writer::Browser(writer)) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                writer.try_send(ToBrowser::Text(text)).is_err()
            }
        };
        if full {
            // An owner never waits: a flow that does not keep up is given up.
            self.counters.overflow();
            self.close(flow, "slow");
        }
    }

    fn close(&mut self, flow: FlowId, reason: &'static str) {
        match self.writers.remove(&flow) {
            Some(Writer::Browser(writer)) => drop(writer.try_send(ToBrowser::Close(reason))),
            Some(Writer::Tcp(_)) | None => {} // the writer's end closes the connection
        }
    }
}
