//! The S3 that the payload store relies on: conditional puts, multipart, ranges, lists.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use lockgate_devservices::{Options, S3Endpoint, Service, Services};

use crate::clients::s3;

const PART: usize = 5 << 20;

/// A started S3 with the bucket `bytes`.
async fn bucket() -> (Services, Client) {
    let services = Services::start(Options::for_tests().only([Service::S3])).await.expect("S3 starts");
    let client = s3(services.endpoints().s3.as_ref().expect("S3 was started"));
    services.make_bucket("bytes").expect("a new bucket");
    client.create_bucket().bucket("more").send().await.expect("another, by the protocol");
    (services, client)
}

fn code<T, E: ProvideErrorMetadata>(answer: Result<T, SdkError<E>>) -> String {
    let error = answer.err().expect("this must be refused");
    error.code().map_or_else(|| format!("{:?}", error.raw_response().map(|raw| raw.status())), str::to_owned)
}

#[tokio::test]
async fn of_many_clients_that_put_if_absent_exactly_one_wins() {
    let (_services, client) = bucket().await;
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..16_u8 {
        let put = client.put_object().bucket("bytes").key("once").if_none_match("*").body(vec![racer; 100_000].into());
        racers.spawn(async move { put.send().await.map(|_| racer) });
    }
    let answers = racers.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(lost.into_iter().all(|answer| code(answer) == "PreconditionFailed"));
    let winner = won.into_iter().flatten().next().expect("one won");
    let object = client.get_object().bucket("bytes").key("once").send().await.expect("the object is there");
    let body = object.body.collect().await.expect("its bytes").into_bytes();
    assert!(body.len() == 100_000 && body.iter().all(|byte| *byte == winner));
}

#[tokio::test]
async fn a_multipart_upload_is_listed_completed_once_and_read_in_ranges() {
    let (_services, client) = bucket().await;
    let begun = client.create_multipart_upload().bucket("bytes").key("dir/large").send().await.expect("an upload");
    let id = begun.upload_id().expect("an id");
    let mut parts = Vec::new();
    for (number, (byte, size)) in (1..).zip([(b'a', PART), (b'b', PART), (b'c', 10)]) {
        let part = client.upload_part().bucket("bytes").key("dir/large").upload_id(id).part_number(number);
        let done = part.body(vec![byte; size].into()).send().await.expect("a part");
        parts.push(CompletedPart::builder().part_number(number).set_e_tag(done.e_tag).build());
    }
    let listed = client.list_parts().bucket("bytes").key("dir/large").upload_id(id).send().await.expect("a list");
    assert_eq!(listed.parts().iter().filter_map(|part| part.part_number()).collect::<Vec<_>>(), [1, 2, 3]);
    let uploads = client.list_multipart_uploads().bucket("bytes").prefix("dir/").send().await.expect("a list");
    assert_eq!(uploads.uploads().iter().filter_map(|upload| upload.key()).collect::<Vec<_>>(), ["dir/large"]);

    let complete = || {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.clone())).build();
        client.complete_multipart_upload().bucket("bytes").key("dir/large").upload_id(id).multipart_upload(parts)
    };
    complete().if_none_match("*").send().await.expect("complete");
    assert_eq!(code(complete().send().await), "NoSuchUpload");
    let uploads = client.list_multipart_uploads().bucket("bytes").send().await.expect("a list");
    assert!(uploads.uploads().is_empty());

    let head = client.head_object().bucket("bytes").key("dir/large").send().await.expect("the object is there");
    assert_eq!(head.content_length(), Some(2 * PART as i64 + 10));
    let range = format!("bytes={}-{}", PART - 2, PART + 1);
    let slice = client.get_object().bucket("bytes").key("dir/large").range(range).send().await.expect("a range");
    assert_eq!(slice.body.collect().await.expect("its bytes").into_bytes(), b"aabb".as_slice());
}

