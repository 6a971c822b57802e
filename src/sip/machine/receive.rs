//! From bytes to the transaction or dialog they belong to.
use std::net::{IpAddr, SocketAddr};

use rsipstack::sip::{Headers, Method};

use super::{At, ClientKey, Flow, Machine, Peer, ServerEntry, ServerKey, Source, Who};
use crate::FlowId;
use crate::guard::{self, Refusal, Verdict};
use crate::message::{ALLOW, Answer, Head, Incoming, Reply, Via};
use crate::transaction::{ClientEvent, Server, ServerEvent};

/// Port of SIP where none is named.
const SIP_PORT: u16 = 5060;

impl Machine {
    pub(super) fn on_datagram(&mut self, socket: usize, from: SocketAddr, bytes: &[u8], now: At) {
        self.counters.received();
        let who = match Self::trunk_of(&self.config, from.ip()) {
            Some(trunk) => Who::Trunk(trunk),
            None if self.called.contains(&from.ip().to_canonical()) => Who::Called,
            // Scanners learn nothing, not even that somebody is here.
            None => return self.counters.unlisted(),
        };
        if bytes.len() > guard::DATAGRAM_AT_MOST {
            return self.counters.malformed();
        }
        let source = Source { peer: Peer::Udp { socket, to: from }, addr: from, who };
        self.on_bytes(source, bytes, now);
    }

    pub(super) fn on_frame(&mut self, flow: FlowId, bytes: &[u8], now: At) {
        self.counters.received();
        let (addr, who) = match self.flows.get(&flow) {
            None => return,
            Some(Flow::Web(agent)) => (web_address(), Who::Agent(agent.clone())),
            Some(Flow::Tcp(addr)) => match Self::trunk_of(&self.config, addr.ip()) {
                Some(trunk) => (*addr, Who::Trunk(trunk)),
                None => (*addr, Who::Called),
            },
        };
        self.on_bytes(Source { peer: Peer::Flow(flow), addr, who }, bytes, now);
    }

    fn on_bytes(&mut self, source: Source, bytes: &[u8], now: At) {
        match guard::inspect(bytes) {
            Verdict::Request(request) => self.on_request(source, request, now),
            Verdict::Response(reply) => self.on_reply(&reply, now),
            Verdict::Answer(refusal) => self.refuse(&source, &refusal),
            Verdict::Blank => {}
            Verdict::Drop(why) => {
                self.counters.malformed();
                tracing::debug!(from = %source.addr, why, "dropped what is no SIP message");
            }
        }
    }

    /// Answers a broken request without remembering it.
    fn refuse(&mut self, source: &Source, refusal: &Refusal) {
        self.counters.malformed();
        if source.who == Who::Called {
            return;
        }
        let tag = self.word();
        let mut answer = Answer::new(refusal.status, &tag);
        answer.reason = Some(refusal.reason);
        if refusal.status == 501 {
            answer = answer.with("Allow", ALLOW);
        }
        let mut headers = refusal.headers.clone();
        let to = stamp(&mut headers, &refusal.via, source);
        let bytes = answer.to(&headers, &self.config.product);
        self.send(to, bytes);
    }

    fn on_request(&mut self, source: Source, mut request: Box<Incoming>, now: At) {
        let via = request.head.via.clone();
        let to = stamp(&mut request.headers, &via, &source);
        let source = Source { peer: to, ..source };
        let method = request.head.method;
        let key = server_key(&request, method);
        if method == Method::Ack {
            return self.on_ack(&request, now);
        }
        if self.servers.contains_key(&key) {
            return self.server_event(&key, ServerEvent::Request, now);
        }
        if method == Method::Cancel {
            return self.on_cancel(&source, &request, now);
        }
        let dialog = self.dialog_of(&request.head);
        if source.who == Who::Called && dialog.is_none() {
            return self.counters.unlisted();
        }
        self.open(&key, &source, &request, now);
        match (dialog, &request.head.to_tag) {
            (Some(id), _) => self.on_in_call(id, &source, &key, request, now),
            (None, Some(_)) => self.respond_plain(&key, &request, 481, now),
            (None, None) => self.on_out_of_call(&source, &key, request, now),
        }
    }

    /// The dialog a request belongs to: Call-ID and our tag name it.
    pub(super) fn dialog_of(&self, head: &Head) -> Option<crate::DialogId> {
        let tag = head.to_tag.clone()?;
        self.by_name.get(&(head.call_id.clone(), tag)).copied()
    }

