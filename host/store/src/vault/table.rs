//! Lookup tables in their table. Versions never change, so what was read once is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_core::policy::Owner;
use lockgate_core::ports::LookupTable;
use sqlx::types::Json;

use crate::column::{document, of_owner};
use crate::error::Failure;
use crate::store::PgStore;

/// The newest version that this process read of each table.
#[derive(Debug, Default)]
pub(crate) struct TableCache(Mutex<HashMap<(Owner, String), Arc<LookupTable>>>);

impl TableCache {
    fn get(&self, owner: Owner, name: &str, version: i64) -> Option<Arc<LookupTable>> {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.get(&(owner, name.to_owned())).filter(|table| table.version == version).cloned()
    }

    fn put(&self, owner: Owner, table: &Arc<LookupTable>) {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.insert((owner, table.name.clone()), table.clone());
    }
}

/// The newest version.
pub(super) async fn newest(store: &PgStore, owner: Owner, name: &str) -> Result<Option<Arc<LookupTable>>, Failure> {
    let version = sqlx::query_scalar!(
        "select max(version) from lookup_tables where owner is not distinct from $1 and name = $2",
        of_owner(owner),
        name
    )
    .fetch_one(&store.worker)
    .await?;
    let Some(version) = version else { return Ok(None) };
    if let Some(table) = store.tables.get(owner, name, version) {
        return Ok(Some(table));
    }
    let Json(entries) = sqlx::query_scalar!(
        r#"select entries as "entries: crate::doc::Entries" from lookup_tables
           where owner is not distinct from $1 and name = $2 and version = $3"#,
        of_owner(owner),
        name,
        version
    )
    .fetch_one(&store.worker)
    .await?;
    let table = Arc::new(LookupTable { name: name.to_owned(), version, entries });
    store.tables.put(owner, &table);
    Ok(Some(table))
}

/// Stores the next version; of two at once, each takes a number of its own.
pub(super) async fn put(
    store: &PgStore,
    owner: Owner,
    name: &str,
    entries: &HashMap<String, String>,
) -> Result<i64, Failure> {
    let entries = document(entries)?;
    loop {
        let stored = sqlx::query_scalar!(
            "insert into lookup_tables (owner, name, version, entries)
             select $1, $2, coalesce(max(version), 0) + 1, $3 from lookup_tables
             where owner is not distinct from $1 and name = $2
             returning version",
            of_owner(owner),
            name,
            entries
        )
        .fetch_one(&store.worker)
        .await
        .map_err(Failure::from);
        match stored {
            Err(failure) if failure.violated() == Some("lookup_tables_version") => {}
            other => return other,
        }
    }
}
