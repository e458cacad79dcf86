//! Commands whose standard error nobody reads: they do and answer the same.

use std::process::Stdio;

use rstest::rstest;

use crate::program::{Program, unread};

#[rstest]
#[case(&["webhook", "listen", "--key", "secret"])]
#[case(&["config", "show", "--set", "kafka.broker=x"])]
fn a_command_that_fails_says_so_by_its_status(#[case] arguments: &[&str]) {
    let program = Program::new();
    let status = program.command(arguments).stdout(Stdio::null()).stderr(unread()).status();
    // One is its own, 101 a panic's.
    assert_eq!(status.expect("the binary can be started").code(), Some(1));
}
