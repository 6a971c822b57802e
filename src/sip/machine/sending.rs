//! Responses, and requests of ours with their transactions.
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use rsipstack::sip::{Headers, Method};

use super::receive::client_key;
use super::{At, ClientEntry, ClientKey, Due, Flow, Machine, Peer, Purpose, ServerKey};
use crate::dialog::{Dialog, Phase, Reach};
use crate::message::{ALLOW, Answer, Incoming, Outbound, Reply, first};
use crate::transaction::{Client, ClientEvent, ClientOut, ServerEvent, ServerOut};
use crate::{DialogId, address, digest, session};

impl Machine {
    /// Sends a response through its transaction; the bytes are given back for those who repeat it.
    pub(super) fn respond(
        &mut self,
        key: &ServerKey,
        request: &Headers,
        answer: &Answer<'_>,
        now: At,
    ) -> Bytes {
        let response = answer.to(request, &self.config.product);
        let event = ServerEvent::Respond { status: answer.status, response: response.clone() };
        self.server_event(key, event, now);
        response
    }

    /// A response with nothing but a status.
    pub(super) fn respond_plain(
        &mut self,
        key: &ServerKey,
        request: &Incoming,
        status: u16,
        now: At,
    ) {
        let tag = self.tag_of(key);
        let mut answer = Answer::new(status, &tag);
        if matches!(status, 405 | 501) || request.head.method == Method::Options {
            answer = answer.with("Allow", ALLOW);
        }
        self.respond(key, &request.headers, &answer, now);
    }

    /// The tag our responses of this transaction put on To.
    pub(super) fn tag_of(&self, key: &ServerKey) -> String {
        self.servers.get(key).map(|entry| entry.tag.clone()).unwrap_or_default()
    }

    pub(super) fn server_event(&mut self, key: &ServerKey, event: ServerEvent, now: At) {
        let Some(entry) = self.servers.get_mut(key) else { return };
        let to = entry.to;
        let out = entry.machine.on(event, now);
        if entry.machine.is_over() {
            let merged = self.servers.remove(key).and_then(|entry| entry.merged);
            if let Some(merged) = merged {
                self.merged.remove(&merged);
            }
            self.due.set(Due::Server(key.clone()), None);
        } else {
            let at = entry.machine.next_deadline();
            self.due.set(Due::Server(key.clone()), at);
        }
        match out {
            Some(ServerOut::Send(bytes)) => self.send(to, bytes),
            Some(ServerOut::Repeat(bytes)) => self.repeat(to, bytes),
            None => {}
        }
    }

    /// Starts the transaction of a request of ours.
    pub(super) fn start(
        &mut self,
        request: Outbound,
        to: Peer,
        purpose: Purpose,
        attempts: u8,
        now: At,
    ) -> ClientKey {
        let branch = format!("z9hG4bK{}", self.word());
        self.start_with_branch(&branch, request, to, purpose, attempts, now)
    }

    pub(super) fn start_with_branch(
        &mut self,
        branch: &str,
        mut request: Outbound,
        to: Peer,
        purpose: Purpose,
        attempts: u8,
        now: At,
    ) -> ClientKey {
        request.set("User-Agent", &*self.config.product);
        let via = self.via(to, branch);
        let bytes = request.bytes(&via);
        let invite = request.method == Method::Invite;
        let key = client_key(branch, request.method);
        let machine = Client::new(invite, to.reliable(), self.pace, bytes.clone(), now);
        self.due.set(Due::Client(key.clone()), machine.next_deadline());
        let entry = ClientEntry { machine, to, via, request, purpose, attempts, acks: Vec::new() };
        self.clients.insert(key.clone(), entry);
        self.send(to, bytes);
        key
    }

    pub(super) fn drop_client(&mut self, key: &ClientKey) {
        self.clients.remove(key);
        self.due.set(Due::Client(key.clone()), None);
    }

