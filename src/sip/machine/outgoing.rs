//! Calls we make.
use std::net::{IpAddr, SocketAddr};

use rsipstack::sip::{Headers, Method};

use super::owner::may_add;
use super::{Action, At, ClientKey, Machine, Purpose};
use crate::dialog::{Calling, Cancel, Dialog, Phase, Reach, quote, untagged};
use crate::endpoint::Outgoing;
use crate::message::{self, ALLOW, Body, Outbound, Reply};
use crate::transaction::ClientEvent;
use crate::{DialogId, Event, Target, Transport, address, session};

/// Where a call goes.
struct Way {
    uri: String,
    /// To, without tag.
    remote: String,
    reach: Reach,
    trunk: Option<usize>,
    /// The number shown, when the trunk has its own.
    shown: Option<String>,
}

impl Machine {
    pub(super) fn call(&mut self, call: Outgoing, now: At) {
        let id = call.dialog;
        let mut way = match self.way(&call.target) {
            Ok(way) => way,
            Err((status, reason)) => {
                let reason = reason.to_owned();
                return self.out.push(Action::Tell(Event::Failed { dialog: id, status, reason }));
            }
        };
        let Some(to) = self.peer_of(&mut way.reach) else {
            let reason = "not registered".to_owned();
            return self.out.push(Action::Tell(Event::Failed { dialog: id, status: 480, reason }));
        };
        self.counters.calls_out();
        let user = address::escape_user(way.shown.as_ref().unwrap_or(&call.from.user));
        let host = match &way.reach {
            Reach::Agent { .. } => self.config.domain.clone(),
            _ => self.our_host(to),
        };
        let display = call.from.display.as_deref().map(|d| quote(d) + " ").unwrap_or_default();
        let mut dialog = Dialog {
            id,
            call_id: self.word(),
            local: format!("{display}<sip:{user}@{host}>"),
            local_tag: self.word(),
            remote: way.remote,
            remote_tag: None,
            local_seq: 0,
            remote_seq: None,
            routes: Vec::new(),
            target: way.uri,
            reach: way.reach,
            trunk: way.trunk,
            phase: Phase::Ending,
            unacked: None,
            pending: None,
            our_offer: false,
            local_sdp: Some(call.offer.clone()),
            session: None,
            updates: false,
            told_end: false,
        };
        let mut request = dialog.request(Method::Invite, None);
        request.push("Contact", self.our_contact(to));
        request.push("Allow", ALLOW);
        if way.trunk.is_some() {
            request.push("Supported", "timer");
            request.push("Session-Expires", session::ASKED.to_string());
            request.push("Min-SE", session::SHORTEST.to_string());
        }
        for (name, value) in call.headers.iter().filter(|(name, _)| may_add(name)) {
            request.push(name, value.as_str());
        }
        request.sdp = Some(call.offer);
        let key = self.start(request.clone(), to, Purpose::Call(id), 0, now);
        dialog.phase =
            Phase::Outgoing(Calling { key, request, provisional: false, cancel: Cancel::No });
        self.keep(dialog);
    }

