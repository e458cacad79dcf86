//! Deliveries to a real S3: written once, whatever is repeated.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use bytes::Bytes;
use lockgate_connectors::{ConnectorsConfig, EgressConfig, InstallationS3};
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::{Endpoint, S3Encryption, S3Options};
use lockgate_core::ports::Connector as _;
use lockgate_testkit::services::{services, unique};
use rstest::rstest;

use crate::receiver::{Receiver, Script};
use crate::world::{World, config, is_failed, is_refused};

pub(crate) struct Bucket {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) world: World,
}

impl Bucket {
    pub(crate) async fn new() -> Self {
        let s3 = &services().await.s3;
        let settings = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&s3.endpoint)
            .region(Region::new(s3.region.clone()))
            .credentials_provider(Credentials::new(&s3.access_key, &s3.secret_key, None, None, "test"))
            .force_path_style(true)
            .build();
        let client = Client::from_conf(settings);
        let name = unique("inbox");
        client.create_bucket().bucket(&name).send().await.unwrap();
        let own = InstallationS3 {
            endpoint: s3.endpoint.clone(),
            region: s3.region.clone(),
            access_key: s3.access_key.clone(),
            secret_key: s3.secret_key.clone(),
            payload_bucket: "lockgate-payloads".to_owned(),
        };
        // A real S3 may take its time.
        let egress = EgressConfig { idle: Duration::from_secs(30), ..config().egress };
        let world = World::with(&ConnectorsConfig { s3: Some(own), egress, ..config() });
        let keys = format!("{}:{}", s3.access_key, s3.secret_key);
        world.secrets.0.lock().unwrap().insert("keys".to_owned(), keys);
        world.secrets.0.lock().unwrap().insert("wrong".to_owned(), "AKIA:nonsense".to_owned());
        Self { client, name, world }
    }

    fn own(&self) -> Endpoint {
        Endpoint::S3 {
            bucket: self.name.clone(),
            prefix: "from/".to_owned(),
            endpoint: None,
            credentials_secret: None,
            options: S3Options::default(),
        }
    }

    async fn foreign(&self, secret: Option<&str>) -> Endpoint {
        Endpoint::S3 {
            bucket: self.name.clone(),
            prefix: String::new(),
            endpoint: Some(services().await.s3.endpoint.clone()),
            credentials_secret: secret.map(str::to_owned),
            options: S3Options::default(),
        }
    }

    async fn keys(&self) -> Vec<String> {
        let listed = self.client.list_objects_v2().bucket(&self.name).send().await.unwrap();
        listed.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
    }
}

#[rstest]
#[case::nothing(0)]
#[case::small(1000)]
#[case::one_request_at_most(8 * 1024 * 1024)]
#[case::in_parts(20 * 1024 * 1024 + 7)]
#[tokio::test]
async fn the_object_holds_the_bytes_and_what_they_are(#[case] size: usize) {
    let bucket = Bucket::new().await;
    let bytes: Bytes = (0..=250u8).cycle().take(size).collect::<Vec<_>>().into();
    let consigned = bucket.world.consigned(bucket.own(), bytes.clone());
    let answer = bucket.world.connectors.deliver(&consigned).await.answer;
    let key = format!("from/{}/Rechnung___8.csv", consigned.delivery.id);
    let Answer::Taken { receipt } = &answer else { panic!("{answer:?}") };
    assert!(receipt.starts_with(&format!("s3://{}/{key} etag=", bucket.name)), "{receipt}");
    let object = bucket.client.get_object().bucket(&bucket.name).key(&key).send().await.unwrap();
    assert_eq!(object.content_type(), Some("text/csv"));
    assert_eq!(object.metadata().unwrap()["lockgate-sha256"], consigned.payload.digest.hex());
    assert!(object.body.collect().await.unwrap().into_bytes() == bytes);
    assert_eq!(bucket.keys().await, [key]);
}

#[rstest]
#[case::small(1000)]
#[case::in_parts(9 * 1024 * 1024)]
#[tokio::test]
async fn a_repeat_finds_the_earlier_success(#[case] size: usize) {
    let bucket = Bucket::new().await;
    let mut consigned = bucket.world.consigned(bucket.own(), vec![1; size]);
    let first = bucket.world.connectors.deliver(&consigned).await.answer;
    assert!(matches!(first, Answer::Taken { .. }), "{first:?}");
    // A redrive counts from zero again and writes under a condition; a later attempt looks first.
    for attempts in [0, 1] {
        consigned.delivery.attempts = attempts;
        assert_eq!(bucket.world.connectors.deliver(&consigned).await.answer, first);
    }
    assert_eq!(bucket.keys().await.len(), 1);
}

#[tokio::test]
async fn another_object_in_the_way_is_left_alone() {
    let bucket = Bucket::new().await;
    let consigned = bucket.world.consigned(bucket.own(), "ours");
    let key = format!("from/{}/Rechnung___8.csv", consigned.delivery.id);
    let theirs = aws_sdk_s3::primitives::ByteStream::from_static(b"theirs");
    bucket.client.put_object().bucket(&bucket.name).key(&key).body(theirs).send().await.unwrap();
    let answer = bucket.world.connectors.deliver(&consigned).await.answer;
    assert!(is_refused(&answer), "{answer:?}");
    let object = bucket.client.get_object().bucket(&bucket.name).key(&key).send().await.unwrap();
    assert_eq!(object.body.collect().await.unwrap().into_bytes(), "theirs");
}

#[tokio::test]
async fn a_partners_own_endpoint_takes_its_own_keys() {
    let bucket = Bucket::new().await;
    let answer = bucket.world.deliver(bucket.foreign(Some("keys")).await, "x").await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
}

