//! The executable `mensajeria`: all it does is in the library, so that tests can run the program by running themselves.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A quarter of the program's time went to the system's allocator: see `docs/decisions/0009-the-allocator.md`.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    gateway::cli::main(std::env::args_os())
}