    fn way(&mut self, target: &Target) -> Result<Way, (u16, &'static str)> {
        match target {
            Target::Agent(agent) => {
                let binding = self.agents.get(agent).ok_or((480, "not registered"))?;
                let user = address::escape_user(agent);
                Ok(Way {
                    uri: binding.contact.clone(),
                    remote: format!("<sip:{user}@{}>", self.config.domain),
                    reach: Reach::Agent { user: agent.clone(), flow: binding.flow },
                    trunk: None,
                    shown: None,
                })
            }
            Target::Trunk { name, number } => {
                let found = self.config.trunks.iter().position(|trunk| trunk.name == *name);
                let index = found.ok_or((404, "no such trunk"))?;
                let trunk = &self.config.trunks[index];
                let proxy = trunk.proxy.ok_or((404, "the trunk takes no calls from us"))?;
                let rule = trunk.dial.iter().find_map(|rule| {
                    let rest = number.strip_prefix(rule.starts_with.as_str())?;
                    Some(format!("{}{rest}", rule.put))
                });
                let number = address::escape_user(&rule.unwrap_or_else(|| number.clone()));
                let shown = trunk.show_number.clone();
                let tcp = trunk.transport == Transport::Tcp;
                let uri = format!("sip:{number}@{proxy}");
                let remote = format!("<{uri}>");
                Ok(Way {
                    uri,
                    remote,
                    reach: self.reach_to(proxy, tcp)?,
                    trunk: Some(index),
                    shown,
                })
            }
            Target::Uri(uri) => {
                let (host, port) = address::host_port(uri).ok_or((400, "not a SIP address"))?;
                let ip: IpAddr = match host.as_str() {
                    "localhost" => IpAddr::from([127, 0, 0, 1]),
                    host => {
                        host.parse().map_err(|_| (400, "the address must name an IP address"))?
                    }
                };
                let tcp = address::uri_param(uri, "transport")
                    .is_some_and(|t| t.eq_ignore_ascii_case("tcp"));
                let reach = self.reach_to(SocketAddr::new(ip, port.unwrap_or(5060)), tcp)?;
                self.called.insert(ip);
                Ok(Way {
                    uri: uri.clone(),
                    remote: format!("<{uri}>"),
                    reach,
                    trunk: None,
                    shown: None,
                })
            }
        }
    }

    fn reach_to(&mut self, to: SocketAddr, tcp: bool) -> Result<Reach, (u16, &'static str)> {
        if tcp {
            return Ok(Reach::Tcp { flow: self.dial(to), to });
        }
        let fits = |(host, _): &(String, u16)| {
            host.parse::<IpAddr>().map_or(true, |ip| ip.is_ipv4() == to.is_ipv4())
        };
        let socket = self.udp.iter().position(fits).ok_or((503, "no socket for this address"))?;
        Ok(Reach::Udp { socket, to })
    }

    pub(super) fn on_call_reply(&mut self, id: DialogId, key: &ClientKey, reply: &Reply, now: At) {
        match reply.status {
            ..200 => self.on_progress(id, reply, now),
            200..300 => self.on_taken(id, key, reply, now),
            status => {
                let reason = if reply.reason.is_empty() { "refused" } else { &reply.reason };
                self.call_failed(id, status, reason);
            }
        }
    }

    fn on_progress(&mut self, id: DialogId, reply: &Reply, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let Phase::Outgoing(calling) = &mut dialog.phase else { return };
        calling.provisional = true;
        if calling.cancel == Cancel::Wanted {
            return self.cancel(id, now);
        }
        if reply.status > 100 {
            dialog.remote_tag.clone_from(&reply.head.to_tag);
            let sdp = sdp_of(&reply.headers, &reply.body);
            self.tell(id, Event::Progress { dialog: id, status: reply.status, sdp });
        }
    }

    /// CANCEL, by the way of the INVITE (§9.1).
    pub(super) fn cancel(&mut self, id: DialogId, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let Phase::Outgoing(calling) = &mut dialog.phase else { return };
        calling.cancel = Cancel::Sent;
        let key = calling.key.clone();
        let request = calling.request.same_hop(Method::Cancel, None);
        let Some(to) = self.clients.get(&key).map(|entry| entry.to) else { return };
        self.start_with_branch(&key, request, to, Purpose::Stray, 0, now);
        self.client_event(&key, ClientEvent::Cancelled, None, now);
    }

    fn on_taken(&mut self, id: DialogId, key: &ClientKey, reply: &Reply, now: At) {
        if self.ack_again(key, reply) {
            return;
        }
        let ours = self.dialogs.get(&id).is_some_and(
            |dialog| matches!(&dialog.phase, Phase::Outgoing(calling) if calling.key == *key),
        );
        if !ours {
            return self.end_branch(key, reply, now);
        }
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        dialog.phase = Phase::Up;
        dialog.remote_tag.clone_from(&reply.head.to_tag);
        dialog.routes = routes(&reply.headers);
        dialog.refresh_target(&reply.headers);
        dialog.session = session::agreed(&reply.headers, now).filter(|_| dialog.trunk.is_some());
        let cancelled = dialog.told_end;
        self.ack(id, key, reply);
        self.rearm(id);
        match sdp_of(&reply.headers, &reply.body) {
            _ if cancelled => self.bye(id, "", now),
            Some(sdp) => self.tell(id, Event::Answered { dialog: id, sdp }),
            None => {
                let reason = "the answer has no session description".to_owned();
                self.tell_end(id, Event::Failed { dialog: id, status: 488, reason });
                self.bye(id, "", now);
            }
        }
    }