    /// Opens the transaction of a new request.
    fn open(&mut self, key: &ServerKey, source: &Source, request: &Incoming, now: At) {
        let invite = request.head.method == Method::Invite;
        let entry = ServerEntry {
            machine: Server::new(invite, source.peer.reliable(), self.pace),
            to: source.peer,
            tag: request.head.to_tag.clone().unwrap_or_else(|| self.word()),
            dialog: None,
            merged: None,
        };
        self.servers.insert(key.clone(), entry);
        if invite {
            // RFC 3261 §17.2.1: 100 unless the answer comes within 200 ms; nobody can promise that.
            let trying = Answer { status: 100, ..Answer::default() };
            self.respond(key, &request.headers, &trying, now);
        }
    }

    fn on_ack(&mut self, request: &Incoming, now: At) {
        let invite = server_key(request, Method::Invite);
        if self.servers.get(&invite).is_some_and(|entry| entry.machine.takes_ack()) {
            return self.server_event(&invite, ServerEvent::Ack, now);
        }
        if let Some(id) = self.dialog_of(&request.head) {
            self.on_ack_in_call(id, request, now);
        }
    }

    fn on_reply(&mut self, reply: &Reply, now: At) {
        let head = &reply.head;
        let Some(branch) = head.via.branch.as_deref() else { return };
        let key = client_key(branch, head.method);
        let Some(entry) = self.clients.get_mut(&key) else { return };
        // §17.1.1.3: the ACK of a refusal, in case this is one.
        let refused = head.method == Method::Invite && reply.status >= 300;
        let ack = refused.then(|| {
            let to = crate::message::first(&reply.headers, "To");
            entry.request.same_hop(Method::Ack, to).bytes(&entry.via)
        });
        let event = ClientEvent::Response { status: reply.status, ack };
        self.client_event(&key, event, Some(reply), now);
    }
}

/// Names the transaction of a request (RFC 3261 §17.2.3); `method` may be another for ACK and CANCEL.
pub(super) fn server_key(request: &Incoming, method: Method) -> ServerKey {
    let head = &request.head;
    let via = &head.via;
    let port = via.port.unwrap_or(SIP_PORT);
    if let Some(branch) = via.usable_branch() {
        let host = via.host.to_ascii_lowercase();
        return format!("{branch}|{host}:{port}|{method}").into();
    }
    // RFC 2543 elements: Request-URI, From tag, Call-ID, CSeq and top Via.
    let from = head.from_tag.as_deref().unwrap_or("");
    format!("{}|{from}|{}|{}|{}|{method}", request.uri, head.call_id, head.cseq, via.raw).into()
}

/// Names a transaction of ours by the branch we gave it.
pub(super) fn client_key(branch: &str, method: Method) -> ClientKey {
    if method == Method::Cancel { format!("{branch}|CANCEL").into() } else { branch.into() }
}

/// Writes received and rport into the top Via (RFC 3581), and tells where the answer goes.
fn stamp(headers: &mut Headers, via: &Via, source: &Source) -> Peer {
    let Peer::Udp { socket, to: from } = source.peer else { return source.peer };
    let ip = from.ip().to_canonical();
    let same = via.host.parse::<IpAddr>().is_ok_and(|host| host == ip);
    let stamped = match (via.rport, same) {
        (true, _) => format!("{};received={ip};rport={}", without_rport(&via.raw), from.port()),
        (false, false) => format!("{};received={ip}", via.raw),
        (false, true) => via.raw.clone(),
    };
    if let Some(header) = headers.iter_mut().find(|h| h.name().eq_ignore_ascii_case("Via")) {
        let rest = header.value().trim().get(via.raw.len()..).unwrap_or("").to_owned();
        *header = rsipstack::sip::headers::make_header("Via", stamped + &rest);
    }
    let port = if via.rport { from.port() } else { via.port.unwrap_or(SIP_PORT) };
    Peer::Udp { socket, to: SocketAddr::new(from.ip(), port) }
}

fn without_rport(raw: &str) -> String {
    let kept = raw.split(';').enumerate().filter(|(at, part)| {
        let name = part.split('=').next().unwrap_or("").trim();
        *at == 0 || !name.eq_ignore_ascii_case("rport")
    });
    kept.map(|(_, part)| part.trim_end()).collect::<Vec<_>>().join(";")
}

fn web_address() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 0))
}
