//! Large deliveries to a real S3 over a line that breaks: another attempt goes on, and never mixes two payloads.

use bytes::Bytes;
use lockgate_core::delivery::Answer;
use lockgate_core::destination::{Endpoint, S3Options};
use lockgate_core::passage::{Passage, Place};
use lockgate_core::ports::{Connector as _, Consigned, Handover, PassageStore as _};
use lockgate_testkit::s3_proxy::{Fault, Kind, Proxy};
use lockgate_testkit::services::services;

use crate::s3::Bucket;
use crate::world::is_failed;

const PART: u64 = 8 * 1024 * 1024;

struct Line {
    bucket: Bucket,
    proxy: Proxy,
}

impl Line {
    async fn new() -> Self {
        Self { bucket: Bucket::new().await, proxy: Proxy::before(&services().await.s3.endpoint).await }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::S3 {
            bucket: self.bucket.name.clone(),
            prefix: String::new(),
            endpoint: Some(self.proxy.url()),
            credentials_secret: Some("keys".to_owned()),
            options: S3Options::default(),
        }
    }

    /// A delivery of that many whole parts and a bit, filled with one byte.
    fn consigned(&self, parts: u64, fill: u8) -> Consigned {
        let size = usize::try_from(parts * PART + 7).unwrap();
        self.bucket.world.consigned(self.endpoint(), Bytes::from(vec![fill; size]))
    }

    /// The first attempt, cut after so many parts, and what it left.
    async fn cut(&self, consigned: &Consigned, after: usize) -> Passage {
        self.proxy.breaks_after(Kind::Part, after, Fault::Cut);
        let Handover { answer, from_offset } = self.bucket.world.connectors.deliver(consigned).await;
        assert!(is_failed(&answer) && from_offset.is_none(), "{answer:?} {from_offset:?}");
        self.proxy.mend();
        let mut kept = self.bucket.world.passages.kept();
        assert_eq!((kept.len(), kept[0].1), (1, false));
        kept.remove(0).0
    }

    async fn object(&self, consigned: &Consigned) -> Bytes {
        let key = format!("{}/Rechnung___8.csv", consigned.delivery.key());
        let object = self.bucket.client.get_object().bucket(&self.bucket.name).key(key).send().await.unwrap();
        assert_eq!(object.metadata().unwrap()["lockgate-sha256"], consigned.payload.digest.hex());
        object.body.collect().await.unwrap().into_bytes()
    }

    /// How many multipart uploads are unfinished in the bucket.
    async fn unfinished(&self) -> usize {
        let listed = self.bucket.client.list_multipart_uploads().bucket(&self.bucket.name).send().await.unwrap();
        listed.uploads().len()
    }
}

/// The same delivery, claimed anew.
fn again(consigned: &Consigned) -> Consigned {
    let mut again = consigned.clone();
    again.delivery.version += 1;
    again.delivery.attempts += 1;
    again
}

#[tokio::test]
async fn another_host_goes_on_where_the_line_broke() {
    let line = Line::new().await;
    let first = line.consigned(5, 1);
    let left = line.cut(&first, 3).await;
    assert_eq!((left.reached.parts.len(), left.reached.offset), (3, 3 * PART), "what landed is known");

    let other = line.bucket.world.another();
    let second = again(&first);
    let Handover { answer, from_offset } = other.connectors.deliver(&second).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    assert_eq!(from_offset, Some(left.reached.offset));
    // What the first attempt was trying once more when it ended never comes whole.
    assert_eq!(line.proxy.taken(), [1, 2, 3, 4, 5, 6], "no part is sent twice");
    assert_eq!(line.proxy.seen(Kind::Create), 1);
    assert!(line.object(&second).await.iter().all(|byte| *byte == 1));
    assert_eq!(other.passages.kept().len(), 0, "nothing is left to clear");
}

