//! The S3 server alone: the requests that a host sends, signed in the same way, with nothing before or behind them.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::hmac;
use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lockgate_devservices::S3Endpoint;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use tokio::task::JoinSet;

use super::content::Content;

/// Parts under way at the same time, as many as a host has of one upload.
const AT_ONCE: usize = 3;

/// A client of one S3.
#[derive(Debug, Clone)]
pub(super) struct S3 {
    http: HyperClient<HttpConnector, Full<Bytes>>,
    endpoint: S3Endpoint,
}

impl S3 {
    pub(super) fn of(endpoint: S3Endpoint) -> Self {
        Self { http: HyperClient::builder(TokioExecutor::new()).build_http(), endpoint }
    }

    /// Puts the content as an object of parts; gives the time from the first request to the last answer.
    pub(super) async fn put(&self, bucket: &str, key: &str, content: &Content) -> Result<Duration> {
        // All parts are equal: their digest is not computed in the time that is measured.
        let sum = hex(&Sha256::digest(&content.part));
        let began = Instant::now();
        let path = format!("/{bucket}/{key}");
        let begun = self.ask(Method::POST, &path, "uploads=", Bytes::new(), None).await?;
        let upload = between(&String::from_utf8_lossy(begun.body()), "UploadId").next().context("no upload id")?;
        let mut etags = vec![String::new(); usize::try_from(content.parts)?];
        let mut under_way = JoinSet::new();
        for number in 1..=etags.len() {
            if under_way.len() == AT_ONCE {
                collect(&mut under_way, &mut etags).await?;
            }
            let (s3, path, part, sum) = (self.clone(), path.clone(), content.part.clone(), sum.clone());
            let query = format!("partNumber={number}&uploadId={upload}");
            under_way.spawn(async move {
                let sent = s3.ask(Method::PUT, &path, &query, part, Some(&sum)).await?;
                let etag = sent.headers().get("etag").and_then(|it| it.to_str().ok()).context("no ETag")?;
                anyhow::Ok((number, etag.to_owned()))
            });
        }
        while !under_way.is_empty() {
            collect(&mut under_way, &mut etags).await?;
        }
        let mut list = String::from("<CompleteMultipartUpload>");
        for (index, etag) in etags.iter().enumerate() {
            let _written = write!(list, "<Part><PartNumber>{}</PartNumber><ETag>{etag}</ETag></Part>", index + 1);
        }
        list.push_str("</CompleteMultipartUpload>");
        self.ask(Method::POST, &path, &format!("uploadId={upload}"), list.into(), None).await?;
        Ok(began.elapsed())
    }

    /// Removes what lies under a prefix, before it reaches the disk.
    pub(super) async fn clear(&self, bucket: &str, prefix: &str) -> Result<()> {
        let query = format!("list-type=2&prefix={}", prefix.replace('/', "%2F"));
        let listed = self.ask(Method::GET, &format!("/{bucket}"), &query, Bytes::new(), None).await?;
        for key in between(&String::from_utf8_lossy(listed.body()), "Key") {
            self.ask(Method::DELETE, &format!("/{bucket}/{key}"), "", Bytes::new(), None).await?;
        }
        Ok(())
    }

    /// One request under Signature Version 4.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &str,
        body: Bytes,
        sum: Option<&str>,
    ) -> Result<Response<Bytes>> {
        let S3Endpoint { endpoint, region, access_key, secret_key } = &self.endpoint;
        let host = endpoint.trim_start_matches("http://");
        let sum = sum.map_or_else(|| hex(&Sha256::digest(&body)), str::to_owned);
        let now = OffsetDateTime::now_utc();
        let day = format!("{:04}{:02}{:02}", now.year(), u8::from(now.month()), now.day());
        let at = format!("{day}T{:02}{:02}{:02}Z", now.hour(), now.minute(), now.second());
        let names = "host;x-amz-content-sha256;x-amz-date";
        let canonical = format!(
            "{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{sum}\nx-amz-date:{at}\n\n{names}\n{sum}"
        );
        let scope = format!("{day}/{region}/s3/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let first = format!("AWS4{secret_key}").into_bytes();
        let key = [day.as_str(), region, "s3", "aws4_request"].iter().fold(first, |key, part| tag(&key, part));
        let signature = hex(&tag(&key, &to_sign));
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}");
        let request = Request::builder()
            .method(method.clone())
            .uri(format!("{endpoint}{path}?{query}"))
            .header("x-amz-content-sha256", sum)
            .header("x-amz-date", at)
            .header("authorization", authorization)
            .body(Full::new(body))?;
        let (head, body) = self.http.request(request).await.context("S3 does not answer")?.into_parts();
        let body = body.collect().await?.to_bytes();
        ensure!(
            head.status.is_success(),
            "S3 answered {method} {path} with {}: {}",
            head.status,
            String::from_utf8_lossy(&body)
        );
        Ok(Response::from_parts(head, body))
    }
}

async fn collect(under_way: &mut JoinSet<Result<(usize, String)>>, etags: &mut [String]) -> Result<()> {
    let (number, etag) = under_way.join_next().await.context("no part is under way")???;
    etags[number - 1] = etag;
    Ok(())
}

fn tag(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What stands between the tags of that name.
fn between(xml: &str, name: &str) -> impl Iterator<Item = String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let found: Vec<_> = xml.split(&open).skip(1).filter_map(|it| Some(it.split_once(&close)?.0.to_owned())).collect();
    found.into_iter()
}
