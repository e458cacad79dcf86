//! The compile child on its own, for this crate's tests and measurements; hosts use `lockgate compile`.

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match lockgate_sandbox::compile_main(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The parent reads the first line; if it is gone, so is everybody who could read more.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
