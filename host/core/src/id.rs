//! Ids: one newtype per word, so that a delivery's id can never be passed where a transfer's is meant.
//!
//! On the wire an id is its prefix and 32 hexadecimal digits of a UUIDv7, so ids of one kind sort by age.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::time::{Timestamp, unix_millis};

/// The text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind} id: expected `{prefix}` and 32 hexadecimal digits")]
pub struct InvalidId {
    /// What was given, cut to 80 characters.
    pub text: String,
    /// The kind of id that was wanted, such as `transfer`.
    pub kind: &'static str,
    /// The prefix of that kind, such as `trf_`.
    pub prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id that sorts by the given time.
            pub fn generate(at: Timestamp) -> Self {
                Self(uuid_at(at))
            }

            /// Wraps a UUID read from the store.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside, for the store.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text, $prefix).map(Self).ok_or_else(|| InvalidId {
                    text: text.chars().take(80).collect(),
                    kind: $kind,
                    prefix: $prefix,
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A company on either end.
    PartnerId "ptn_" "partner";
    /// Who may send to whom.
    AgreementId "agr_" "agreement";
    /// One object that a sender hands in.
    TransferId "trf_" "transfer";
    /// An upload under way.
    UploadId "upl_" "upload";
    /// One transfer's share for one receiver.
    ConsignmentId "con_" "consignment";
    /// Handing a consignment to one destination.
    DeliveryId "dlv_" "delivery";
    /// Sending many deliveries on their way again.
    RedriveId "rdr_" "redrive";
    /// Names a secure URL; opens nothing.
    SecureUrlId "url_" "secure URL";
    /// How far a delivery's bytes have come.
    PassageId "psg_" "passage";
    /// One try of a delivery.
    AttemptId "att_" "attempt";
    /// A concrete endpoint.
    DestinationId "dst_" "destination";
    /// A payload object.
    PayloadId "pay_" "payload";
    /// A named Wasm program.
    PluginId "plg_" "plugin";
    /// A partner's or the house's ordered bindings of one side.
    PolicyId "pol_" "policy";
    /// An immutable snapshot of a policy.
    RevisionId "rev_" "policy revision";
    /// One plugin version on one hook with settings.
    BindingId "bnd_" "binding";
    /// What one side's policy decided on a transfer.
    DecisionId "dec_" "decision";
    /// Something that happened and may be notified.
    EventId "evt_" "event";
    /// Telling one event through one binding.
    NotificationId "ntf_" "notification";
    /// Where notifications go.
    ChannelId "chn_" "channel";
    /// A running host process.
    HostId "hst_" "host";
}

fn uuid_at(at: Timestamp) -> Uuid {
    let random = Uuid::new_v4().into_bytes();
    let mut tail = [0; 10];
    tail.copy_from_slice(&random[..10]);
    uuid::Builder::from_unix_timestamp_millis(unix_millis(at), &tail).into_uuid()
}

fn parse(text: &str, prefix: &str) -> Option<Uuid> {
    let digits = text.strip_prefix(prefix)?;
    if digits.len() != 32 {
        return None;
    }
    Uuid::try_parse(digits).ok()
}
