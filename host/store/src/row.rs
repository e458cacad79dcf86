//! Rows: how each aggregate stands in its table, with the column list that every query of it shares.
//!
//! The macros take the statement's text before and after the columns; the table's alias is `t`.

#[macro_use]
mod transfer;
#[macro_use]
mod consignment;
#[macro_use]
mod delivery;
#[macro_use]
mod notification;
#[macro_use]
mod upload;
#[macro_use]
mod proof;
#[macro_use]
mod partner;
#[macro_use]
mod policy;
#[macro_use]
mod redrive;
#[macro_use]
mod secure_url;

pub(crate) use consignment::ConsignmentRow;
pub(crate) use delivery::{AttemptRow, DeliveryRow};
pub(crate) use notification::NotificationRow;
pub(crate) use partner::{AgreementRow, ChannelRow, DestinationRow, PartnerRow};
pub(crate) use policy::{PluginRow, PolicyRow, RevisionRow};
pub(crate) use proof::{DecisionRow, ProvenanceRow, ReadableEntry};
pub(crate) use redrive::{GroupRow, LaneRow, RedriveRow};
pub(crate) use secure_url::SecureUrlRow;
pub(crate) use transfer::TransferRow;
pub(crate) use upload::UploadRow;

use crate::error::Failure;

/// Turns rows into what they stand for.
pub(crate) fn all<R, T: TryFrom<R, Error = Failure>>(rows: Vec<R>) -> Result<Vec<T>, Failure> {
    rows.into_iter().map(T::try_from).collect()
}

/// Turns the row into what it stands for, if there is one.
pub(crate) fn one<R, T: TryFrom<R, Error = Failure>>(row: Option<R>) -> Result<Option<T>, Failure> {
    row.map(T::try_from).transpose()
}
