//! The API from outside: routes over the use cases of core and ports in memory.

mod assembling;
mod edge;
mod graphql;
mod hostile;
mod house;
mod identity;
mod keys;
mod limits;
mod payload;
mod redrives;
mod schema;
mod stories;
mod transfers;
mod uploads;
mod wire;
