//! The demonstration's tickets.
