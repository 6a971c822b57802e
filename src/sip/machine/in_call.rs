//! Requests inside a dialog.
use rsipstack::sip::Method;

use super::incoming::Refused;
use super::owner::ended;
use super::{At, Machine, ServerKey, Source, Who};
use crate::dialog::{Dialog, OWNER_PATIENCE, Pending, Phase, Reach};
use crate::message::{self, ALLOW, Answer, Body, Incoming};
use crate::{DialogId, EndedBy, Event, session};

impl Machine {
    pub(super) fn on_in_call(
        &mut self,
        id: DialogId,
        source: &Source,
        key: &ServerKey,
        request: Box<Incoming>,
        now: At,
    ) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let head = &request.head;
        let other = dialog.remote_tag.is_some() && dialog.remote_tag != head.from_tag;
        if other || !same_side(dialog, source) {
            return self.respond_plain(key, &request, 481, now);
        }
        if dialog.remote_seq.is_some_and(|seq| head.cseq <= seq) {
            return self.respond_plain(key, &request, 500, now); // RFC 3261 §12.2.2
        }
        dialog.remote_seq = Some(head.cseq);
        let ending = matches!(dialog.phase, Phase::Ending) || dialog.told_end;
        if head.method != Method::Bye
            && let Some(refused) = self.unsupported(key, &request)
        {
            self.respond(key, &request.headers, &refused.answer(), now);
            return;
        }
        match head.method {
            Method::Bye => self.on_bye(id, key, &request, now),
            _ if ending => self.respond_plain(key, &request, 481, now),
            Method::Invite | Method::Update => self.on_new_offer(id, key, request, now),
            Method::Options => self.respond_plain(key, &request, 200, now),
            Method::Info => self.on_info(id, key, &request, now),
            // No provisional response of ours was reliable.
            Method::PRack => self.respond_plain(key, &request, 481, now),
            _ => self.respond_plain(key, &request, 405, now),
        }
    }

    fn on_bye(&mut self, id: DialogId, key: &ServerKey, request: &Incoming, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        match &dialog.phase {
            Phase::Outgoing(_) => return self.respond_plain(key, request, 481, now),
            Phase::Incoming(ringing) => {
                let (invite, headers) =
                    (ringing.invite.key.clone(), ringing.invite.request.headers.clone());
                let tag = dialog.local_tag.clone();
                self.respond_plain(key, request, 200, now);
                self.respond(&invite, &headers, &Answer::new(487, &tag), now);
                self.tell_end(id, Event::Cancelled { dialog: id });
            }
            Phase::Up | Phase::Ending => {
                let pending = dialog.pending.take();
                self.respond_plain(key, request, 200, now);
                if let Some(pending) = pending {
                    self.respond_plain(&pending.key, &pending.request, 487, now);
                }
                let reason = message::reason(&request.headers).unwrap_or_default();
                self.tell_end(id, ended(id, EndedBy::Remote, &reason));
            }
        }
        self.forget(id);
    }

    /// re-INVITE, or UPDATE with or without an offer (RFC 3261 §14.2, RFC 3311 §5.2).
    fn on_new_offer(&mut self, id: DialogId, key: &ServerKey, request: Box<Incoming>, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let invite = request.head.method == Method::Invite;
        let body = message::body_of(&request.headers, &request.body);
        let refuse = |status, extra| Some(Refused { status, tag: dialog.local_tag.clone(), extra });
        let later = || vec![("Retry-After", self.dice.below(11).to_string())];
        let bare = !invite && body == Body::Empty;
        let refused = match (&body, &dialog.phase) {
            (Body::Other(_), _) => refuse(415, vec![("Accept", "application/sdp".into())]),
            _ if session::accept(&request.headers, now).is_err() => {
                refuse(422, vec![("Min-SE", session::SHORTEST.to_string())])
            }
            _ if bare => None,
            (_, Phase::Incoming(_)) => refuse(500, later()),
            (_, Phase::Outgoing(_)) => refuse(491, Vec::new()),
            _ if dialog.pending.is_some() => refuse(500, later()),
            _ if dialog.our_offer || (invite && dialog.unacked.is_some()) => {
                refuse(491, Vec::new())
            }
            _ => None,
        };
        if let Some(refused) = refused {
            self.respond(key, &request.headers, &refused.answer(), now);
            return;
        }
        if bare {
            return self.on_bare_update(id, key, &request, now);
        }
        let offer = match body {
            Body::Sdp(sdp) => Some(sdp),
            _ => None,
        };
        let until = Some(now + OWNER_PATIENCE);
        dialog.pending = Some(Pending { key: key.clone(), request, until });
        if let Some(entry) = self.servers.get_mut(key) {
            entry.dialog = Some(id);
        }
        self.tell(id, Event::Reinvite { dialog: id, offer });
        self.rearm(id);
    }

    /// A refresh of the session and the target, nothing else: answered at once.
    fn on_bare_update(&mut self, id: DialogId, key: &ServerKey, request: &Incoming, now: At) {
        let session = session::accept(&request.headers, now).ok().flatten();
        let Some(to) = self.servers.get(key).map(|entry| entry.to) else { return };
        let tag = self.tag_of(key);
        let mut answer = Answer::new(200, &tag)
            .with("Contact", self.our_contact(to))
            .with("Allow", ALLOW)
            .with("Supported", "timer");
        let session = session.map(|(session, extra)| {
            answer.extra.extend(extra);
            session
        });
        self.respond(key, &request.headers, &answer, now);
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.refresh_target(&request.headers);
            if matches!(dialog.phase, Phase::Up) {
                dialog.session = session;
            }
        }
        self.rearm(id);
    }

    fn on_info(&mut self, id: DialogId, key: &ServerKey, request: &Incoming, now: At) {
        match message::body_of(&request.headers, &request.body) {
            Body::Empty => self.respond_plain(key, request, 200, now),
            Body::Other(kind) if kind.starts_with("application/dtmf") => {
                let digit = dtmf(&kind, &String::from_utf8_lossy(&request.body));
                self.respond_plain(key, request, if digit.is_some() { 200 } else { 400 }, now);
                if let Some(digit) = digit {
                    self.tell(id, Event::Dtmf { dialog: id, digit });
                }
            }
            _ => {
                let tag = self.tag_of(key);
                let answer = Answer::new(415, &tag)
                    .with("Accept", "application/dtmf-relay, application/dtmf");
                self.respond(key, &request.headers, &answer, now);
            }
        }
    }

    pub(super) fn on_ack_in_call(&mut self, id: DialogId, request: &Incoming, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let cseq = request.head.cseq;
        let Some(unacked) = dialog.unacked.take_if(|unacked| unacked.cseq == cseq) else { return };
        let sdp = match message::body_of(&request.headers, &request.body) {
            Body::Sdp(sdp) if unacked.offered => Some(sdp),
            _ => None,
        };
        self.rearm(id);
        match unacked.bye {
            Some(reason) => self.bye(id, &reason, now),
            None => self.tell(id, Event::Confirmed { dialog: id, sdp }),
        }
    }
}

/// Whether a message comes from the side the dialog is with.
fn same_side(dialog: &Dialog, source: &Source) -> bool {
    match (&dialog.reach, &source.who) {
        (Reach::Agent { user, .. }, Who::Agent(agent)) => user == agent,
        (Reach::Agent { .. }, _) | (_, Who::Agent(_)) => false,
        (_, Who::Trunk(_)) => true,
        (Reach::Udp { to, .. } | Reach::Tcp { to, .. }, Who::Called) => {
            to.ip().to_canonical() == source.addr.ip().to_canonical()
        }
    }
}

/// The key of `application/dtmf-relay` (`Signal=5`) or `application/dtmf` (`5`).
fn dtmf(kind: &str, body: &str) -> Option<char> {
    let signal = if kind == "application/dtmf-relay" {
        body.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("Signal").then(|| value.trim())
        })?
    } else {
        body.trim()
    };
    match signal {
        "10" => Some('*'),
        "11" => Some('#'),
        _ => {
            let mut keys = signal.chars().map(|c| c.to_ascii_uppercase());
            let key = keys.next().filter(|key| "0123456789*#ABCD".contains(*key));
            if keys.next().is_none() { key } else { None }
        }
    }
}
