//! Part numbers: no two writers ever have the same.

use super::{UploadProgress, UploadedPart};

fn progress(last: i32, next: i32, open: bool) -> UploadProgress {
    let parts = (1..=last).map(|number| UploadedPart { number, etag: String::new(), size: 8 }).collect();
    UploadProgress { parts, next, open, ..UploadProgress::default() }
}

#[test]
fn a_writer_that_follows_a_paused_one_goes_on_with_the_next_number() {
    assert_eq!(progress(0, 0, false).taken_over().next, 1);
    assert_eq!(progress(3, 4, false).taken_over().next, 4);
    assert_eq!(progress(3, 0, false).taken_over().next, 4, "kept before numbers were kept");
}

#[test]
fn a_writer_that_follows_an_unpaused_one_stays_out_of_its_reach() {
    let first = progress(3, 4, false).taken_over();
    let second = first.taken_over();
    assert!(second.next >= first.next + UploadProgress::REACH);
    assert!(second.taken_over().next >= second.next + UploadProgress::REACH);
}
