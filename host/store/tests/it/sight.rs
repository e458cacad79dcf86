//! Who sees what: row-level security on every table, for every role, against every stranger.

use std::time::Duration;

use lockgate_core::hook::Hook;
use lockgate_core::id::PartnerId;
use lockgate_core::policy::{Owner, Side};
use lockgate_core::ports::{PageRequest, SecretBytes, TransferFilter, Vault};
use lockgate_core::viewer::Role;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::world::{World, binding};

mod lists;

/// Two partners with something in every table, and a stranger.
pub(crate) struct Cast {
    pub(crate) world: World,
    pub(crate) alice: PartnerId,
    pub(crate) bob: PartnerId,
    pub(crate) carol: PartnerId,
    pub(crate) share: lockgate_core::consignment::Consignment,
}

impl Cast {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let (alice, bob, carol) =
            (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
        for partner in [alice, bob] {
            let owner = Owner::Partner(partner);
            world.plugin(owner, "mask-pii").await;
            world.active(owner, Side::Inbound, vec![binding(owner, Hook::Notify)]).await;
            world
                .store
                .put_secret(owner, "webhook", SecretBytes::new(vec![1]), Duration::ZERO)
                .await
                .expect("a secret");
            world.store.put_table(owner, "countries", std::collections::HashMap::new()).await.expect("a table");
        }
        world.plugin(Owner::House, "house-mask").await;
        world.active(Owner::House, Side::Inbound, vec![binding(Owner::House, Hook::Notify)]).await;
        let inbox = world.destination(bob, "inbox", false).await;
        let share = world.accepted(alice, &[bob]).await.remove(0);
        let delivery = world.released(&share, &[&inbox]).await.remove(0);
        world.delivered(delivery.id).await;
        let (bobs, inbox, redrive) = (bob.uuid(), inbox.id.uuid(), delivery.id.uuid());
        world
            .run(&format!(
                "insert into breakers (destination, receiver, state, failures, trips)
                     values ('{inbox}', '{bobs}', 'closed', 1, 0);
                 insert into redrives (id, version, state, kind, partner, filter, judging, per_second, reason, author,
                                       created_at, updated_at)
                     values ('{redrive}', 0, 'finished', 'dead-letters', '{bobs}', '{{}}', 'released', 1, 'why', 'bob',
                             now(), now());
                 insert into redrive_lanes (redrive, destination, receiver, partner, total)
                     values ('{redrive}', '{inbox}', '{bobs}', '{bobs}', 0);
                 insert into partner_usage (partner, day, transfers, bytes) values ('{bobs}', current_date, 1, 1);
                 insert into partner_quotas (partner, stored_bytes) values ('{bobs}', 1);
                 insert into secure_urls (id, partner, token, purpose, max_uses, note, author, created_at, expires_at)
                     values ('{redrive}', '{bobs}', sha256('{redrive}'), '{{}}', 1, '', 'bob', now(), now())"
            ))
            .await;
        Self { world, alice, bob, carol, share }
    }
}

/// A session as people's requests have it.
async fn as_viewer(world: &World, role: &str, partner: Option<PartnerId>) -> PgConnection {
    let mut connection = world.raw().await;
    sqlx::query("set role lockgate_api").execute(&mut connection).await.expect("a role");
    if !role.is_empty() {
        let partner = partner.map_or_else(String::new, |id| id.uuid().to_string());
        sqlx::query("select set_config('lockgate.role', $1, false), set_config('lockgate.partner', $2, false)")
            .bind(role)
            .bind(partner)
            .execute(&mut connection)
            .await
            .expect("settings");
    }
    connection
}

async fn tables(world: &World, which: &str) -> Vec<String> {
    let sql = format!(
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
         and c.relname <> '_sqlx_migrations' and ({which}) order by 1"
    );
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut world.raw().await).await.expect("tables")
}

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("select count(*) from {table}"));
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap_or_else(|error| panic!("{table}: {error}"))
}

#[tokio::test]
async fn every_table_has_forced_row_level_security_and_the_sessions_roles_own_nothing_and_bypass_nothing() {
    const UNPROTECTED: &str = "not c.relrowsecurity or not c.relforcerowsecurity
        or pg_get_userbyid(c.relowner) <> 'lockgate_owner'";
    let world = World::new().await;
    assert_eq!(tables(&world, UNPROTECTED).await, Vec::<String>::new());
    let strong = "select count(*) from pg_roles where rolname like 'lockgate\\_%' and rolname in
        ('lockgate_owner', 'lockgate_api', 'lockgate_worker') and (rolsuper or rolbypassrls or rolcanlogin)";
    assert_eq!(world.number(strong).await, 0);
    // A table that somebody adds without protection is found.
    world.run("create table forgotten (partner uuid); alter table forgotten enable row level security").await;
    assert_eq!(tables(&world, UNPROTECTED).await, ["forgotten"]);
}

