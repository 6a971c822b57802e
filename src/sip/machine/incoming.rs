//! Requests outside dialogs: new calls, OPTIONS, CANCEL, registrations.
use rsipstack::sip::Method;

use super::{At, Machine, Peer, ServerKey, Source, Who};
use crate::dialog::{Dialog, Pending, Phase, Reach, Ringing, untagged};
use crate::digest::Outcome;
use crate::message::{self, ALLOW, Answer, Body, Incoming};
use crate::transaction::ServerEvent;
use crate::{Caller, Event, FlowId, address, identity, session};

/// Extensions we understand when they are required.
const UNDERSTOOD: [&str; 1] = ["timer"];

impl Machine {
    pub(super) fn on_out_of_call(
        &mut self,
        source: &Source,
        key: &ServerKey,
        request: Box<Incoming>,
        now: At,
    ) {
        if let Some(refused) = self.unsupported(key, &request) {
            self.respond(key, &request.headers, &refused.answer(), now);
            return;
        }
        match request.head.method {
            Method::Invite => self.on_new_call(source, key, request, now),
            Method::Options => self.respond_plain(key, &request, 200, now),
            Method::Register => self.on_register(source, key, &request, now),
            // These live inside dialogs only.
            Method::Bye | Method::Info | Method::Update | Method::PRack => {
                self.respond_plain(key, &request, 481, now);
            }
            _ => self.respond_plain(key, &request, 405, now),
        }
    }

    /// What stands in the way before anything is looked at (RFC 3261 §8.2.2.3): extensions.
    pub(super) fn unsupported(&self, key: &ServerKey, request: &Incoming) -> Option<Refused> {
        let required = message::list(&request.headers, "Require");
        let unknown: Vec<&str> = required
            .into_iter()
            .filter(|tag| !UNDERSTOOD.iter().any(|known| known.eq_ignore_ascii_case(tag)))
            .collect();
        (!unknown.is_empty()).then(|| Refused {
            status: 420,
            tag: self.tag_of(key),
            extra: vec![("Unsupported", unknown.join(", "))],
        })
    }

    fn on_new_call(&mut self, source: &Source, key: &ServerKey, request: Box<Incoming>, now: At) {
        let tag = self.tag_of(key);
        if let Err((status, extra)) = self.check_call(source, &request) {
            self.respond(key, &request.headers, &Refused { status, tag, extra }.answer(), now);
            return;
        }
        if let Some(extra) = self.challenge(source, &request, now) {
            let refused = Refused { status: 401, tag, extra };
            self.respond(key, &request.headers, &refused.answer(), now);
            return;
        }
        let Ok(session) = session::accept(&request.headers, now) else {
            let extra = vec![("Min-SE", session::SHORTEST.to_string())];
            let refused = Refused { status: 422, tag, extra };
            self.respond(key, &request.headers, &refused.answer(), now);
            return;
        };
        let session = session.map(|(session, _)| session);
        let head = &request.head;
        let merged = (head.call_id.clone(), head.from_tag.clone().unwrap_or_default(), head.cseq);
        let id = self.names.dialog();
        if let Some(entry) = self.servers.get_mut(key) {
            entry.dialog = Some(id);
            entry.merged = Some(merged.clone());
        }
        self.merged.insert(merged, key.clone());
        self.counters.calls_in();
        let event = self.invite_event(id, source, &request);
        let dialog = Dialog {
            id,
            call_id: head.call_id.clone(),
            local: untagged(message::first(&request.headers, "To").unwrap_or("")),
            local_tag: tag,
            remote: untagged(message::first(&request.headers, "From").unwrap_or("")),
            remote_tag: head.from_tag.clone(),
            local_seq: 0,
            remote_seq: Some(head.cseq),
            routes: message::list(&request.headers, "Record-Route")
                .into_iter()
                .map(str::to_owned)
                .collect(),
            target: message::contact(&request.headers).unwrap_or_default(),
            reach: reach(source),
            trunk: match source.who {
                Who::Trunk(trunk) => Some(trunk),
                _ => None,
            },
            unacked: None,
            pending: None,
            our_offer: false,
            local_sdp: None,
            session,
            updates: message::has(&request.headers, "Allow", "UPDATE"),
            told_end: false,
            phase: Phase::Incoming(Box::new(Ringing {
                invite: Pending { key: key.clone(), request, until: None },
                remind: None,
            })),
        };
        self.keep(dialog);
        self.tell(id, event);
    }

