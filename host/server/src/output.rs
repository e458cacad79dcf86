//! What a command prints: to standard output, and quietly at an end where nobody reads on, as before `| head`; and what it
//! tells a person beside that, on standard error, where nobody need read.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use anyhow::Context;

/// Who read standard output closed it.
#[derive(Debug, thiserror::Error)]
#[error("standard output was closed")]
pub(crate) struct Closed;

/// Prints a line.
pub(crate) fn line(text: impl Display) -> anyhow::Result<()> {
    write(format_args!("{text}\n"))
}

/// Prints a text that has its own ends of lines.
pub(crate) fn text(text: impl Display) -> anyhow::Result<()> {
    write(format_args!("{text}"))
}

/// Tells whoever reads standard error. If nobody does, the command is the same without.
pub(crate) fn tell(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn write(text: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_fmt(text).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Closed.into()),
        written => written.context("standard output cannot be written"),
    }
}
