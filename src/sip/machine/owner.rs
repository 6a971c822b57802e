//! What the owner wants done with a dialog.
use chrono::TimeDelta;
use rsipstack::sip::Method;

use super::{At, Machine, Purpose};
use crate::dialog::{Cancel, Pending, Phase, quote};
use crate::endpoint::Command;
use crate::message::{self, ALLOW, Answer, Body};
use crate::{DialogId, EndedBy, Event, session};

/// How often a provisional response is repeated (RFC 3261 §13.3.1.1).
const REMIND: TimeDelta = TimeDelta::seconds(60);

impl Machine {
    pub(super) fn on_command(&mut self, command: Command, now: At) {
        match command {
            Command::Ring { dialog, early_sdp } => self.ring(dialog, early_sdp.as_deref(), now),
            Command::Answer { dialog, sdp } => self.answer(dialog, &sdp, now),
            Command::Reject { dialog, status, reason, extra } => {
                self.reject(dialog, status, &reason, &extra, now);
            }
            Command::HangUp { dialog, reason } => self.hang_up(dialog, &reason, now),
            Command::Call(call) => self.call(*call, now),
            Command::AnswerReinvite { dialog, result } => self.answer_reinvite(dialog, result, now),
            // The shell opens the flow itself.
            Command::Websocket { .. } => {}
        }
    }

    pub(super) fn ring(&mut self, id: DialogId, early_sdp: Option<&str>, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let Phase::Incoming(ringing) = &mut dialog.phase else { return };
        let status = if early_sdp.is_some() { 183 } else { 180 };
        let (key, headers) = (ringing.invite.key.clone(), ringing.invite.request.headers.clone());
        let tag = dialog.local_tag.clone();
        ringing.remind = Some((early_sdp.map(str::to_owned), now + REMIND));
        let Some(to) = self.servers.get(&key).map(|entry| entry.to) else { return };
        let mut answer =
            Answer::new(status, &tag).with("Contact", self.our_contact(to)).with("Allow", ALLOW);
        answer.sdp = early_sdp;
        self.respond(&key, &headers, &answer, now);
        self.rearm(id);
    }

    fn answer(&mut self, id: DialogId, sdp: &str, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        if !matches!(dialog.phase, Phase::Incoming(_)) {
            return;
        }
        let Phase::Incoming(ringing) = std::mem::replace(&mut dialog.phase, Phase::Up) else {
            return;
        };
        dialog.local_sdp = Some(sdp.to_owned());
        self.accept(id, &ringing.invite, sdp, now);
    }

    /// 200 with SDP to an INVITE or UPDATE, with what belongs to it.
    fn accept(&mut self, id: DialogId, invite: &Pending, sdp: &str, now: At) {
        let request = &invite.request;
        let Some(to) = self.servers.get(&invite.key).map(|entry| entry.to) else { return };
        let Some(tag) = self.dialogs.get(&id).map(|dialog| dialog.local_tag.clone()) else {
            return;
        };
        let mut answer = Answer::new(200, &tag)
            .with("Contact", self.our_contact(to))
            .with("Allow", ALLOW)
            .with("Supported", "timer");
        answer.sdp = Some(sdp);
        let session = session::accept(&request.headers, now).ok().flatten();
        let session = session.map(|(session, extra)| {
            answer.extra.extend(extra);
            session
        });
        let response = self.respond(&invite.key, &request.headers, &answer, now);
        let pace = self.pace;
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.session = session;
            dialog.refresh_target(&request.headers);
            if request.head.method == Method::Invite {
                let offered = message::body_of(&request.headers, &request.body) == Body::Empty;
                dialog.await_ack(response, to, request.head.cseq, offered, pace, now);
            }
        }
        self.rearm(id);
    }

    fn reject(
        &mut self,
        id: DialogId,
        status: u16,
        reason: &str,
        extra: &[(String, String)],
        now: At,
    ) {
        let Some(dialog) = self.dialogs.get(&id) else { return };
        let Phase::Incoming(ringing) = &dialog.phase else { return };
        let (key, headers) = (ringing.invite.key.clone(), ringing.invite.request.headers.clone());
        let tag = dialog.local_tag.clone();
        let status = if (300..700).contains(&status) { status } else { 500 };
        let mut answer = Answer::new(status, &tag);
        answer.reason = Some(reason);
        for (name, value) in extra {
            if may_add(name) {
                answer = answer.with(name, value.as_str());
            }
        }
        self.respond(&key, &headers, &answer, now);
        self.tell_end(id, ended(id, EndedBy::Local, reason));
        self.forget(id);
    }

    pub(super) fn hang_up(&mut self, id: DialogId, reason: &str, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        if dialog.told_end {
            return;
        }
        match &mut dialog.phase {
            Phase::Incoming(_) => self.reject(id, 480, reason, &[], now),
            Phase::Outgoing(calling) => {
                calling.cancel = Cancel::Wanted;
                let ready = calling.provisional;
                self.tell_end(id, ended(id, EndedBy::Local, reason));
                if ready {
                    self.cancel(id, now);
                }
            }
            Phase::Up => {
                self.tell_end(id, ended(id, EndedBy::Local, reason));
                self.end(id, reason, now);
            }
            Phase::Ending => {}
        }
    }

    /// BYE now, or after the ACK that is still missing.
    pub(super) fn end(&mut self, id: DialogId, reason: &str, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        match &mut dialog.unacked {
            Some(unacked) => unacked.bye = Some(reason.to_owned()),
            None => self.bye(id, reason, now),
        }
    }

    pub(super) fn bye(&mut self, id: DialogId, reason: &str, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        dialog.phase = Phase::Ending;
        dialog.unacked = None;
        let mut request = dialog.request(Method::Bye, None);
        if !reason.is_empty() {
            request.push("Reason", format!("SIP;cause=200;text={}", quote(reason)));
        }
        if let Some(pending) = dialog.pending.take() {
            self.respond_plain(&pending.key, &pending.request, 487, now);
        }
        self.rearm(id);
        if self.send_in_call(id, request, Purpose::Bye(id), now).is_none() {
            self.forget(id);
        }
    }

    fn answer_reinvite(&mut self, id: DialogId, result: Result<String, u16>, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let Some(pending) = dialog.pending.take() else { return };
        match result {
            Ok(sdp) => {
                dialog.local_sdp = Some(sdp.clone());
                self.accept(id, &pending, &sdp, now);
            }
            Err(status) => {
                let status = if (400..700).contains(&status) { status } else { 500 };
                self.respond_plain(&pending.key, &pending.request, status, now);
                self.rearm(id);
            }
        }
    }
}

/// The event that ends a dialog.
pub(super) fn ended(dialog: DialogId, by: EndedBy, reason: &str) -> Event {
    let reason = (!reason.is_empty()).then(|| reason.to_owned());
    Event::Ended { dialog, by, reason }
}

/// Whether the owner may add a header: not those that make the message what it is.
pub(super) fn may_add(name: &str) -> bool {
    const OURS: [&str; 14] = [
        "Via",
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Contact",
        "Max-Forwards",
        "Route",
        "Record-Route",
        "Content-Length",
        "Content-Type",
        "Authorization",
        "Proxy-Authorization",
        "Require",
    ];
    let token = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    // Single letters are compact names of the same headers.
    token && name.len() > 1 && !OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}
