//! Signalling: takes and makes calls by SIP, over trunks and to agents' browsers, and keeps their
//! dialogs in order. It refuses to look into SDP, to route a call, or to know what a call is about.
//!
//! Everything that decides is a pure machine (`machine`: message, command or time in, messages and
//! events out); `run` only moves bytes. rsipstack gives message types and parser.
mod address;
mod config;
mod dialog;
mod digest;
mod endpoint;
mod event;
mod guard;
mod identity;
mod machine;
mod message;
mod run;
mod session;
mod sockets;
mod stats;
mod stream;
#[cfg(test)]
mod tests;
mod transaction;

pub use config::{
    Config, Credentials, Network, NumberRule, Rewrite, Timers, Transport, TrunkConfig,
};
pub use endpoint::{Endpoint, LocalAddrs, Party, Target, ToBrowser};
pub use event::{Caller, DialogId, EndedBy, Event, FlowId, Gone};
pub use sockets::Sockets;
pub use stats::Stats;
