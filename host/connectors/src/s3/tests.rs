//! Names that S3 would not know are refused before anything is sent.

use rstest::rstest;

use super::{is_bucket_name, region_of};

#[rstest]
#[case("inbox", true)]
#[case("a.b-c.9", true)]
#[case("ab", false)]
#[case("UPPER", false)]
#[case("a/b", false)]
#[case("..", false)]
#[case("a..b", false)]
#[case("-ab", false)]
#[case("a b", false)]
fn bucket_names(#[case] name: &str, #[case] valid: bool) {
    assert_eq!(is_bucket_name(name), valid);
}

#[rstest]
#[case("s3.eu-central-1.amazonaws.com", "eu-central-1")]
#[case("bucket.s3.us-west-2.amazonaws.com", "us-west-2")]
#[case("s3.amazonaws.com", "us-east-1")]
#[case("minio.example.com", "us-east-1")]
fn regions_are_read_off_the_host(#[case] host: &str, #[case] region: &str) {
    assert_eq!(region_of(host), region);
}
