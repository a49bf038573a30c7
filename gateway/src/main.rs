//! The executable `mensajeria`: all it does is in the library, so that tests can run the program by running themselves.

use std::process::ExitCode;

fn main() -> ExitCode {
    gateway::cli::main(std::env::args_os())
}
