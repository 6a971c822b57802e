//! Tickets (工单): what a citizen asked for, where it stands and until when it is due.
//! Sends nothing, knows no calls and starts no transaction of its own.
pub mod calendar;
