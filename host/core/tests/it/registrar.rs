//! Stories of the registrar: who may set up what, and what is wrong with what was given.

use std::sync::Arc;

use lockgate_core::destination::{
    DestinationSettings, Endpoint, HttpForm, HttpOptions, HttpTus, KafkaMechanism, KafkaOptions, KafkaSasl,
};
use lockgate_core::digest::Digest;
use lockgate_core::framing::Framing;
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::id::{PartnerId, RevisionId};
use lockgate_core::limits::Limits;
use lockgate_core::notification::EventKind;
use lockgate_core::plugin::{Manifest, Scope};
use lockgate_core::policy::{Owner, Rollout, Side};
use lockgate_core::ports::SecretBytes;
use lockgate_core::registrar::{
    NewAgreement, NewBinding, NewDestination, NewPartner, NewPlugin, NewPolicy, Registrar, RegistrarError,
};
use lockgate_core::viewer::{Role, Viewer};
use lockgate_testkit::memory::{MemoryArchive, MemorySigning, MemoryVault};
use rstest::rstest;
use serde_json::json;

use crate::stage::Stage;

fn registrar(stage: &Stage) -> Registrar {
    stage.runner.describes(Manifest {
        name: "check".to_owned(),
        version: "1".to_owned(),
        description: String::new(),
        hooks: vec![Hook::Validate],
        scope: Scope::Record,
        framings: vec!["csv".to_owned()],
        capabilities: vec![],
        settings_schema: json!({}),
    });
    over(stage)
}

/// Over a stage whose runner takes nothing for a component unless it was told to.
fn over(stage: &Stage) -> Registrar {
    let (archive, vault) = (Arc::new(MemoryArchive::default()), Arc::new(MemoryVault::default()));
    Registrar::new(
        stage.store.clone(),
        archive,
        stage.runner.clone(),
        vault,
        Arc::new(MemorySigning),
        stage.clock.clone(),
    )
}

fn operator() -> Viewer {
    Viewer { subject: "op".to_owned(), role: Role::Operator }
}

fn integrator(partner: PartnerId) -> Viewer {
    Viewer { subject: "ivy".to_owned(), role: Role::Integrator(partner) }
}

fn user(partner: PartnerId) -> Viewer {
    Viewer { subject: "alice".to_owned(), role: Role::Partner(partner) }
}

fn code<T>(result: Result<T, RegistrarError>) -> &'static str {
    result.map_or_else(|error| error.code().name(), |_| "OK")
}

fn check(plugin: Digest) -> NewBinding {
    NewBinding {
        name: "check".to_owned(),
        hook: Hook::Validate,
        plugin,
        settings: json!({}),
        framing: Framing::Csv { delimiter: ',', quote: '"', header: true, max_record: 1024 },
        grants: vec![],
        limits: None,
        failure_mode: None,
        media_types: vec![],
        events: vec![],
    }
}

fn policy(owner: Owner, bindings: Vec<NewBinding>) -> NewPolicy {
    NewPolicy { owner, side: Side::Inbound, bindings, note: "first".to_owned() }
}

#[tokio::test]
async fn a_published_revision_judges_nothing_until_it_is_active() {
    let stage = Stage::new().await;
    let registrar = registrar(&stage);
    let owner = Owner::Partner(stage.acme);
    let ivy = integrator(stage.acme);
    let first = registrar.publish_plugin(&ivy, NewPlugin { owner, component: "wasm".into() }).await.expect("it fits");
    let again = registrar.publish_plugin(&ivy, NewPlugin { owner, component: "wasm".into() }).await.expect("it fits");
    assert_eq!((first.repeated, again.repeated), (false, true));
    assert_eq!(first.version, again.version);
    let plugin = first.version;
    let first = registrar.publish_policy(&ivy, policy(owner, vec![check(plugin.digest)])).await.expect("it fits");
    assert_eq!((first.number, first.rollout), (1, Rollout::Draft));
    // Who does not choose gets the strictest failure mode.
    assert_eq!(first.bindings[0].failure_mode, FailureMode::Reject);
    let second = registrar.publish_policy(&ivy, policy(owner, vec![])).await.expect("it fits");
    assert_eq!(second.number, 2);
    for id in [first.id, second.id] {
        assert_eq!(registrar.activate(&ivy, id).await.expect("it is prepared").rollout, Rollout::Active);
    }
    assert_eq!(registrar.activate(&ivy, first.id).await.expect("a rollback").number, 1);
}

