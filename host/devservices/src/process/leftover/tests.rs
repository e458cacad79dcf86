//! A recorded process is ended; one that only shares the pid is left alone.

use std::process::{Child, Command, Stdio};

use super::*;

/// A process that waits for ever and names `dir` in its command line.
fn waiting(dir: &Path) -> Child {
    Command::new("sh")
        .args(["-c", "read never"])
        .arg(dir)
        .stdin(Stdio::piped())
        .spawn()
        .expect("every system that runs these tests has a shell")
}

#[tokio::test]
async fn ends_a_recorded_process_that_still_runs() {
    let dir = Path::new("/some/data");
    let mut child = waiting(dir);
    let recorded = Recorded::new(child.id(), dir).expect("the child was just started");
    end_leftovers(std::slice::from_ref(&recorded)).await;
    assert!(!recorded.still_runs());
    assert!(!child.wait().expect("the child is ours").success());
}

#[tokio::test]
async fn leaves_a_process_alone_that_got_the_same_pid_later() {
    let dir = Path::new("/some/data");
    let mut child = waiting(dir);
    let real = Recorded::new(child.id(), dir).expect("the child was just started");
    let earlier = Recorded { started: "1".into(), ..real.clone() };
    let elsewhere = Recorded { dir: "/other/data".into(), ..real };
    end_leftovers(&[earlier, elsewhere]).await;
    assert!(child.try_wait().expect("the child is ours").is_none());
    child.kill().expect("the child is ours");
    child.wait().expect("the child is ours");
}
