//! The words, rules and ports of Lockgate, and the pipeline of a transfer.
