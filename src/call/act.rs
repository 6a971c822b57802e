//! What a call's machine wants done, done.
use std::fs;

use base::CallId;
use media::{Closed, LegName, LegStats, Prompt, Tone};
use sip::{Party, Target};
use speech::Track;
use tokio::sync::mpsc;

use crate::callbacks::due;
use crate::desk::Live;
use crate::entry::{Entry, Outcome, Quality};
use crate::facts::{AgentCard, AttemptResult, Ending, OutcomeKind};
use crate::hearing;
use crate::legs::Job;
use crate::recordings::Recordings;
use crate::run::{Conductor, Input};
use crate::signals::leg_of;
use crate::state::{Action, Ear, Hum, Sound};

impl Conductor {
    pub(crate) fn act(&mut self, id: CallId, action: Action) {
        let Some(line) = self.lines.get(&id) else { return };
        match action {
            Action::RingCaller
            | Action::AnswerCaller { .. }
            | Action::RejectCaller { .. }
            | Action::HangUpCaller => {
                self.act_on_caller(id, action);
            }
            Action::PrepareAgent { turn } => self.job(id, Job::Agent { turn }),
            Action::CallAgent { agent, offer } => self.ring_agent(id, &agent, offer),
            Action::AcceptAgent { turn, sdp } => self.job(id, Job::AcceptAgent { turn, sdp }),
            Action::DropAgent => self.drop_agent(id),
            Action::PrepareCitizen => self.job(id, Job::Citizen),
            Action::CallCitizen { offer } => self.ring_citizen(id, offer),
            Action::AcceptCitizen { sdp } => self.job(id, Job::AcceptCitizen { sdp }),
            Action::Play { ear, sound, id: play } => self.play(id, ear, &sound, play),
            Action::Hum { ear, hum } => line.media.tone(
                leg_of(ear),
                match hum {
                    Hum::Waiting => Tone::Waiting450,
                    Hum::Ringback => Tone::Ringback450,
                    Hum::Busy => Tone::Busy450,
                },
            ),
            Action::Quiet { ear } => line.media.stop_playing(leg_of(ear)),
            Action::Connect => self.connect(id),
            Action::Disconnect => line.media.disconnect(),
            Action::Tell(event) => self.tell(event),
            Action::Note { what, detail } => self.note(id, what, detail),
            Action::Save => self.save(id),
            Action::Missed => self.missed(id),
            Action::Show => self.show_call(id),
            Action::Close => self.over_and_out(id),
        }
    }

    fn act_on_caller(&mut self, id: CallId, action: Action) {
        let Some(dialog) = self.lines.get(&id).and_then(|line| line.caller) else { return };
        match action {
            Action::RingCaller => self.sip.ring(dialog, None),
            Action::AnswerCaller { sdp } => self.sip.answer(dialog, sdp),
            Action::RejectCaller { status } => {
                let extra = match status {
                    // RFC 3261 §20.43, 305: incompatible media format
                    488 => vec![(
                        "Warning".to_owned(),
                        "305 lianxin \"no common audio codec\"".to_owned(),
                    )],
                    503 => vec![("Retry-After".to_owned(), "10".to_owned())],
                    _ => Vec::new(),
                };
                self.sip.reject(dialog, status, "", extra);
            }
            _ => self.sip.hang_up(dialog, "the call is over"),
        }
    }

    fn tell(&mut self, event: queue::Event) {
        match &event {
            queue::Event::Connected { call, .. } => {
                let now = self.clock.now();
                if let Some(line) = self.lines.get(call) {
                    let facts = &line.call.facts;
                    metrics::histogram!("lianxin_call_wait_seconds")
                        .record(facts.waited(now).to_std().unwrap_or_default().as_secs_f64());
                    if facts.answered_at == Some(now) {
                        let within = self.config.answer_within;
                        self.today.answered(facts, within, now);
                        self.came_to_errand(*call);
                    }
                }
            }
            queue::Event::Ended { call, agent } => {
                let now = self.clock.now();
                if let Some(line) = self.lines.get(call) {
                    self.today.talked(*agent, line.call.facts.talked(now), now);
                }
                self.changed.insert(*agent);
            }
            _ => {}
        }
        self.queue_event(event);
    }

    /// What a call to a ticket's citizen came to is known when they speak: nobody is asked for it.
    fn came_to_errand(&self, call: CallId) {
        let Some(facts) = self.lines.get(&call).map(|line| &line.call.facts) else { return };
        let (Some(errand), Some(agent)) = (facts.errand, facts.agent) else { return };
        let outcome = Outcome {
            kind: OutcomeKind::ProgressTold,
            ticket: Some(errand.ticket),
            knowledge: None,
            note: errand.purpose.label().to_owned(),
        };
        self.keep(&Entry::Outcome { call, agent, outcome, at: self.clock.now() });
    }

