//! What happens because time has passed.
use chrono::TimeDelta;
use rsipstack::sip::Method;

use super::owner::ended;
use super::{At, ClientKey, Machine, Purpose};
use crate::dialog::Phase;
use crate::message::{Answer, Reply};
use crate::transaction::ClientEvent;
use crate::{DialogId, EndedBy, session};

impl Machine {
    pub(super) fn client_tick(&mut self, key: &ClientKey, now: At) {
        self.client_event(key, ClientEvent::Tick, None, now);
    }

    pub(super) fn dialog_tick(&mut self, id: DialogId, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        if let Some(unacked) = &mut dialog.unacked {
            if unacked.until <= now {
                // §13.3.1.4: no ACK came; the session is ended.
                self.tell_end(id, ended(id, EndedBy::Timeout, "no ACK"));
                return self.bye(id, "no ACK", now);
            }
            if unacked.repeat.due(now) {
                let (to, response) = (unacked.to, unacked.response.clone());
                self.repeat(to, response);
            }
        }
        self.pending_tick(id, now);
        self.remind_tick(id, now);
        self.session_tick(id, now);
        self.rearm(id);
    }

    /// An offer nobody answered.
    fn pending_tick(&mut self, id: DialogId, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let late = |at: Option<At>| at.is_some_and(|at| at <= now);
        let Some(pending) = dialog.pending.take_if(|pending| late(pending.until)) else { return };
        tracing::warn!(dialog = %id, "nobody answered an offer inside the call; refused it");
        let tag = dialog.local_tag.clone();
        let answer = Answer::new(500, &tag).with("Retry-After", "5");
        self.respond(&pending.key, &pending.request.headers, &answer, now);
    }

    fn remind_tick(&mut self, id: DialogId, now: At) {
        let Some(Phase::Incoming(ringing)) = self.dialogs.get(&id).map(|dialog| &dialog.phase)
        else {
            return;
        };
        if let Some((sdp, at)) = &ringing.remind
            && *at <= now
        {
            let sdp = sdp.clone();
            self.ring(id, sdp.as_deref(), now);
        }
    }

    fn session_tick(&mut self, id: DialogId, now: At) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        if !matches!(dialog.phase, Phase::Up) {
            return;
        }
        let Some(session) = &mut dialog.session else { return };
        if session.ends_at() <= now {
            self.tell_end(id, ended(id, EndedBy::Timeout, "the session timer ran out"));
            return self.bye(id, "session timer", now);
        }
        if !session.refresh_due(now) {
            return;
        }
        session.try_again(now + TimeDelta::seconds(10));
        let seconds = session.seconds;
        let sdp = if dialog.updates { None } else { dialog.local_sdp.clone() };
        let update = dialog.updates;
        if (!update && (sdp.is_none() || dialog.offer_open() || dialog.unacked.is_some()))
            || dialog.told_end
        {
            return;
        }
        let Some(to) = self.next_peer(id) else { return };
        let contact = self.our_contact(to);
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let mut request =
            dialog.request(if update { Method::Update } else { Method::Invite }, None);
        dialog.our_offer = !update;
        request.push("Contact", contact);
        request.push("Supported", "timer");
        request.push("Session-Expires", format!("{seconds};refresher=uac"));
        request.push("Min-SE", session::SHORTEST.to_string());
        request.sdp = sdp;
        self.start(request, to, Purpose::Refresh(id), 0, now);
    }

    pub(super) fn on_refresh_reply(
        &mut self,
        id: DialogId,
        key: &ClientKey,
        reply: &Reply,
        now: At,
    ) {
        if reply.status < 200 {
            return;
        }
        let invite = reply.head.method == Method::Invite;
        if invite && reply.status < 300 && self.ack_again(key, reply) {
            return;
        }
        match reply.status {
            ..300 => {
                let Some(dialog) = self.dialogs.get_mut(&id) else { return };
                dialog.our_offer = false;
                dialog.refresh_target(&reply.headers);
                let seconds =
                    dialog.session.as_ref().map_or(session::ASKED, |session| session.seconds);
                let fresh = || session::Session::new(seconds, true, now);
                dialog.session = Some(session::agreed(&reply.headers, now).unwrap_or_else(fresh));
                if invite {
                    self.ack(id, key, reply);
                }
                self.rearm(id);
            }
            status => self.refresh_failed(id, status, now),
        }
    }

    /// 481 and 408 mean the call is gone (RFC 3261 §12.2.1.2); anything else may pass.
    pub(super) fn refresh_failed(&mut self, id: DialogId, status: u16, now: At) {
        let wait = match status {
            491 => TimeDelta::milliseconds(
                2100 + i64::try_from(self.dice.below(191)).unwrap_or(0) * 10,
            ),
            _ => TimeDelta::seconds(10),
        };
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        dialog.our_offer = false;
        if matches!(status, 408 | 481) {
            let reason = format!("the other side answered {status} to a refresh");
            self.tell_end(id, ended(id, EndedBy::Timeout, &reason));
            return self.bye(id, "", now);
        }
        if let Some(session) = &mut dialog.session {
            session.try_again(now + wait);
        }
        self.rearm(id);
    }
}