#[tokio::test]
async fn an_aborted_upload_is_gone_and_a_completion_over_an_object_is_refused() {
    let (_services, client) = bucket().await;
    let begin = || client.create_multipart_upload().bucket("bytes").key("taken").send();
    let aborted = begin().await.expect("an upload").upload_id.expect("an id");
    client.abort_multipart_upload().bucket("bytes").key("taken").upload_id(&aborted).send().await.expect("aborted");
    let part = client.upload_part().bucket("bytes").key("taken").upload_id(&aborted).part_number(1);
    assert_eq!(code(part.body(b"late".to_vec().into()).send().await), "NoSuchUpload");

    client.put_object().bucket("bytes").key("taken").body(b"first".to_vec().into()).send().await.expect("an object");
    let id = begin().await.expect("an upload").upload_id.expect("an id");
    let part = client.upload_part().bucket("bytes").key("taken").upload_id(&id).part_number(1);
    let done = part.body(b"second".to_vec().into()).send().await.expect("a part");
    let part = CompletedPart::builder().part_number(1).set_e_tag(done.e_tag).build();
    let parts = CompletedMultipartUpload::builder().parts(part).build();
    let complete = client.complete_multipart_upload().bucket("bytes").key("taken").upload_id(&id);
    assert_eq!(code(complete.multipart_upload(parts).if_none_match("*").send().await), "PreconditionFailed");
    let object = client.get_object().bucket("bytes").key("taken").send().await.expect("the object is there");
    assert_eq!(object.body.collect().await.expect("its bytes").into_bytes(), b"first".as_slice());
}

#[tokio::test]
async fn unknown_buckets_and_keys_and_wrong_secrets_are_refused_by_their_proper_codes() {
    let (services, client) = bucket().await;
    let put = client.put_object().bucket("absent").key("a").body(b"x".to_vec().into());
    assert_eq!(code(put.send().await), "NoSuchBucket");
    assert_eq!(code(client.create_multipart_upload().bucket("absent").key("a").send().await), "NoSuchBucket");
    assert_eq!(code(client.get_object().bucket("bytes").key("absent").send().await), "NoSuchKey");
    let endpoint = services.endpoints().s3.clone().expect("S3 was started");
    let stranger = s3(&S3Endpoint { secret_key: "wrong".into(), ..endpoint });
    assert_eq!(code(stranger.list_buckets().send().await), "SignatureDoesNotMatch");
}

#[tokio::test]
async fn a_new_object_under_a_deleted_ones_key_has_checksums_of_its_own() {
    let (_services, client) = bucket().await;
    client.put_object().bucket("bytes").key("again").body(b"first".to_vec().into()).send().await.expect("an object");
    client.delete_object().bucket("bytes").key("again").send().await.expect("deleted");
    let id = client.create_multipart_upload().bucket("bytes").key("again").send().await.expect("an upload");
    let id = id.upload_id.expect("an id");
    let part = client.upload_part().bucket("bytes").key("again").upload_id(&id).part_number(1);
    let done = part.body(b"second".to_vec().into()).send().await.expect("a part");
    let part = CompletedPart::builder().part_number(1).set_e_tag(done.e_tag).build();
    let parts = CompletedMultipartUpload::builder().parts(part).build();
    let complete = client.complete_multipart_upload().bucket("bytes").key("again").upload_id(&id);
    complete.multipart_upload(parts).send().await.expect("complete");
    // The client compares the checksum that the answer names with the bytes it carries.
    let object = client.get_object().bucket("bytes").key("again").send().await.expect("the object is there");
    assert_eq!(object.body.collect().await.expect("its bytes").into_bytes(), b"second".as_slice());
}

#[tokio::test]
async fn parts_may_have_gaps_between_their_numbers_and_those_not_listed_are_left_out() {
    let (_services, client) = bucket().await;
    let begun = client.create_multipart_upload().bucket("bytes").key("gaps").send().await.expect("an upload");
    let id = begun.upload_id().expect("an id");
    let mut parts = Vec::new();
    for (number, byte) in [(2, b'a'), (3, b'x'), (9, b'b'), (11, b'c'), (12, b'y')] {
        let part = client.upload_part().bucket("bytes").key("gaps").upload_id(id).part_number(number);
        let done = part.body(vec![byte; PART].into()).send().await.expect("a part");
        parts.push(CompletedPart::builder().part_number(number).set_e_tag(done.e_tag).build());
    }
    let complete = |listed: Vec<CompletedPart>| {
        let listed = CompletedMultipartUpload::builder().set_parts(Some(listed)).build();
        client.complete_multipart_upload().bucket("bytes").key("gaps").upload_id(id).multipart_upload(listed).send()
    };
    let disorder = complete(vec![parts[2].clone(), parts[0].clone()]).await;
    assert_eq!(code(disorder), "InvalidPartOrder");
    complete(vec![parts[0].clone(), parts[2].clone(), parts[3].clone()]).await.expect("an object");
    let object = client.get_object().bucket("bytes").key("gaps").send().await.expect("the object is there");
    let body = object.body.collect().await.expect("its bytes").into_bytes();
    assert!(body.len() == 3 * PART && [0, PART, 2 * PART].map(|at| body[at]) == *b"abc");
}