    fn ring_agent(&mut self, id: CallId, agent: &AgentCard, offer: String) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let facts = &line.call.facts;
        let shown = !facts.withheld && facts.errand.is_none();
        let number = line.number.as_ref().filter(|_| shown);
        let from = Party {
            user: number.map_or("anonymous".to_owned(), |number| number.reveal().to_owned()),
            display: Some(match facts.errand {
                Some(errand) => errand.purpose.label().to_owned(),
                None if facts.withheld => "保密".to_owned(),
                None => facts.hotline_name.clone(),
            }),
        };
        let mut headers = vec![
            ("X-Call-Id".to_owned(), id.to_string()),
            ("X-Hotline".to_owned(), facts.hotline.clone()),
            ("X-Direction".to_owned(), facts.direction.as_str().to_owned()),
        ];
        if line.call.is_out() {
            headers.push(("Answer-Mode".to_owned(), "Auto".to_owned())); // RFC 5373: a click began it
        }
        let dialog = self.sip.call(Target::Agent(agent.number.clone()), from, offer, headers);
        line.agent = Some(dialog);
        self.dialogs.insert(dialog, (id, Ear::Agent));
        self.shown.insert(agent.id, id);
        self.changed.insert(agent.id);
    }

    fn drop_agent(&mut self, id: CallId) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if let Some(dialog) = line.agent.take() {
            self.dialogs.remove(&dialog); // what it still says concerns nobody
            self.sip.hang_up(dialog, "the call went elsewhere or is over");
        }
        self.job(id, Job::DropAgent);
    }

    fn ring_citizen(&mut self, id: CallId, offer: String) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let (Some(trunk), Some(number)) = (self.config.out_trunk.clone(), line.number.clone())
        else {
            return self.call_event(id, crate::state::Event::CitizenFailed { status: 503 });
        };
        let target = Target::Trunk { name: trunk, number: number.reveal().to_owned() };
        let from = Party::new(line.call.facts.hotline.clone());
        let dialog = self.sip.call(target, from, offer, Vec::new());
        line.caller = Some(dialog);
        self.dialogs.insert(dialog, (id, Ear::Caller));
    }

    fn play(&mut self, id: CallId, ear: Ear, sound: &Sound, play: u32) {
        let Some(line) = self.lines.get(&id) else { return };
        let prompts = &self.config.prompts;
        let prompt = match sound {
            Sound::Greeting if line.call.facts.callback.is_some() => {
                self.media.prompt(&prompts.callback_greeting)
            }
            Sound::Greeting => self.media.prompt(&prompts.greeting),
            Sound::SorryNoAgent => self.media.prompt(&prompts.sorry_no_agent),
            Sound::RatePlease => self.media.prompt(&prompts.rate),
            Sound::Thanks => self.media.prompt(&prompts.thanks),
            Sound::TransferredBack => self.media.prompt(&prompts.transferred_back),
            Sound::AgentNumber(number) => self.agent_number(number),
        };
        match prompt {
            Ok(prompt) => line.media.play(leg_of(ear), prompt, play),
            Err(error) => {
                tracing::error!(%error, "a prompt is missing; the call goes on without it");
                drop(self.inputs.send(Input::Unplayed(id, play)));
            }
        }
    }

    /// 工号 … 为您服务
    fn agent_number(&self, number: &str) -> Result<Prompt, media::Error> {
        let prompts = &self.config.prompts;
        let mut parts = vec![self.media.prompt(&prompts.number_prefix)?.trimmed()];
        for digit in number.chars().filter(char::is_ascii_digit) {
            parts.push(self.media.prompt(&format!("{}{digit}", prompts.digit))?.trimmed());
        }
        parts.push(self.media.prompt(&prompts.number_suffix)?.trimmed());
        Ok(Prompt::joined("agent number", &parts))
    }

    /// Two-way audio. The first time, recording and listening begin with it.
    fn connect(&mut self, id: CallId) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.media.connect(LegName::Caller, LegName::Agent);
        if std::mem::replace(&mut line.recording, true) {
            return;
        }
        let path = self.recordings.plain(&Recordings::name(id, line.call.facts.invite_at));
        match path.parent().map_or(Ok(()), fs::create_dir_all) {
            Ok(()) => line.media.record(path),
            Err(error) => {
                metrics::counter!("lianxin_recordings_failed_total").increment(1);
                tracing::error!(%error, "no recording of call {id}");
            }
        }
        let (frames, tapped) = mpsc::channel(hearing::FRAMES);
        line.media.tap(frames);
        self.speech.open(id, Track::Citizen);
        self.speech.open(id, Track::Agent);
        self.work(hearing::listen(id, self.speech.clone(), tapped));
    }

    pub(crate) fn note(&mut self, id: CallId, what: &'static str, detail: String) {
        let at = self.clock.now();
        let Some(line) = self.lines.get_mut(&id) else { return };
        tracing::info!(call.id = %id, what, detail, "call {id}: {what}");
        line.seq += 1;
        let entry = Entry::Event { call: id, seq: line.seq, at, what: what.to_owned(), detail };
        self.keep(&entry);
    }

    pub(crate) fn save(&mut self, id: CallId) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.rev += 1;
        let entry = Entry::Call {
            rev: line.rev,
            facts: Box::new(line.call.facts.clone()),
            caller: line.sealed.clone(),
        };
        self.keep(&entry);
    }

    /// Somebody calls back whoever was not served; whoever cannot be called is only counted.
    fn missed(&mut self, id: CallId) {
        let now = self.clock.now();
        let Some(line) = self.lines.get(&id) else { return };
        metrics::counter!("lianxin_calls_missed_total").increment(1);
        if line.number.is_none() {
            return;
        }
        let task = id.uuid(); // one call is missed once
        self.keep(&Entry::Missed { task, call: id, at: now, due: due(now) });
        self.live.push(Live::Callbacks);
    }

    fn over_and_out(&mut self, id: CallId) {
        let now = self.clock.now();
        self.board();
        let Some(line) = self.lines.get(&id) else { return };
        let facts = line.call.facts.clone();
        self.today.ended(&facts, now);
        metrics::counter!("lianxin_calls_ended_total", "ending" => facts.ending.map_or("", Ending::as_str)).increment(1);
        if let (Some(task), Some(agent)) = (facts.callback, facts.agent) {
            let result = match facts.ending {
                _ if facts.answered_at.is_some() => AttemptResult::Answered,
                Some(Ending::NoAnswer) => AttemptResult::NoAnswer,
                Some(Ending::Busy) => AttemptResult::Busy,
                _ => AttemptResult::Failed,
            };
            self.keep(&Entry::Attempt { task, call: id, agent, at: now, result });
            self.live.push(Live::Callbacks);
        }
        self.job(id, Job::Close);
    }

    /// A call's media are closed: its recording is whole.
    pub(crate) fn closed(&mut self, id: CallId, closed: Closed) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.closed = true;
        let keeps = line.call.wants_outcome();
        let name = Recordings::name(id, line.call.facts.invite_at);
        let dialogs = [line.caller, line.agent];
        let of = |leg: LegName| {
            closed.stats.iter().find(|(name, _)| *name == leg).map(|(_, stats)| quality(stats))
        };
        self.keep(&Entry::Quality {
            call: id,
            caller: of(LegName::Caller),
            agent: of(LegName::Agent),
        });
        if let Some(facts) = closed.recording {
            self.keep(&Entry::Recording {
                call: id,
                path: name.clone(),
                sha256: facts.sha256,
                millis: i64::try_from(facts.millis).unwrap_or(i64::MAX),
                at: self.clock.now(),
            });
            self.work(seal_away(id, self.recordings.clone(), name));
        }
        if !keeps {
            self.forget(id);
        }
        for dialog in dialogs.into_iter().flatten() {
            self.dialogs.remove(&dialog);
        }
    }

    /// Nothing more is to be done with a call.
    pub(crate) fn forget(&mut self, id: CallId) {
        self.lines.remove(&id);
        self.shown.retain(|_, shown| *shown != id);
    }
}

/// Seals a closed recording. One that cannot be sealed now stays as it is until it can.
pub(crate) async fn seal_away(call: CallId, recordings: Recordings, name: String) {
    let sealed = tokio::task::spawn_blocking(move || recordings.seal(&name)).await;
    let why = match sealed {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(broken) => broken.to_string(),
    };
    metrics::counter!("lianxin_recordings_unsealed_total").increment(1);
    tracing::error!(call.id = %call, why, "the recording of call {call} is not sealed yet");
}

fn quality(stats: &LegStats) -> Quality {
    Quality {
        sent: stats.sent,
        received: stats.received,
        lost: stats.lost,
        jitter_ms: stats.jitter_ms,
        round_trip_ms: stats.round_trip_ms,
    }
}
