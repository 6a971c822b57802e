//! The program as scripts know it: its command line, its one line of output, its end.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "whole programs are waited for in real time")]
mod command_line;
mod desk;
mod faults;
mod lost_calls;
mod program;
mod relay;
mod serving;
