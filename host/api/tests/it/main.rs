//! The API from outside: routes over the use cases of core and ports in memory.

mod graphql;
mod graphql_http;
mod house;
mod identity;
mod keys;
mod openapi;
mod paging;
mod payload;
mod persisted;
mod schema;
mod socket;
mod stories;
mod transfers;
mod uploads;
