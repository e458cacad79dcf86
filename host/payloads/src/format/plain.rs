//! `Plain1`: the object is the content. Read in windows, taken up again where a connection broke.

use std::ops::Range;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream as Body;
use bytes::Bytes;
use futures::stream;
use lockgate_core::midstate;
use lockgate_core::payload::Payload;
use lockgate_core::ports::{ByteStream, PayloadError};
use sha2::{Digest as _, Sha256};

use crate::bucket::Bucket;
use crate::failure::Failure;

/// Bytes asked for at once: a reader that stops early has not ordered the rest.
const WINDOW: u64 = 16 * 1024 * 1024;
/// Broken answers in a row, without a byte of progress, until the read fails.
const PATIENCE: u32 = 4;
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn content(bucket: Bucket, payload: Payload, range: Range<u64>) -> ByteStream {
    let hash = (range == (0..payload.size)).then(Sha256::new);
    let reading =
        Reading { bucket, payload, at: range.start, end: range.end, window: None, hash, kept: None, broken: 0 };
    Box::pin(stream::try_unfold(reading, |mut reading| async move {
        Ok(reading.next().await?.map(|bytes| (bytes, reading)))
    }))
}

struct Reading {
    bucket: Bucket,
    payload: Payload,
    at: u64,
    end: u64,
    window: Option<Body>,
    /// Only of a read of the whole.
    hash: Option<Sha256>,
    /// The chunk before: the last one leaves only after the digest was compared, so corrupt content never looks whole.
    kept: Option<Bytes>,
    broken: u32,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Bytes>, PayloadError> {
        while self.at < self.end {
            let bytes = self.fetch().await?;
            self.at += bytes.len() as u64;
            if let Some(hash) = &mut self.hash {
                hash.update(&bytes);
            }
            if let Some(before) = self.kept.replace(bytes) {
                return Ok(Some(before));
            }
        }
        if let Some(hash) = self.hash.take() {
            let digest = midstate::finish(hash);
            if digest != self.payload.digest {
                return Err(self.corrupt(format!("its digest is {digest} instead of {}", self.payload.digest)));
            }
        }
        Ok(self.kept.take())
    }

    /// The next bytes, at least one, of this window or the next.
    async fn fetch(&mut self) -> Result<Bytes, PayloadError> {
        loop {
            let mut window = match self.window.take() {
                Some(window) => window,
                None => self.open().await?,
            };
            let what = match tokio::time::timeout(self.bucket.patience, window.next()).await {
                Ok(Some(Ok(bytes))) if bytes.is_empty() => {
                    self.window = Some(window);
                    continue;
                }
                Ok(Some(Ok(mut bytes))) => {
                    // A service that ignores ranges must not make us deliver more than was asked for.
                    bytes.truncate(usize::try_from(self.end - self.at).unwrap_or(usize::MAX));
                    self.window = Some(window);
                    self.broken = 0;
                    return Ok(bytes);
                }
                // The window is read; only without a byte of progress is this a fault.
                Ok(None) => "the answer ended early".to_owned(),
                Ok(Some(Err(error))) => error.to_string(),
                Err(_) => "the bytes did not come in time".to_owned(),
            };
            self.broken += 1;
            if self.broken > PATIENCE {
                return Err(Failure::new("GetObject", what).into());
            }
            if self.broken > 1 {
                tokio::time::sleep(PAUSE * 2u32.pow(self.broken)).await;
            }
        }
    }

    async fn open(&self) -> Result<Body, PayloadError> {
        let until = self.end.min(self.at + WINDOW);
        let asking = self.bucket.client.get_object().bucket(&self.bucket.name).key(&self.payload.key);
        let got = asking.range(format!("bytes={}-{}", self.at, until - 1)).send().await;
        let got = match got.map_err(|error| Failure::of("GetObject", &error)) {
            Ok(got) => got,
            Err(failure) if failure.is_missing() => return Err(PayloadError::Missing(self.payload.id)),
            Err(failure) if failure.is_beyond_the_end() => {
                return Err(self.corrupt(format!("it ends before byte {}", self.at)));
            }
            Err(failure) => return Err(failure.into()),
        };
        let total = got.content_range.as_deref().and_then(|range| range.rsplit('/').next()?.parse::<u64>().ok());
        match total {
            Some(total) if total == self.payload.size => Ok(got.body),
            Some(total) => Err(self.corrupt(format!("it has {total} bytes instead of {}", self.payload.size))),
            None => Err(Failure::new("GetObject", "S3 did not answer with the range that was asked for").into()),
        }
    }

    fn corrupt(&self, explanation: String) -> PayloadError {
        PayloadError::Corrupt { payload: self.payload.id, explanation }
    }
}
