//! Connections that come and go.
use super::{Action, At, Binding, Flow, Machine, Peer, Purpose};
use crate::dialog::{Phase, Reach};
use crate::{Event, FlowId, Gone};

impl Machine {
    pub(super) fn on_closed(&mut self, flow: FlowId, now: At) {
        let Some(what) = self.flows.remove(&flow) else { return };
        if let Flow::Web(agent) = what
            && self.agents.get(&agent).is_some_and(|binding| binding.flow == flow)
        {
            self.unregister(&agent, Gone::Closed);
        }
        let lost = Peer::Flow(flow);
        // Callers whose connection is gone have hung up.
        let mut gone: Vec<_> = self
            .dialogs
            .values()
            .filter(|dialog| match &dialog.phase {
                Phase::Incoming(ringing) => {
                    self.servers.get(&ringing.invite.key).is_none_or(|entry| entry.to == lost)
                }
                _ => false,
            })
            .map(|dialog| dialog.id)
            .collect();
        gone.sort_unstable();
        for id in gone {
            self.tell_end(id, Event::Cancelled { dialog: id });
            self.forget(id);
        }
        // Requests of ours that can get no answer any more.
        let mut open: Vec<_> = self
            .clients
            .iter()
            .filter(|(_, entry)| entry.to == lost && entry.machine.is_open())
            .map(|(key, entry)| (key.clone(), entry.purpose))
            .collect();
        open.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, purpose) in open {
            self.drop_client(&key);
            self.on_no_answer(purpose, 503, "connection lost", now);
        }
    }

    pub(super) fn close(&mut self, flow: FlowId, reason: &'static str) {
        self.flows.remove(&flow);
        self.out.push(Action::Close { flow, reason });
    }

    pub(super) fn bind(&mut self, agent: &str, binding: Binding, now: At) {
        let flow = binding.flow;
        self.due.set(super::Due::Agent(agent.to_owned()), Some(binding.expires));
        let before = self.agents.insert(agent.to_owned(), binding);
        if before.as_ref().is_some_and(|before| before.flow == flow) {
            return;
        }
        if let Some(before) = before {
            let (agent, flow) = (agent.to_owned(), before.flow);
            self.out.push(Action::Tell(Event::Unregistered { agent, flow, why: Gone::Replaced }));
            // Ended here and now; the shell's later Closed finds nothing.
            self.on_closed(before.flow, now);
            self.close(before.flow, "replaced");
        }
        self.out.push(Action::Tell(Event::Registered { agent: agent.to_owned(), flow }));
    }

    pub(super) fn unregister(&mut self, agent: &str, why: Gone) {
        self.due.set(super::Due::Agent(agent.to_owned()), None);
        if let Some(binding) = self.agents.remove(agent) {
            let (agent, flow) = (agent.to_owned(), binding.flow);
            self.out.push(Action::Tell(Event::Unregistered { agent, flow, why }));
        }
    }

    /// Where a message for this side goes now; a lost TCP connection is dialled again.
    pub(super) fn peer_of(&mut self, reach: &mut Reach) -> Option<Peer> {
        match reach {
            Reach::Udp { socket, to } => Some(Peer::Udp { socket: *socket, to: *to }),
            Reach::Agent { user, flow } => {
                if !self.flows.contains_key(flow) {
                    *flow = self.agents.get(user)?.flow;
                }
                Some(Peer::Flow(*flow))
            }
            Reach::Tcp { flow, to } => {
                if !self.flows.contains_key(flow) {
                    *flow = self.dial(*to);
                }
                Some(Peer::Flow(*flow))
            }
        }
    }

    pub(super) fn dial(&mut self, to: std::net::SocketAddr) -> FlowId {
        let flow = self.names.flow();
        self.flows.insert(flow, Flow::Tcp(to));
        self.out.push(Action::Dial { flow, to });
        flow
    }

    /// What a request of ours came to when no answer came at all.
    pub(super) fn on_no_answer(&mut self, purpose: Purpose, status: u16, why: &str, now: At) {
        match purpose {
            Purpose::Call(id) => self.call_failed(id, status, why),
            Purpose::Bye(id) => drop(self.forget(id)),
            Purpose::Refresh(id) => self.refresh_failed(id, status, now),
            Purpose::Stray => {}
        }
    }
}
