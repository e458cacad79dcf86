//! Checks columns of CSV records.
