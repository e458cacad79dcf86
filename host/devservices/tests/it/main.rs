//! What a laptop, a demo and a test rely on: real services that answer, keep, recover and end.

mod clients;
mod control;
mod crash;
mod failure;
mod keep;
mod place;
mod s3;