#[rstest]
#[case(|it: &mut NewBinding| it.name = "no good".to_owned(), "INVALID_NAME")]
#[case(|it: &mut NewBinding| it.hook = Hook::Mask, "BINDING_INVALID")]
#[case(|it: &mut NewBinding| it.plugin = Digest::of(b"unknown"), "PLUGIN_NOT_FOUND")]
#[case(|it: &mut NewBinding| it.settings = json!([]), "BINDING_INVALID")]
#[case(|it: &mut NewBinding| it.events = vec![EventKind::TransferHeld], "BINDING_INVALID")]
#[case(|it: &mut NewBinding| it.failure_mode = Some(FailureMode::Default), "FAILURE_MODE_UNFIT")]
#[case(|it: &mut NewBinding| it.limits = Some(Limits { edits: u64::MAX, ..Limits::default() }), "LIMIT_ABOVE_CEILING")]
#[case(|it: &mut NewBinding| it.framing = Framing::Lines { max_record: 0 }, "BINDING_INVALID")]
#[case(
    |it: &mut NewBinding| it.framing = Framing::Csv { delimiter: '"', quote: '"', header: true, max_record: 9 },
    "BINDING_INVALID"
)]
#[tokio::test]
async fn a_binding_that_does_not_fit_says_why(#[case] spoil: fn(&mut NewBinding), #[case] wanted: &str) {
    let stage = Stage::new().await;
    let registrar = registrar(&stage);
    let house = NewPlugin { owner: Owner::House, component: "wasm".into() };
    let plugin = registrar.publish_plugin(&operator(), house).await.expect("it fits").version;
    let mut binding = check(plugin.digest);
    spoil(&mut binding);
    let owner = Owner::Partner(stage.acme);
    assert_eq!(code(registrar.publish_policy(&integrator(stage.acme), policy(owner, vec![binding])).await), wanted);
}

#[tokio::test]
async fn two_bindings_of_one_name_and_too_many_are_refused() {
    let stage = Stage::new().await;
    let registrar = registrar(&stage);
    let house = NewPlugin { owner: Owner::House, component: "wasm".into() };
    let plugin = registrar.publish_plugin(&operator(), house).await.expect("it fits").version.digest;
    let twice = policy(Owner::House, vec![check(plugin), check(plugin)]);
    assert_eq!(code(registrar.publish_policy(&operator(), twice).await), "BINDING_NAME_TAKEN");
    let many = policy(Owner::House, vec![check(plugin); 51]);
    assert_eq!(code(registrar.publish_policy(&operator(), many).await), "TOO_MANY_BINDINGS");
}

#[tokio::test]
async fn everybody_sets_up_their_own_only_and_foreign_things_do_not_exist() {
    let stage = Stage::new().await;
    let registrar = registrar(&stage);
    let (acme, globex) = (Owner::Partner(stage.acme), Owner::Partner(stage.globex));
    let publish = |viewer: Viewer, owner| {
        let registrar = &registrar;
        async move { code(registrar.publish_policy(&viewer, policy(owner, vec![])).await) }
    };
    assert_eq!(publish(integrator(stage.acme), acme).await, "OK");
    assert_eq!(publish(operator(), globex).await, "OK");
    assert_eq!(publish(user(stage.acme), acme).await, "FORBIDDEN");
    assert_eq!(publish(integrator(stage.acme), Owner::House).await, "FORBIDDEN");
    assert_eq!(publish(integrator(stage.acme), globex).await, "PARTNER_NOT_FOUND");
    let foreign = registrar.publish_policy(&operator(), policy(globex, vec![])).await.expect("operators may");
    let none = RevisionId::generate(foreign.created_at);
    for id in [foreign.id, none] {
        assert_eq!(code(registrar.activate(&integrator(stage.acme), id).await), "REVISION_NOT_FOUND");
    }
    let partner = NewPartner { slug: "umbrella".to_owned(), name: "Umbrella".to_owned(), duplicates: None };
    assert_eq!(code(registrar.add_partner(&user(stage.acme), partner.clone()).await), "FORBIDDEN");
    assert_eq!(code(registrar.add_partner(&operator(), partner.clone()).await), "OK");
    assert_eq!(code(registrar.add_partner(&operator(), partner).await), "NAME_TAKEN");
}

#[tokio::test]
async fn an_agreement_needs_two_known_partners() {
    let stage = Stage::new().await;
    let registrar = registrar(&stage);
    let new = |sender: &str, receiver: &str| NewAgreement {
        sender: sender.to_owned(),
        receiver: receiver.to_owned(),
        media_types: vec![],
        max_size: None,
    };
    assert_eq!(code(registrar.add_agreement(&operator(), new("globex", "acme")).await), "OK");
    assert_eq!(code(registrar.add_agreement(&operator(), new("globex", "acme")).await), "NAME_TAKEN");
    assert_eq!(code(registrar.add_agreement(&operator(), new("globex", "globex")).await), "INVALID_AGREEMENT");
    assert_eq!(code(registrar.add_agreement(&operator(), new("globex", "nobody")).await), "PARTNER_NOT_FOUND");
}

