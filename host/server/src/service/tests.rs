//! Stages stop one after the other, whatever made them stop.

use std::sync::{Arc, Mutex};

use super::*;

type Journal = Arc<Mutex<Vec<&'static str>>>;

fn note(journal: &Journal, what: &'static str) {
    journal.lock().expect("no test panics while it writes").push(what);
}

fn two_stages(journal: &Journal) -> Service {
    let mut service = Service::default();
    for (stage, task) in [("intake", "first"), ("work", "second")] {
        let journal = Arc::clone(journal);
        service.stage(stage, Duration::from_secs(5)).task(task, |token| async move {
            token.cancelled().await;
            tokio::task::yield_now().await;
            note(&journal, task);
            Ok(())
        });
    }
    service
}

#[tokio::test]
async fn stages_stop_in_order_when_told_to() {
    let journal = Journal::default();
    two_stages(&journal).run(async {}).await.expect("an ordered stop is no error");
    assert_eq!(*journal.lock().expect("free"), ["first", "second"]);
}

#[tokio::test]
async fn a_panic_stops_everything_in_order_and_is_the_outcome() {
    let journal = Journal::default();
    let mut service = two_stages(&journal);
    service.stage("last", Duration::from_secs(5)).task("bomb", |_| async { panic!("boom") });
    let error = service.run(std::future::pending()).await.expect_err("a panic is an error");
    assert!(format!("{error:#}").contains("panicked"), "{error:#}");
    assert_eq!(*journal.lock().expect("free"), ["first", "second"]);
}

#[tokio::test]
async fn a_task_that_ends_by_itself_is_named() {
    let journal = Journal::default();
    let mut service = two_stages(&journal);
    service.stage("last", Duration::from_secs(5)).task("tired", |_| async { Ok(()) });
    let error = service.run(std::future::pending()).await.expect_err("nothing may just end");
    assert!(format!("{error:#}").contains("`tired`"), "{error:#}");
}

#[tokio::test]
async fn a_task_that_does_not_stop_is_cut_off_after_its_grace() {
    let grace = Duration::from_millis(30);
    let mut service = Service::default();
    service.stage("stubborn", grace).task("deaf", |_| std::future::pending());
    let before = tokio::time::Instant::now();
    service.run(async {}).await.expect("being cut off is not an error of the service");
    assert!(before.elapsed() >= grace, "it was given its grace");
}
