//! The contracts with other programs and with stored history: the HTTP API and the stored events.

mod api;
mod events;

#[expect(
    clippy::disallowed_methods,
    reason = "a person's wish for these tests only, not a setting of the program"
)]
fn update_is_asked_for() -> bool {
    std::env::var_os("UPDATE_CONTRACT").is_some()
}
