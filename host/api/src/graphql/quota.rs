//! Quotas in GraphQL.

use async_graphql::SimpleObject;
use lockgate_core::quota::{Quota, Standing};

use super::scalars::Long;

/// How much a partner may hand in within a day and keep in store, and how much it does.
#[derive(Debug, SimpleObject)]
pub(super) struct PartnerQuotas {
    /// Transfers announced in a day (UTC).
    transfers_per_day: QuotaStanding,
    /// Bytes announced in a day (UTC).
    bytes_per_day: QuotaStanding,
    /// Bytes in store at once, from the announcement until they are removed.
    stored_bytes: QuotaStanding,
}

/// One quota and its use.
#[derive(Debug, SimpleObject)]
struct QuotaStanding {
    /// How much there may be; as much as comes when there is nothing.
    limit: Option<Long>,
    /// Whether the limit is the partner's own, and not the installation's.
    own: bool,
    /// How much there is, whether there is a limit or not. Against no limit of the day the transfers and parts count that
    /// were begun since it began and are still known.
    used: Long,
}

impl PartnerQuotas {
    pub(super) fn of(standing: &Standing, installation: Quota) -> Self {
        let limits = standing.terms.over(installation);
        let quota = |own: Option<u64>, limit: Option<u64>, used: u64| QuotaStanding {
            limit: limit.map(Long),
            own: own.is_some(),
            used: Long(used),
        };
        let (terms, used) = (standing.terms, standing.used(installation));
        Self {
            transfers_per_day: quota(terms.transfers_per_day, limits.transfers_per_day, used.transfers),
            bytes_per_day: quota(terms.bytes_per_day, limits.bytes_per_day, used.bytes),
            stored_bytes: quota(terms.stored_bytes, limits.stored_bytes, used.stored),
        }
    }
}
