//! The registrar of agents' browsers. The binding is the connection; who may use it was settled
//! when the WebSocket was opened, so nobody is challenged here (`JsSIP` could only answer MD5).
use chrono::TimeDelta;

use super::{At, Binding, Machine, Peer, ServerKey, Source, Who};
use crate::address::{self, NameAddr};
use crate::message::{self, Answer, Incoming};

/// The longest registration given, in seconds.
const LONGEST: u32 = 120;
/// How much later than told it really ends.
const GRACE: TimeDelta = TimeDelta::seconds(10);

impl Machine {
    pub(super) fn on_register(
        &mut self,
        source: &Source,
        key: &ServerKey,
        request: &Incoming,
        now: At,
    ) {
        let (Who::Agent(agent), Peer::Flow(flow)) = (&source.who, source.peer) else {
            return self.respond_plain(key, request, 405, now);
        };
        let to = message::address_in(&request.headers, "To");
        let names = to.and_then(|to| address::user(&to.uri)).is_some_and(|user| user == *agent);
        if !names || !super::incoming::speaks_for(agent, request) {
            return self.respond_plain(key, request, 403, now);
        }
        let bound = self.agents.get(agent).filter(|binding| binding.flow == flow);
        let old = bound.is_some_and(|binding| {
            binding.call_id == request.head.call_id && binding.cseq >= request.head.cseq
        });
        if old {
            return self.respond_plain(key, request, 500, now); // RFC 3261 §10.3, step 7
        }
        let contacts = message::list(&request.headers, "Contact");
        let Some(contact) = contacts.first() else {
            let held = bound.map(|binding| (binding.contact.clone(), binding.expires - GRACE));
            return self.registered(key, request, held, now);
        };
        let wanted = |name: &NameAddr| {
            let param = name.param("expires").and_then(|seconds| seconds.parse::<u32>().ok());
            let header = message::first(&request.headers, "Expires").and_then(|v| v.parse().ok());
            param.or(header).unwrap_or(LONGEST).min(LONGEST)
        };
        let Some(name) = NameAddr::parse(contact) else {
            // "*" with Expires 0 takes all bindings back; anything else is no Contact.
            let zero = message::first(&request.headers, "Expires") == Some("0");
            if *contact != "*" || !zero {
                return self.respond_plain(key, request, 400, now);
            }
            if bound.is_some() {
                self.unregister(agent, crate::Gone::SignedOff);
            }
            return self.registered(key, request, None, now);
        };
        let seconds = wanted(&name);
        if seconds == 0 {
            if bound.is_some() {
                self.unregister(agent, crate::Gone::SignedOff);
            }
            return self.registered(key, request, None, now);
        }
        let until = now + TimeDelta::seconds(i64::from(seconds));
        let binding = Binding {
            flow,
            contact: name.uri.clone(),
            call_id: request.head.call_id.clone(),
            cseq: request.head.cseq,
            expires: until + GRACE,
        };
        self.registered(key, request, Some((without_expires(contact), until)), now);
        self.bind(agent, binding, now);
    }

    fn registered(
        &mut self,
        key: &ServerKey,
        request: &Incoming,
        held: Option<(String, At)>,
        now: At,
    ) {
        let tag = self.tag_of(key);
        let mut answer = Answer::new(200, &tag);
        if let Some((contact, until)) = held {
            let seconds = (until - now).num_seconds().max(1);
            let contact = if contact.contains('<') { contact } else { format!("<{contact}>") };
            answer = answer
                .with("Contact", format!("{contact};expires={seconds}"))
                .with("Expires", seconds.to_string());
        }
        self.respond(key, &request.headers, &answer, now);
    }
}

/// A Contact as it was written, but for its expires parameter.
fn without_expires(contact: &str) -> String {
    let Some(close) = contact.find('>') else {
        return NameAddr::parse(contact).map_or_else(String::new, |name| format!("<{}>", name.uri));
    };
    let (address, params) = contact.split_at(close + 1);
    let kept: Vec<&str> = params
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty() && !part.to_ascii_lowercase().starts_with("expires"))
        .collect();
    kept.iter().fold(address.to_owned(), |text, part| text + ";" + part)
}
