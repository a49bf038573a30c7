//! What other programs and stored history rely on: events as they were ever stored, and the HTTP API.

mod events;
