//! The program as scripts know it: its command line, its one line of output, its end.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
mod command_line;
mod program;
mod serving;
