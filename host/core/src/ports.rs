//! Ports: every trait that the outside must implement, named by role.

mod bus;
mod connector;
mod nudges;
mod passage_store;
mod payload_store;
mod plugin_runner;
mod query;
mod rate_ledger;
mod redrive_store;
mod registry;
mod secure_url_store;
mod transfer_store;
mod upload_store;
mod vault;

pub use bus::{BusError, TransferBus};
pub use connector::{Connector, Consigned, Handover, Messenger, Notice, Signing, Unfit};
pub use nudges::{NudgeBus, NudgeSink, NudgeStore};
pub use passage_store::{PassageError, PassageStore, Unneeded};
pub use payload_store::{
    ByteStream, PayloadError, PayloadStore, PayloadWriter, Sealed, Stir, UploadWriter, WriteIntent,
};
pub use plugin_runner::{
    Checked, Conclusion, Inspected, Masked, Masking, PluginArchive, PluginError, PluginRunner, PrepareError,
    RawFinding, RawFindings, RawPlace, Subject, Validating,
};
pub use query::{
    ConsignmentFilter, Cursor, DeliveryFilter, Edge, Page, PageRequest, PartnerFilter, PolicyFilter, Snapshot,
    TransferFilter,
};
pub use rate_ledger::{Lease, RateLedger};
pub use redrive_store::{AdvanceError, ClaimedLane, Left, RedriveStore};
pub use registry::{ChannelChange, DestinationChange, NewRevision, Registry, RegistryError, Turned};
pub use secure_url_store::{Passphrases, SecureUrlStore, UrlProof};
pub use transfer_store::{
    Addressing, Admission, AnnounceOutcome, Announcement, Blame, CommitError, Earlier, Relayed, StoreError,
    TransferStore,
};
pub use upload_store::{Advance, Sweepable, UploadError, UploadStore};
pub use vault::{LookupTable, SecretBytes, Vault, VaultError};