#[rstest]
#[case::without_keys(None)]
#[case::with_wrong_keys(Some("wrong"))]
#[case::with_a_missing_secret(Some("nothing"))]
#[tokio::test]
async fn a_partners_own_endpoint_never_sees_ours(#[case] secret: Option<&str>) {
    let bucket = Bucket::new().await;
    let answer = bucket.world.deliver(bucket.foreign(secret).await, "x").await;
    assert!(is_refused(&answer), "{answer:?}");
    assert!(!format!("{answer:?}").contains("nonsense"));
    assert!(bucket.keys().await.is_empty());
}

#[tokio::test]
async fn a_partners_endpoint_that_is_not_public_is_not_reached() {
    let bucket = Bucket::new().await;
    let egress = EgressConfig { allow: vec![], ports: vec![], ..config().egress };
    let world = World::with(&ConnectorsConfig { egress, ..config() });
    world.secrets.0.lock().unwrap().insert("keys".to_owned(), "a:b".to_owned());
    let port = services().await.s3.endpoint.rsplit_once(':').unwrap().1.to_owned();
    for host in ["127.0.0.1", "rebind.example"] {
        let endpoint = Endpoint::S3 {
            bucket: bucket.name.clone(),
            prefix: String::new(),
            endpoint: Some(format!("http://{host}:{port}")),
            credentials_secret: Some("keys".to_owned()),
            options: S3Options::default(),
        };
        let answer = world.deliver(endpoint, "x").await;
        assert!(is_refused(&answer), "{host}: {answer:?}");
    }
}

#[rstest]
#[case::of_the_installation("lockgate-payloads")]
#[case::that_does_not_exist("nobody-made-this-bucket")]
#[case::with_an_impossible_name("../payloads")]
#[tokio::test]
async fn a_bucket_is_refused(#[case] name: &str) {
    let bucket = Bucket::new().await;
    let endpoint = Endpoint::S3 {
        bucket: name.to_owned(),
        prefix: String::new(),
        endpoint: None,
        credentials_secret: None,
        options: S3Options::default(),
    };
    let answer = bucket.world.deliver(endpoint, "x").await;
    assert!(is_refused(&answer), "{answer:?}");
}

#[tokio::test]
async fn an_endless_answer_of_a_partners_endpoint_is_cut_off() {
    let receiver = Receiver::start([Script::Endless, Script::Endless, Script::Endless]).await;
    let world = World::new();
    world.secrets.0.lock().unwrap().insert("keys".to_owned(), "a:b".to_owned());
    let endpoint = Endpoint::S3 {
        bucket: "inbox".to_owned(),
        prefix: String::new(),
        endpoint: Some(format!("http://{}", receiver.address)),
        credentials_secret: Some("keys".to_owned()),
        options: S3Options::default(),
    };
    // Unbounded, this would hold what comes in two minutes in memory.
    let answer = world.deliver(endpoint, "x").await;
    assert!(is_failed(&answer) && format!("{answer:?}").contains("limit"), "{answer:?}");
}

#[tokio::test]
async fn a_prefix_is_filled_with_what_stays_the_same_over_all_attempts() {
    let bucket = Bucket::new().await;
    let endpoint = Endpoint::S3 {
        bucket: bucket.name.clone(),
        prefix: "{sender}/{year}-{month}/{media-type}/".to_owned(),
        endpoint: None,
        credentials_secret: None,
        options: S3Options::default(),
    };
    let mut consigned = bucket.world.consigned(endpoint, "x");
    consigned.delivery.created_at = time::OffsetDateTime::UNIX_EPOCH;
    let first = bucket.world.connectors.deliver(&consigned).await.answer;
    consigned.at += time::Duration::days(40);
    assert_eq!(bucket.world.connectors.deliver(&consigned).await.answer, first, "a month later it is the same object");
    let key = format!("acme/1970-01/text-csv/{}/Rechnung___8.csv", consigned.delivery.id);
    assert_eq!(bucket.keys().await, [key]);
}

#[rstest]
#[case::small(1000)]
#[case::in_parts(9 * 1024 * 1024)]
#[tokio::test]
async fn tags_and_encryption_are_asked_for_in_the_request(#[case] size: usize) {
    let receiver = Receiver::start([Script::Status(403, None)]).await;
    let bucket = Bucket::new().await;
    let options = S3Options {
        tags: [("cost centre".to_owned(), "4711&b".to_owned())].into(),
        encryption: Some(S3Encryption::Kms { key: "our-key".to_owned() }),
    };
    let endpoint = Endpoint::S3 {
        bucket: bucket.name.clone(),
        prefix: String::new(),
        endpoint: Some(format!("http://{}", receiver.address)),
        credentials_secret: Some("keys".to_owned()),
        options: options.clone(),
    };
    let answer = bucket.world.deliver(endpoint, vec![1; size]).await;
    assert!(matches!(answer, Answer::Refused { cause: Cause::Unauthorized, .. }), "{answer:?}");
    let came = receiver.came().remove(0);
    assert_eq!(came.headers["x-amz-tagging"], "cost+centre=4711%26b");
    assert_eq!(came.headers["x-amz-server-side-encryption"], "aws:kms");
    assert_eq!(came.headers["x-amz-server-side-encryption-aws-kms-key-id"], "our-key");
    // The real one takes such a request.
    let Endpoint::S3 { bucket: name, prefix, .. } = bucket.own() else { unreachable!("it is one") };
    let own = Endpoint::S3 { bucket: name, prefix, endpoint: None, credentials_secret: None, options };
    let taken = bucket.world.deliver(own, vec![1; size]).await;
    assert!(matches!(taken, Answer::Taken { .. }), "{taken:?}");
}