#[tokio::test]
async fn destinations_name_known_secrets_and_callable_urls() {
    let stage = Stage::new().await;
    let registrar = registrar(&stage);
    let (alice, owner) = (user(stage.globex), Owner::Partner(stage.globex));
    let new = |name: &str, endpoint| NewDestination {
        partner: stage.globex,
        name: name.to_owned(),
        endpoint,
        ordered: false,
        settings: DestinationSettings::default(),
    };
    let http = |url: &str, secret: Option<&str>| Endpoint::Http {
        url: url.to_owned(),
        signing_secret: secret.map(str::to_owned),
        bearer_secret: None,
        options: HttpOptions::default(),
    };
    let signed = || new("erp", http("https://globex.example/in", Some("hook")));
    assert_eq!(code(registrar.add_destination(&alice, signed()).await), "SECRET_NOT_FOUND");
    let set = async |value: &str| {
        let value = SecretBytes::new(value.as_bytes().to_vec());
        code(registrar.set_secret(&alice, owner, "hook", value, std::time::Duration::ZERO).await)
    };
    assert_eq!(set("password").await, "OK", "not every secret is a key");
    assert_eq!(code(registrar.add_destination(&alice, signed()).await), "INVALID_SECRET", "this one should be");
    assert_eq!(set("whsec_x").await, "OK");
    assert_eq!(set("").await, "INVALID_SECRET");
    assert_eq!(set("whsec_!").await, "INVALID_SECRET", "a key that is none replaces no good one");
    assert_eq!(code(registrar.add_destination(&user(stage.acme), signed()).await), "PARTNER_NOT_FOUND");
    assert_eq!(code(registrar.add_destination(&alice, signed()).await), "OK");
    assert_eq!(code(registrar.add_destination(&alice, signed()).await), "NAME_TAKEN");
    assert_eq!(code(registrar.add_destination(&alice, new("ftp", http("ftp://x/", None))).await), "INVALID_URL");
    let own_bucket = Endpoint::S3 {
        bucket: "in".to_owned(),
        prefix: String::new(),
        endpoint: None,
        credentials_secret: None,
        options: lockgate_core::destination::S3Options::default(),
    };
    assert_eq!(code(registrar.add_destination(&alice, new("s3", own_bucket)).await), "INVALID_ENDPOINT");
    // The installation's own brokers are the operator's to give.
    let topic =
        || new("topic", Endpoint::Kafka { topic: "in".to_owned(), brokers: None, options: KafkaOptions::default() });
    assert_eq!(code(registrar.add_destination(&alice, topic()).await), "FORBIDDEN");
    assert_eq!(code(registrar.add_destination(&operator(), topic()).await), "OK");
}

#[tokio::test]
async fn kafka_and_tus_take_what_belongs_together_and_secrets_that_exist() {
    let stage = Stage::new().await;
    let registrar = registrar(&stage);
    let (alice, owner) = (user(stage.globex), Owner::Partner(stage.globex));
    let value = SecretBytes::new(b"hunter2".to_vec());
    registrar.set_secret(&alice, owner, "password", value, std::time::Duration::ZERO).await.expect("it is ours");
    let new = |name: &str, endpoint| NewDestination {
        partner: stage.globex,
        name: name.to_owned(),
        endpoint,
        ordered: false,
        settings: DestinationSettings::default(),
    };
    let kafka = |brokers: Option<&str>, user: &str, secret: &str| {
        let (user, password_secret) = (user.to_owned(), secret.to_owned());
        let sasl = Some(KafkaSasl { mechanism: KafkaMechanism::ScramSha512, user, password_secret });
        let options = KafkaOptions { sasl, ..KafkaOptions::default() };
        Endpoint::Kafka { topic: "in".to_owned(), brokers: brokers.map(str::to_owned), options }
    };
    let theirs = Some("kafka.globex.example:9093");
    assert_eq!(code(registrar.add_destination(&alice, new("a", kafka(theirs, "gate", "password"))).await), "OK");
    assert_eq!(
        code(registrar.add_destination(&alice, new("b", kafka(theirs, "gate", "nothing"))).await),
        "SECRET_NOT_FOUND"
    );
    assert_eq!(
        code(registrar.add_destination(&alice, new("c", kafka(theirs, "", "password"))).await),
        "INVALID_ENDPOINT"
    );
    // A login of one's own never goes to the installation's brokers.
    assert_eq!(
        code(registrar.add_destination(&operator(), new("d", kafka(None, "gate", "password"))).await),
        "INVALID_ENDPOINT"
    );

    let tus = |form, name: &str| {
        let metadata = [(name.to_owned(), "{sender}".to_owned())].into();
        let options = HttpOptions { form, tus: Some(HttpTus { metadata }), ..HttpOptions::default() };
        let url = "https://globex.example/files".to_owned();
        Endpoint::Http { url, signing_secret: None, bearer_secret: None, options }
    };
    assert_eq!(code(registrar.add_destination(&alice, new("e", tus(HttpForm::Raw, "to"))).await), "OK");
    for (form, name) in [(HttpForm::Multipart, "to"), (HttpForm::Raw, "filename"), (HttpForm::Raw, "a b")] {
        assert_eq!(code(registrar.add_destination(&alice, new("f", tus(form, name))).await), "INVALID_ENDPOINT");
    }
}

#[tokio::test]
async fn what_is_no_component_is_not_published() {
    let stage = Stage::new().await;
    let registrar = over(&stage);
    let plugin = NewPlugin { owner: Owner::House, component: "not wasm".into() };
    assert_eq!(code(registrar.publish_plugin(&operator(), plugin).await), "PLUGIN_NOT_A_COMPONENT");
}