#[tokio::test]
async fn people_read_only_what_they_were_granted_and_write_nothing() {
    let world = World::new().await;
    let readable = tables(&world, "has_table_privilege('lockgate_api', c.oid, 'select')").await;
    for hidden in ["hosts", "outbox", "outbox_lanes", "payload_objects", "secrets"] {
        assert!(!readable.iter().any(|it| it == hidden), "people may read {hidden}");
    }
    let writable = "has_table_privilege('lockgate_api', c.oid, 'insert') or has_table_privilege('lockgate_api', c.oid, 'update')
        or has_table_privilege('lockgate_api', c.oid, 'delete') or has_table_privilege('lockgate_api', c.oid, 'truncate')";
    assert_eq!(tables(&world, writable).await, Vec::<String>::new());
    let truncated = tables(&world, "has_table_privilege('lockgate_worker', c.oid, 'truncate')").await;
    assert_eq!(truncated, Vec::<String>::new());
}

#[tokio::test]
async fn a_stranger_and_nobody_see_no_row_of_any_table() {
    let cast = Cast::new().await;
    let world = &cast.world;
    let readable = tables(world, "has_table_privilege('lockgate_api', c.oid, 'select')").await;
    let mut operator = as_viewer(world, "operator", None).await;
    for table in &readable {
        if !["agreements", "channels"].contains(&table.as_str()) {
            assert!(count(&mut operator, table).await > 0, "the test proves nothing about {table}: it is empty");
        }
    }
    let sessions = [
        ("", None),
        ("partner", None),
        ("owner", Some(cast.alice)),
        ("partner", Some(cast.carol)),
        ("integrator", Some(cast.carol)),
    ];
    for (role, partner) in sessions {
        let mut viewer = as_viewer(world, role, partner).await;
        for table in &readable {
            // A stranger sees itself and the house's plugins.
            let own = match table.as_str() {
                "partners" | "plugins" | "plugin_versions" if partner == Some(cast.carol) => 1,
                _ => 0,
            };
            assert_eq!(count(&mut viewer, table).await, own, "{table} as `{role}` {partner:?}");
        }
    }
}

#[tokio::test]
async fn each_side_of_a_transfer_sees_its_own_half() {
    let cast = Cast::new().await;
    let mut alice = as_viewer(&cast.world, "partner", Some(cast.alice)).await;
    let mut bob = as_viewer(&cast.world, "integrator", Some(cast.bob)).await;
    for (table, sender, receiver) in [
        ("transfers", 1, 1),
        ("uploads", 1, 0),
        ("consignments", 1, 1),
        ("deliveries", 0, 1),
        ("attempts", 0, 1),
        ("destinations", 0, 1),
        ("breakers", 0, 1),
        ("partner_quotas", 0, 1),
        ("partner_usage", 0, 1),
        ("secure_urls", 0, 1),
        ("redrives", 0, 1),
        ("redrive_lanes", 0, 1),
        ("decisions where side = 'inbound'", 1, 0),
        ("decisions where side = 'outbound'", 0, 1),
        ("policies", 1, 1),
        ("policy_revisions", 1, 1),
        ("plugins", 2, 2),
        ("plugin_versions", 2, 2),
        ("lookup_tables", 1, 1),
        ("provenance where consignment is null", 7, 0),
        ("provenance where kind in ('claimed', 'judged') and consignment is not null", 0, 3),
        ("provenance where kind = 'delivered'", 1, 1),
    ] {
        assert_eq!(count(&mut alice, table).await, sender, "{table} for the sender");
        assert_eq!(count(&mut bob, table).await, receiver, "{table} for the receiver");
    }
}

#[tokio::test]
async fn a_shared_row_hides_the_other_sides_columns() {
    let cast = Cast::new().await;
    let id = cast.share.transfer;
    let sender = cast.world.view(Role::Partner(cast.alice)).await;
    let receiver = cast.world.view(Role::Partner(cast.bob)).await;

    let whole = sender.transfers_by_id(&[id]).await.expect("a transfer").remove(0);
    assert_eq!(whole, cast.world.transfer(id).await);
    let half = receiver.transfers_by_id(&[id]).await.expect("a transfer").remove(0);
    assert_eq!((&half.source, &half.released, half.planned.len()), (&None, &None, 0));
    assert_eq!(half.receivers, [cast.bob]);

    let whole = receiver.consignments_of(&[id]).await.expect("a consignment").remove(0);
    assert!(whole.released.is_some());
    let half = sender.consignments_of(&[id]).await.expect("a consignment").remove(0);
    assert_eq!((half.state, &half.released), (whole.state, &None));

    let pages = sender.provenance_of(&[id], &PageRequest::first(50)).await.expect("pages");
    let delivered = pages[0].1.edges.iter().find(|edge| edge.node.entry.kind.name() == "delivered").expect("an entry");
    assert_eq!(delivered.node.entry.details, serde_json::json!({}), "the sender sees the receiver's receipt");
    assert_eq!(delivered.node.entry.delivery, None);
    receiver.close().await;

    let stranger = cast.world.view(Role::Integrator(cast.carol)).await;
    assert!(stranger.transfers_by_id(&[id]).await.expect("none").is_empty());
    assert!(stranger.partners_by_id(&[cast.alice, cast.bob]).await.expect("none").is_empty());
    let all = stranger.transfers(&TransferFilter::default(), &PageRequest::first(10)).await.expect("a page");
    assert!(all.edges.is_empty() && !all.has_next && !all.has_previous);
}
