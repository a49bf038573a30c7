//! The executable `mensajeria`: see `gateway::run`.

fn main() {}
