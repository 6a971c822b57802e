//! Tickets (工单): what a citizen asked for, where it stands and until when it is due.
//! Sends nothing, knows no calls and starts no transaction of its own.
mod action;
pub mod calendar;
mod error;
mod flow;
mod kind;
mod life;
mod number;
mod rights;
mod state;
mod steps;
mod timer;

pub use action::{Action, Choice, Field, Step, Verb};
pub use calendar::check_file;
pub use error::{Error, Refused};
pub use flow::{Limits, Rules};
pub use kind::{Channel, Kind, Satisfaction, Solved, Urgency};
pub use life::{
    Birth, Ctx, Ending, ExtensionAsk, Leg, Life, Rating, Reply, Taken, Tell, UnitNews,
};
pub use number::{NotANumber, Number};
pub use rights::Offer;
pub use state::{LegState, Stage};
pub use steps::Fired;
pub use timer::{Clocks, Fire, Runs, Timer};