    /// ACK for a 2xx, kept to be sent again with each repetition.
    pub(super) fn ack(&mut self, id: DialogId, key: &ClientKey, reply: &Reply) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let ack = dialog.request(Method::Ack, Some(reply.head.cseq));
        let Some(to) = self.next_peer(id) else { return };
        let bytes = self.send_ack(&ack, to);
        if let Some(entry) = self.clients.get_mut(key) {
            entry.acks.push((reply.head.to_tag.clone().unwrap_or_default(), bytes, to));
        }
    }

    /// Whether the 2xx is a repetition; then the ACK is sent again.
    pub(super) fn ack_again(&mut self, key: &ClientKey, reply: &Reply) -> bool {
        let tag = reply.head.to_tag.as_deref().unwrap_or("");
        let sent = self.clients.get(key).and_then(|entry| {
            entry
                .acks
                .iter()
                .find(|(known, ..)| known == tag)
                .map(|(_, bytes, to)| (bytes.clone(), *to))
        });
        let Some((bytes, to)) = sent else { return false };
        self.repeat(to, bytes);
        true
    }

    /// Another branch answered too, or nobody wants the call any more: ACK, then BYE (§13.2.2.4).
    fn end_branch(&mut self, key: &ClientKey, reply: &Reply, now: At) {
        let Some(entry) = self.clients.get(key) else { return };
        let to = entry.to;
        let mut branch = self.stray(&entry.request, reply);
        let ack = branch.request(Method::Ack, Some(reply.head.cseq));
        let bytes = self.send_ack(&ack, to);
        if let Some(entry) = self.clients.get_mut(key) {
            entry.acks.push((reply.head.to_tag.clone().unwrap_or_default(), bytes, to));
        }
        let bye = branch.request(Method::Bye, None);
        self.start(bye, to, Purpose::Stray, 0, now);
    }

    /// The dialog of a branch nobody owns, as far as ACK and BYE need it.
    fn stray(&self, request: &Outbound, reply: &Reply) -> Dialog {
        let from = message::first(&request.headers, "From").unwrap_or("");
        let tag =
            address::NameAddr::parse(from).and_then(|from| from.param("tag").map(str::to_owned));
        Dialog {
            id: self.names.dialog(),
            call_id: reply.head.call_id.clone(),
            local: untagged(from),
            local_tag: tag.unwrap_or_default(),
            remote: untagged(message::first(&request.headers, "To").unwrap_or("")),
            remote_tag: reply.head.to_tag.clone(),
            local_seq: request.cseq(),
            remote_seq: None,
            routes: routes(&reply.headers),
            target: message::contact(&reply.headers).unwrap_or_else(|| request.uri.clone()),
            reach: Reach::Agent { user: String::new(), flow: crate::FlowId(0) },
            trunk: None,
            phase: Phase::Ending,
            unacked: None,
            pending: None,
            our_offer: false,
            local_sdp: None,
            session: None,
            updates: false,
            told_end: true,
        }
    }

    pub(super) fn call_failed(&mut self, id: DialogId, status: u16, reason: &str) {
        let reason = reason.to_owned();
        self.tell_end(id, Event::Failed { dialog: id, status, reason });
        self.forget(id);
    }
}

/// The route set of a 2xx, in our order (§12.1.2).
fn routes(headers: &Headers) -> Vec<String> {
    message::list(headers, "Record-Route").into_iter().rev().map(str::to_owned).collect()
}

fn sdp_of(headers: &Headers, body: &[u8]) -> Option<String> {
    match message::body_of(headers, body) {
        Body::Sdp(sdp) => Some(sdp),
        _ => None,
    }
}