    pub(super) fn client_event(
        &mut self,
        key: &ClientKey,
        event: ClientEvent,
        reply: Option<&Reply>,
        now: At,
    ) {
        let Some(entry) = self.clients.get_mut(key) else { return };
        let (to, purpose) = (entry.to, entry.purpose);
        let outs = entry.machine.on(event, now);
        let over = entry.machine.is_over();
        let at = entry.machine.next_deadline();
        self.due.set(Due::Client(key.clone()), at);
        for out in outs {
            match (out, reply) {
                (ClientOut::Send(bytes), _) => self.send(to, bytes),
                (ClientOut::Repeat(bytes), _) => self.repeat(to, bytes),
                (ClientOut::Deliver, Some(reply)) => self.deliver(key, purpose, reply, now),
                (ClientOut::Deliver, None) => {}
                (ClientOut::TimedOut, _) => self.on_no_answer(purpose, 408, "no answer", now),
            }
        }
        if over {
            self.drop_client(key);
        }
    }

    fn deliver(&mut self, key: &ClientKey, purpose: Purpose, reply: &Reply, now: At) {
        if matches!(reply.status, 401 | 407) && self.answer_challenge(key, reply, now) {
            return;
        }
        if reply.status == 422 && self.ask_longer(key, purpose, reply, now) {
            return;
        }
        match purpose {
            Purpose::Call(id) => self.on_call_reply(id, key, reply, now),
            Purpose::Bye(id) if reply.status >= 200 => drop(self.forget(id)),
            Purpose::Refresh(id) => self.on_refresh_reply(id, key, reply, now),
            Purpose::Bye(_) | Purpose::Stray => {}
        }
    }

    /// Sends the request again with the trunk's credentials (RFC 3261 §22.2). Twice at most: the
    /// second time for a nonce that was stale.
    fn answer_challenge(&mut self, key: &ClientKey, reply: &Reply, now: At) -> bool {
        let Some(entry) = self.clients.get(key) else { return false };
        let (Purpose::Call(id) | Purpose::Bye(id) | Purpose::Refresh(id)) = entry.purpose else {
            return false;
        };
        let Some(dialog) = self.dialogs.get(&id) else { return false };
        let trunk = dialog.trunk.and_then(|trunk| self.config.trunks.get(trunk));
        let Some(credentials) = trunk.and_then(|trunk| trunk.digest.clone()) else { return false };
        let cancelled = matches!(&dialog.phase, Phase::Outgoing(_) if dialog.told_end);
        let Some(challenge) = digest::challenge(reply) else { return false };
        if cancelled || entry.attempts >= 2 || (entry.attempts == 1 && !challenge.stale) {
            return false;
        }
        let mut request = entry.request.clone();
        let cnonce = self.word();
        let method = request.method.to_string();
        let word = challenge.answer(&credentials, &method, &request.uri, &cnonce);
        request.set(challenge.answered_in(), word);
        self.start_again(key, id, request, now);
        true
    }

    /// Asks for a longer session, once, when ours is too short for them (RFC 4028 §7.3).
    fn ask_longer(&mut self, key: &ClientKey, purpose: Purpose, reply: &Reply, now: At) -> bool {
        let Purpose::Call(id) = purpose else { return false };
        let Some(entry) = self.clients.get(key).filter(|entry| entry.attempts < 2) else {
            return false;
        };
        let seconds = |name| first(&reply.headers, name).and_then(|v| v.parse::<u32>().ok());
        let Some(least) = seconds("Min-SE").filter(|least| *least > session::ASKED) else {
            return false;
        };
        if self.dialogs.get(&id).is_none_or(|dialog| dialog.told_end) {
            return false;
        }
        let mut request = entry.request.clone();
        request.set("Session-Expires", least.to_string());
        request.set("Min-SE", least.to_string());
        self.start_again(key, id, request, now);
        true
    }