#[tokio::test]
async fn other_bytes_begin_anew_and_what_the_first_left_can_be_cleared() {
    let line = Line::new().await;
    let first = line.consigned(3, 1);
    let left = line.cut(&first, 2).await;
    let mut second = again(&first);
    second.delivery.generation = 2;
    second.payload = line.consigned(3, 2).payload;
    let Handover { answer, from_offset } = line.bucket.world.connectors.deliver(&second).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    assert_eq!(from_offset, None);
    assert!(line.object(&second).await.iter().all(|byte| *byte == 2), "not one byte of the other payload");
    assert_eq!(line.bucket.world.passages.kept(), [(left.clone(), true)], "given up");

    assert_eq!(line.unfinished().await, 1);
    for _ in 0..2 {
        let cleared = line.bucket.world.connectors.abandon(&left).await;
        assert!(matches!(cleared, Answer::Taken { .. }), "clearing what is gone is no failure: {cleared:?}");
        assert_eq!(line.unfinished().await, 0);
    }
}

#[tokio::test]
async fn a_host_that_lost_its_claim_stops_and_completes_nothing() {
    let line = Line::new().await;
    let first = line.consigned(4, 1);
    line.cut(&first, 1).await;
    let (stale, current) = (again(&first), again(&again(&first)));
    line.bucket.world.passages.claimed(&current.delivery);
    let answer = line.bucket.world.connectors.deliver(&stale).await.answer;
    assert!(is_failed(&answer) && format!("{answer:?}").contains("another host"), "{answer:?}");
    assert_eq!(line.proxy.seen(Kind::Complete), 0);
    let Handover { answer, from_offset } = line.bucket.world.another().connectors.deliver(&current).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    assert_eq!(from_offset, Some(PART), "what the stale one sent does not count");
}

#[tokio::test]
async fn a_host_that_lost_its_claim_before_it_began_leaves_nothing_behind() {
    let line = Line::new().await;
    let stale = line.consigned(2, 1);
    line.bucket.world.passages.claimed(&again(&stale).delivery);
    let answer = line.bucket.world.connectors.deliver(&stale).await.answer;
    assert!(is_failed(&answer), "{answer:?}");
    assert_eq!((line.proxy.seen(Kind::Part), line.unfinished().await), (0, 0));
}

#[tokio::test]
async fn what_the_receiver_tidied_away_is_begun_anew() {
    let line = Line::new().await;
    let first = line.consigned(3, 1);
    let left = line.cut(&first, 2).await;
    let Place::Multipart { key, upload, .. } = &left.place else { unreachable!("it is one") };
    let client = &line.bucket.client;
    client.abort_multipart_upload().bucket(&line.bucket.name).key(key).upload_id(upload).send().await.unwrap();
    let second = again(&first);
    let Handover { answer, from_offset } = line.bucket.world.connectors.deliver(&second).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    assert_eq!((from_offset, line.proxy.seen(Kind::Create)), (None, 2));
    assert_eq!(line.object(&second).await.len() as u64, 3 * PART + 7);
    assert!(line.bucket.world.passages.kept().is_empty());
}

#[tokio::test]
async fn a_host_that_died_after_completing_is_believed_by_the_next() {
    let line = Line::new().await;
    let first = line.consigned(3, 1);
    let left = line.cut(&first, 2).await;
    let mut second = again(&first);
    // An adoption: the dead host's attempt was not counted.
    second.delivery.attempts = 0;
    let taken = line.bucket.world.connectors.deliver(&second).await.answer;
    assert!(matches!(taken, Answer::Taken { .. }), "{taken:?}");
    // It could not say so any more.
    line.bucket.world.passages.begin_passage(&second.delivery, &left).await.unwrap();
    let repeated = line.bucket.world.another().connectors.deliver(&second).await.answer;
    assert_eq!(repeated, taken);
    assert_eq!((line.proxy.seen(Kind::Create), line.unfinished().await), (1, 0));
}
