use std::fmt;

use base::CallId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What an agent is doing as the queue sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// Not at work (签出).
    SignedOut,
    /// Waits for a call (示闲).
    Ready,
    /// At work, takes no calls (示忙).
    NotReady { why: Why },
    /// A telephone rings: an offer, or the agent's own outgoing call on its way.
    Ringing { call: CallId },
    /// With a citizen, or about to be.
    Talking { call: CallId },
    /// Writes down what was said (话后整理). Only its agent may end it earlier.
    WrapUp { until: DateTime<Utc> },
}

/// Why an agent takes no calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nobody picked up (未应答).
    NoAnswer,
    /// The agent pressed "reject" (拒接).
    Rejected,
    /// The agent's telephone failed to ring or to connect.
    PhoneFailed,
    /// The agent's telephone is gone: browser closed, network lost.
    PhoneLost,
    /// The agent's own choice, in the agent's own words.
    Chosen(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAnswer => "未应答",
            Self::Rejected => "拒接",
            Self::PhoneFailed => "话机故障",
            Self::PhoneLost => "话机断开",
            Self::Chosen(why) => why,
        })
    }
}

/// The presence an agent asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Ready,
    NotReady { why: String },
    SignedOut,
}

/// Why the queue says no to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Nobody of that name answers calls here.
    UnknownAgent,
    /// A call of this agent has no outcome yet (一通一结).
    OutcomeMissing(CallId),
    /// No telephone is registered.
    PhoneNotRegistered,
    /// A call rings or is being talked to.
    Busy,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownAgent => "你不在话务员名册中",
            Self::OutcomeMissing(_) => "上一通来电还没有小结",
            Self::PhoneNotRegistered => "话机未注册，请检查浏览器和麦克风",
            Self::Busy => "正在振铃或通话中",
        })
    }
}

impl std::error::Error for Refused {}