    /// Sends a request of a dialog once more, changed, as a transaction of its own.
    fn start_again(&mut self, key: &ClientKey, id: DialogId, mut request: Outbound, now: At) {
        let Some(entry) = self.clients.get(key) else { return };
        let (to, purpose, attempts) = (entry.to, entry.purpose, entry.attempts + 1);
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        dialog.local_seq += 1;
        request.set("CSeq", format!("{} {}", dialog.local_seq, request.method));
        let again = self.start(request.clone(), to, purpose, attempts, now);
        if let Some(Phase::Outgoing(calling)) = self.dialogs.get_mut(&id).map(|d| &mut d.phase) {
            calling.key = again;
            calling.request = request;
            calling.provisional = false;
        }
    }

    /// Sends a request that has no transaction: the ACK of a 2xx.
    pub(super) fn send_ack(&mut self, ack: &Outbound, to: Peer) -> Bytes {
        let branch = format!("z9hG4bK{}", self.word());
        let bytes = ack.bytes(&self.via(to, &branch));
        self.send(to, bytes.clone());
        bytes
    }

    /// Our Via towards a peer.
    fn via(&self, to: Peer, branch: &str) -> String {
        let (transport, host, port) = self.ourselves(to);
        let transport = transport.to_ascii_uppercase();
        format!("SIP/2.0/{transport} {}:{port};branch={branch};rport", bracketed(host))
    }

    /// Our Contact towards a peer.
    pub(super) fn our_contact(&self, to: Peer) -> String {
        let (transport, host, port) = self.ourselves(to);
        let host = bracketed(host);
        match transport {
            "udp" => format!("<sip:{}@{host}:{port}>", self.config.domain),
            _ => format!("<sip:{}@{host}:{port};transport={transport}>", self.config.domain),
        }
    }

    pub(super) fn our_host(&self, to: Peer) -> String {
        bracketed(self.ourselves(to).1)
    }

    fn ourselves(&self, to: Peer) -> (&'static str, &str, u16) {
        let (transport, at) = match to {
            Peer::Udp { socket, .. } => ("udp", self.udp.get(socket)),
            Peer::Flow(flow) => match self.flows.get(&flow) {
                Some(Flow::Web(_)) => ("ws", self.tcp.first()),
                _ => ("tcp", self.tcp.first()),
            },
        };
        at.map_or((transport, self.config.domain.as_str(), 5060), |(host, port)| {
            (transport, host.as_str(), *port)
        })
    }

    /// Sends a request inside a dialog. `None`: there is no way to the other side.
    pub(super) fn send_in_call(
        &mut self,
        id: DialogId,
        request: Outbound,
        purpose: Purpose,
        now: At,
    ) -> Option<ClientKey> {
        let to = self.next_peer(id)?;
        Some(self.start(request, to, purpose, 0, now))
    }

    /// Where the next request of a dialog goes: the first Route or the remote target when that is an
    /// address the other side may name, else where its messages come from.
    pub(super) fn next_peer(&mut self, id: DialogId) -> Option<Peer> {
        let dialog = self.dialogs.get(&id)?;
        let mut reach = dialog.reach.clone();
        if let Reach::Udp { socket, to } = &reach
            && let Some(named) = named_address(dialog)
            && (named.ip() == to.ip() || Self::trunk_of(&self.config, named.ip()).is_some())
        {
            return Some(Peer::Udp { socket: *socket, to: named });
        }
        if let Reach::Tcp { flow, to } = &mut reach
            && !self.flows.contains_key(flow)
            && let Some(named) = named_address(dialog)
            && Self::trunk_of(&self.config, named.ip()).is_some()
        {
            *to = named; // the port they called from is gone with the connection
        }
        let peer = self.peer_of(&mut reach);
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.reach = reach;
        }
        peer
    }
}

/// The address the next hop of a dialog is named by.
fn named_address(dialog: &Dialog) -> Option<SocketAddr> {
    let (host, port) = address::host_port(&dialog.next_hop())?;
    let ip: IpAddr = host.parse().ok()?;
    Some(SocketAddr::new(ip, port.unwrap_or(5060)))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
