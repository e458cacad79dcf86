//! Checksums over the bytes of one request, as tus's extension of that name has them.

use sha2::Digest as _;

/// A checksum over the bytes of one request; tus demands SHA-1, we prefer SHA-256, and CRC-32C is cheap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// SHA-1.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
    /// CRC-32C (Castagnoli), big-endian.
    Crc32c([u8; 4]),
}

impl Checksum {
    /// The algorithms, as the `Tus-Checksum-Algorithm` header names them.
    pub const ALGORITHMS: &'static str = "sha256,crc32c,sha1";

    /// The checksum of that algorithm, or `None` if the name is unknown or the value of another size.
    pub fn from_parts(algorithm: &str, value: &[u8]) -> Option<Self> {
        match algorithm {
            "sha1" => value.try_into().ok().map(Self::Sha1),
            "sha256" => value.try_into().ok().map(Self::Sha256),
            "crc32c" => value.try_into().ok().map(Self::Crc32c),
            _ => None,
        }
    }

    pub(super) const fn algorithm(self) -> &'static str {
        match self {
            Self::Sha1(_) => "sha1",
            Self::Sha256(_) => "sha256",
            Self::Crc32c(_) => "crc32c",
        }
    }
}

/// A checksum in the making.
#[derive(Debug)]
pub(super) enum Summing {
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Crc32c(u32),
}

impl Summing {
    pub(super) fn new(wanted: Checksum) -> Self {
        match wanted {
            Checksum::Sha1(_) => Self::Sha1(sha1::Sha1::new()),
            Checksum::Sha256(_) => Self::Sha256(sha2::Sha256::new()),
            Checksum::Crc32c(_) => Self::Crc32c(0),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hash) => hash.update(bytes),
            Self::Sha256(hash) => hash.update(bytes),
            Self::Crc32c(sum) => *sum = crc32c::crc32c_append(*sum, bytes),
        }
    }

    pub(super) fn finish(self) -> Checksum {
        match self {
            Self::Sha1(hash) => Checksum::Sha1(hash.finalize().into()),
            Self::Sha256(hash) => Checksum::Sha256(hash.finalize().into()),
            Self::Crc32c(sum) => Checksum::Crc32c(sum.to_be_bytes()),
        }
    }
}
