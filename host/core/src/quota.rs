//! Quotas: how much a partner may hand in within a day, and keep in store. Counted by the store in the announcement's own
//! transaction, so that a repeat costs nothing and two hosts never count past each other.

use std::time::Duration;

use crate::id::PartnerId;

/// What a partner may hand in and keep. In the settings `None` is no limit; in a partner's own terms it is what the settings
/// say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// Transfers announced in a day (UTC).
    pub transfers_per_day: Option<u64>,
    /// Bytes announced in a day (UTC), as transfers or as partial uploads; where the length is not known before they came,
    /// bytes that came. What is assembled for the first time was counted with its parts.
    pub bytes_per_day: Option<u64>,
    /// Bytes in store at once: of what it handed in, from the announcement until the bytes are removed.
    pub stored_bytes: Option<u64>,
}

impl Quota {
    /// These terms where they say something, the installation's where they do not.
    pub fn over(self, installation: Self) -> Self {
        Self {
            transfers_per_day: self.transfers_per_day.or(installation.transfers_per_day),
            bytes_per_day: self.bytes_per_day.or(installation.bytes_per_day),
            stored_bytes: self.stored_bytes.or(installation.stored_bytes),
        }
    }

    /// Whether anything has to be counted.
    pub const fn is_limited(&self) -> bool {
        self.is_daily() || self.stored_bytes.is_some()
    }

    /// Whether the day has to be counted.
    pub const fn is_daily(&self) -> bool {
        self.transfers_per_day.is_some() || self.bytes_per_day.is_some()
    }

    /// What of it bounds bytes alone: a partial upload is no transfer.
    #[must_use]
    pub const fn of_bytes(self) -> Self {
        Self { transfers_per_day: None, ..self }
    }

    /// The part of the quota that what is asked for goes beyond; `counted` has it already.
    pub fn exceeded(&self, counted: Counted, asked: Counted) -> Option<Exceeded> {
        let beyond = |bound, counted: u64, asked: u64, limit: Option<u64>| {
            let limit = limit.filter(|limit| counted > *limit)?;
            Some(Exceeded { bound, limit, used: counted.saturating_sub(asked), asked })
        };
        beyond(Bound::TransfersPerDay, counted.transfers, asked.transfers, self.transfers_per_day)
            .or_else(|| beyond(Bound::BytesPerDay, counted.bytes, asked.bytes, self.bytes_per_day))
            .or_else(|| beyond(Bound::StoredBytes, counted.stored, asked.stored, self.stored_bytes))
    }
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Transfers of today.
    pub transfers: u64,
    /// Bytes of today.
    pub bytes: u64,
    /// Bytes in store.
    pub stored: u64,
}

/// A part of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Transfers in a day.
    TransfersPerDay,
    /// Bytes in a day.
    BytesPerDay,
    /// Bytes in store.
    StoredBytes,
}

impl Bound {
    /// Its name, as the API and the configuration have it, each in its own spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TransfersPerDay => "transfersPerDay",
            Self::BytesPerDay => "bytesPerDay",
            Self::StoredBytes => "storedBytes",
        }
    }
}

/// A part of a quota that a transfer or an upload goes beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// Which.
    pub bound: Bound,
    /// How much of it there is.
    pub limit: u64,
    /// How much of it was in use.
    pub used: u64,
    /// How much the transfer or upload would have taken.
    pub asked: u64,
}

/// A refusal for the sake of a quota; nothing was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverQuota {
    /// Which part of it.
    pub exceeded: Exceeded,
    /// When it is there anew: the next day's beginning. Never by itself, where it is about what is in store.
    pub ends_in: Option<Duration>,
}

/// Where a partner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which partner.
    pub partner: PartnerId,
    /// Its own terms.
    pub terms: Quota,
    /// What a quota counted.
    pub counted: Counted,
    /// What it began today and is still there, whoever counts; need not be known where its own terms are counted.
    pub begun: Counted,
}

impl Standing {
    /// What it uses, under the installation's quota where it has none of its own: what is counted against a limit, and what
    /// there is where no limit is.
    pub fn used(&self, installation: Quota) -> Counted {
        if self.terms.over(installation).is_daily() { self.counted } else { self.begun }
    }
}

/// How long a day lasts.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);
