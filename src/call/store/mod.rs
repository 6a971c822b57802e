//! The only files with SQL about calls. Time comes in as a parameter.
mod callbacks;
pub(crate) mod demo;
mod drafts;
mod entries;
mod figures;
mod lists;

pub use callbacks::{Attempt, Place, Task, find as callback, open as callbacks};
pub use drafts::{all as drafts, delete as forget_draft, find as draft, save as save_draft};
pub use entries::write;
pub(crate) use figures::{Cut, end_unfinished, known, owed, today, unfinished};
pub use figures::{Figures, figures};
pub use lists::{
    CallRow, Filter, Happening, Recorded, RecordingRow, events, find, list, of_person, recording,
    recordings_after, says_outcome,
};
