//! Against an end of a pipe that nobody reads.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn bytes_that_nobody_takes_break_it() {
    let (ours, _theirs) = tokio::io::duplex(16);
    let mut line = Cuttable::new(ours, Duration::from_millis(20));
    let error = line.write_all(&[0; 17]).await.expect_err("nobody reads");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn bytes_that_are_taken_one_by_one_do_not_break_it() {
    let (ours, mut theirs) = tokio::io::duplex(1);
    let mut line = Cuttable::new(ours, Duration::from_secs(20));
    let written = line.write_all(&[7; 100]);
    let read = async {
        let mut all = vec![];
        while all.len() < 100 {
            all.push(theirs.read_u8().await.expect("a byte"));
        }
        all
    };
    let (written, read) = tokio::join!(written, read);
    assert!(written.is_ok() && read == [7; 100]);
}

#[tokio::test]
async fn cutting_wakes_who_writes_and_who_reads() {
    let (ours, _theirs) = tokio::io::duplex(16);
    let mut line = Cuttable::new(ours, HOUR);
    let cutter = line.cutter.clone();
    // First the line has to wait.
    let cut = async {
        tokio::task::yield_now().await;
        cutter.cut();
    };
    let (written, ()) = tokio::join!(line.write_all(&[0; 17]), cut);
    assert_eq!(written.expect_err("it was cut").kind(), io::ErrorKind::ConnectionAborted);
    let error = line.read_u8().await.expect_err("it stays cut");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
}
