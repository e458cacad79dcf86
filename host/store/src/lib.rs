//! The truth in Postgres; the only crate that knows SQL.
