//! The API from outside: routes over the use cases of core and ports in memory.

mod graphql;
mod house;
mod identity;
mod keys;
mod payload;
mod redrives;
mod schema;
mod stories;
mod transfers;
mod uploads;
