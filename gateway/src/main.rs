//! The executable `mensajeria`. All its code is in the library, so that a test binary can run the program.

use std::process::ExitCode;

fn main() -> ExitCode {
    gateway::cli::main(std::env::args_os())
}