    /// What keeps a new call out, with the headers that say so.
    fn check_call(&self, source: &Source, request: &Incoming) -> Result<(), (u16, Extra)> {
        let head = &request.head;
        let none = Vec::new;
        if message::first(&request.headers, "Max-Forwards") == Some("0") {
            // We stand between two calls: what may go no further may not come in.
            return Err((483, none()));
        }
        let from_tag = head.from_tag.clone().unwrap_or_default();
        if self.merged.contains_key(&(head.call_id.clone(), from_tag, head.cseq)) {
            return Err((482, none()));
        }
        if message::contact(&request.headers).is_none() {
            return Err((400, none()));
        }
        if let Body::Other(_) = message::body_of(&request.headers, &request.body) {
            return Err((415, vec![("Accept", "application/sdp".into())]));
        }
        let encoding = message::first(&request.headers, "Content-Encoding");
        if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Err((415, vec![("Accept-Encoding", "identity".into())]));
        }
        let accepts = message::first(&request.headers, "Accept");
        if accepts.is_some_and(|a| {
            !a.contains("application/sdp") && !a.contains("*/*") && !a.contains("application/*")
        }) {
            return Err((406, vec![("Accept", "application/sdp".into())]));
        }
        if let Who::Agent(agent) = &source.who
            && !speaks_for(agent, request)
        {
            return Err((403, none()));
        }
        if self.dialogs.len() >= self.config.calls_at_most {
            let seconds = 5 + self.dice.below(26);
            return Err((503, vec![("Retry-After", seconds.to_string())]));
        }
        Ok(())
    }

    /// What to ask a trunk that must say who it is, unless it said so rightly.
    fn challenge(&mut self, source: &Source, request: &Incoming, now: At) -> Option<Extra> {
        let Who::Trunk(trunk) = source.who else { return None };
        let expected = self.config.trunks.get(trunk)?.digest.as_ref().filter(|by| by.challenge)?;
        let answer = message::first(&request.headers, "Authorization");
        let (realm, ip) = (&self.config.domain, source.addr.ip().to_canonical());
        let outcome = self.verifier.check(answer, "INVITE", realm, expected, ip, now);
        if outcome == Outcome::Right {
            return None;
        }
        let stale = outcome == Outcome::Stale;
        let challenges = self.verifier.challenges(realm, ip, stale, now);
        Some(challenges.into_iter().map(|value| ("WWW-Authenticate", value)).collect())
    }

    fn invite_event(&self, dialog: crate::DialogId, source: &Source, request: &Incoming) -> Event {
        let offer = match message::body_of(&request.headers, &request.body) {
            Body::Sdp(sdp) => Some(sdp),
            _ => None,
        };
        let trunk = match source.who {
            Who::Trunk(trunk) => self.config.trunks.get(trunk),
            _ => None,
        };
        let (caller, from_agent) = match &source.who {
            Who::Agent(agent) => (own_caller(request), Some(agent.clone())),
            _ => (identity::caller(request), None),
        };
        Event::Invite {
            dialog,
            from_trunk: trunk.map(|trunk| trunk.name.clone()),
            from_agent,
            answer_at_once: trunk.is_some_and(|trunk| trunk.answer_at_once),
            caller,
            dialled: identity::dialled(request, trunk.map_or(&[], |trunk| &trunk.number_from)),
            offer,
            peer: source.addr,
            call_id: request.head.call_id.clone(),
        }
    }

    pub(super) fn on_cancel(&mut self, source: &Source, request: &Incoming, now: At) {
        let invite = super::receive::server_key(request, Method::Invite);
        let key = super::receive::server_key(request, Method::Cancel);
        let known = self
            .servers
            .get(&invite)
            .map(|entry| (entry.tag.clone(), entry.dialog, entry.machine.is_answered()));
        let Some((tag, dialog, answered)) = known else {
            if source.who != Who::Called {
                self.open_cancel(&key, source, None);
                self.respond_plain(&key, request, 481, now);
            }
            return;
        };
        self.open_cancel(&key, source, Some(tag));
        self.respond_plain(&key, request, 200, now);
        if answered {
            return; // too late: the answer stands (§9.2)
        }
        let Some(id) = dialog else { return };
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        if let Some(pending) = dialog.pending.take_if(|pending| pending.key == invite) {
            self.respond_plain(&pending.key, &pending.request, 487, now);
            self.rearm(id);
        } else if let Phase::Incoming(ringing) = &dialog.phase {
            let (key, headers) =
                (ringing.invite.key.clone(), ringing.invite.request.headers.clone());
            let tag = dialog.local_tag.clone();
            self.respond(&key, &headers, &Answer::new(487, &tag), now);
            self.tell_end(id, Event::Cancelled { dialog: id });
            self.forget(id);
        }
    }

    fn open_cancel(&mut self, key: &ServerKey, source: &Source, tag: Option<String>) {
        let entry = super::ServerEntry {
            machine: crate::transaction::Server::new(false, source.peer.reliable(), self.pace),
            to: source.peer,
            tag: tag.unwrap_or_else(|| self.word()),
            dialog: None,
            merged: None,
        };
        self.servers.insert(key.clone(), entry);
    }

    pub(super) fn server_tick(&mut self, key: &ServerKey, now: At) {
        self.server_event(key, ServerEvent::Tick, now);
    }
}

/// Headers a refusal carries.
type Extra = Vec<(&'static str, String)>;

/// A refusal to be sent.
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) tag: String,
    pub(super) extra: Extra,
}

impl Refused {
    pub(super) fn answer(&self) -> Answer<'_> {
        let mut answer = Answer::new(self.status, &self.tag);
        for (name, value) in &self.extra {
            answer = answer.with(name, value.as_str());
        }
        if self.status == 405 {
            answer = answer.with("Allow", ALLOW);
        }
        answer
    }
}

/// Whether From names the agent whose connection it is.
pub(super) fn speaks_for(agent: &str, request: &Incoming) -> bool {
    let from = message::address_in(&request.headers, "From");
    from.and_then(|from| address::user(&from.uri)).is_some_and(|user| user == agent)
}

fn own_caller(request: &Incoming) -> Caller {
    let raw = message::first(&request.headers, "From").unwrap_or("").to_owned();
    let name = address::NameAddr::parse(&raw);
    Caller {
        number: name.as_ref().and_then(|name| address::number_part(&name.uri)?.parse().ok()),
        withheld: false,
        display: name.and_then(|name| name.display),
        raw,
    }
}

fn reach(source: &Source) -> Reach {
    match (source.peer, &source.who) {
        (Peer::Udp { socket, to }, _) => Reach::Udp { socket, to },
        (Peer::Flow(flow), Who::Agent(user)) => Reach::Agent { user: user.clone(), flow },
        (Peer::Flow(flow), _) => tcp(flow, source),
    }
}

fn tcp(flow: FlowId, source: &Source) -> Reach {
    Reach::Tcp { flow, to: source.addr }
}
