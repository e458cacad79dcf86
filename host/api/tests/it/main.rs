//! The API from outside: routes over the use cases of core and ports in memory.

mod assembling;
mod edge;
mod forms;
mod graphql;
mod graphql_http;
mod hostile;
mod house;
mod identity;
mod keys;
mod limits;
mod openapi;
mod paging;
mod passphrases;
mod payload;
mod persisted;
mod quotas;
mod redrives;
mod schema;
mod secure_urls;
mod socket;
mod stories;
mod suspended;
mod transfers;
mod uploads;
mod visitors;
mod wire;
