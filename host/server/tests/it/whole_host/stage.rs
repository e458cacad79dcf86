//! The stage: services of its own, two hosts as processes, and an inbox that counts.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use lockgate_devservices::{Options, Services};
use lockgate_testkit::waiting::until;
use serde_json::{Value, json};

use super::follower::Follower;
use super::inbox::Inbox;
use crate::program::Program;

struct Host {
    child: Child,
    api: String,
    admin: String,
}

pub(super) struct Stage {
    program: Program,
    hosts: Vec<Host>,
    pub(super) inbox: Inbox,
    operator: String,
    sender: String,
    // Last, so that the services end after the hosts.
    pub(super) services: Services,
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Stage {
    pub(super) async fn set() -> Self {
        Self::set_with(&[]).await
    }

    /// The same with further settings.
    pub(super) async fn set_with(settings: &[(&str, &str)]) -> Self {
        let services = Services::start(Options::for_tests()).await.expect("local services start");
        let endpoints = services.endpoints().clone();
        let s3 = endpoints.s3.expect("S3 was started");
        let program = Program::new()
            .with("LOCKGATE_ENVIRONMENT", "development")
            .with("LOCKGATE_IDENTITY__MODE", "development")
            .with("LOCKGATE_SECRETS__KEY", "cd".repeat(32))
            .with("LOCKGATE_KAFKA__BROKERS", endpoints.kafka_brokers.expect("Kafka was started"))
            .with("LOCKGATE_DATABASE__URL", endpoints.postgres_url.expect("Postgres was started"))
            .with("LOCKGATE_S3__ENDPOINT", s3.endpoint)
            .with("LOCKGATE_S3__ACCESS_KEY", s3.access_key)
            .with("LOCKGATE_S3__SECRET_KEY", s3.secret_key)
            .with("LOCKGATE_CONNECTORS__ALLOW_PRIVATE_ADDRESSES", "true")
            .with("LOCKGATE_LIMITS__REQUESTS_PER_MINUTE", "1000000")
            .with("LOCKGATE_WORKERS__ALIVE_MS", "4000")
            .with("LOCKGATE_WORKERS__OVERDUE_MS", "4000");
        let program = settings.iter().fold(program, |program, (name, value)| program.with(name, *value));
        program.printed(&["migrate"]);
        let hosts = vec![start(&program), start(&program)];
        let operator = program.printed(&["token", "--role", "operator"]);
        let inbox = Inbox::open().await;
        Self { program, hosts, inbox, operator, sender: String::new(), services }
    }

    pub(super) async fn ready(&mut self, index: usize) {
        let host = &mut self.hosts[index];
        until(&format!("host {index} is ready"), async || {
            assert!(host.child.try_wait().expect("a child can be asked").is_none(), "host {index} ended");
            match ask(Method::GET, &format!("{}/readyz", host.admin), "", &[], Bytes::new()).await {
                Some((status, _)) if status.is_success() => Ok(()),
                other => Err(other),
            }
        })
        .await;
    }

    /// What a host says of its services.
    pub(super) async fn readiness(&self, index: usize) -> String {
        self.administered(index, "readyz").await
    }

    /// What a host counted, as Prometheus reads it.
    pub(super) async fn metrics(&self, index: usize) -> String {
        self.administered(index, "metrics").await
    }

    async fn administered(&self, index: usize, path: &str) -> String {
        let url = format!("{}/{path}", self.hosts[index].admin);
        let (_, answer) = ask(Method::GET, &url, "", &[], Bytes::new()).await.expect("the admin port answers");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Makes two partners, their agreement, and the receiver's destination.
    pub(super) async fn introduce(&mut self, sender: &str, receiver: &str) {
        self.introduce_to(sender, receiver, json!({})).await;
    }

    /// The same with a destination that has further fields.
    pub(super) async fn introduce_to(&mut self, sender: &str, receiver: &str, fields: Value) {
        for slug in [sender, receiver] {
            let create = "mutation($input: CreatePartnerInput!) { createPartner(input: $input) { partner { id } } }";
            self.graphql(create, json!({ "input": { "slug": slug, "name": slug } })).await;
        }
        let agree = "mutation($input: CreateAgreementInput!) { createAgreement(input: $input) { agreement { id } } }";
        self.graphql(agree, json!({ "input": { "sender": sender, "receiver": receiver } })).await;
        let add =
            "mutation($input: CreateDestinationInput!) { createDestination(input: $input) { destination { id } } }";
        let endpoint = json!({ "http": { "url": self.inbox.url() } });
        let mut input = json!({ "partner": receiver, "name": "inbox", "endpoint": endpoint });
        for (name, value) in fields.as_object().expect("fields") {
            input[name] = value.clone();
        }
        self.graphql(add, json!({ "input": input })).await;
        self.sender = self.program.printed(&["token", "--role", "partner", "--partner", sender]);
    }

    /// Whose files are sent from now on.
    pub(super) fn sends_as(&mut self, partner: &str) {
        self.sender = self.program.printed(&["token", "--role", "partner", "--partner", partner]);
    }

    /// Follows a subscription on a host, as a user of that partner.
    pub(super) async fn follow(&self, host: usize, partner: &str, query: &str) -> Follower {
        if partner == "umbrella" {
            let create = "mutation($input: CreatePartnerInput!) { createPartner(input: $input) { partner { id } } }";
            self.graphql(create, json!({ "input": { "slug": partner, "name": partner } })).await;
        }
        let token = self.program.printed(&["token", "--role", "partner", "--partner", partner]);
        Follower::subscribe(&self.hosts[host].api, &token, query).await
    }

    /// Makes another receiver for that sender, with a destination there.
    pub(super) async fn receives(&self, sender: &str, slug: &str, url: &str) {
        self.agrees(sender, slug).await;
        self.receives_at(slug, json!({ "http": { "url": url } })).await;
    }

    /// Makes another receiver for that sender.
    pub(super) async fn agrees(&self, sender: &str, slug: &str) {
        let create = "mutation($input: CreatePartnerInput!) { createPartner(input: $input) { partner { id } } }";
        self.graphql(create, json!({ "input": { "slug": slug, "name": slug } })).await;
        let agree = "mutation($input: CreateAgreementInput!) { createAgreement(input: $input) { agreement { id } } }";
        self.graphql(agree, json!({ "input": { "sender": sender, "receiver": slug } })).await;
    }

    /// Gives a partner a destination, which is tried again after a second.
    pub(super) async fn receives_at(&self, slug: &str, endpoint: Value) {
        let add =
            "mutation($input: CreateDestinationInput!) { createDestination(input: $input) { destination { id } } }";
        let settings = json!({ "retriesSeconds": [1, 1, 1, 1] });
        let input = json!({ "partner": slug, "name": "inbox", "endpoint": endpoint, "settings": settings });
        self.graphql(add, json!({ "input": input })).await;
    }

    /// Gives a partner a secret.
    pub(super) async fn keeps(&self, owner: &str, name: &str, value: &str) {
        let put = "mutation($input: PutSecretInput!) { putSecret(input: $input) { name } }";
        self.graphql(put, json!({ "input": { "owner": owner, "name": name, "value": value } })).await;
    }

    /// A token of a partner's user.
    pub(super) fn token(&self, partner: &str) -> String {
        self.program.printed(&["token", "--role", "partner", "--partner", partner])
    }

    /// The headers of the first host's answer to a request without a body.
    pub(super) async fn headers(&self, method: Method, path: &str, token: &str, given: &[(&str, &str)]) -> HeaderMap {
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.hosts[0].api));
        request = request.header("authorization", format!("Bearer {token}"));
        for (name, value) in given {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::default()).expect("a valid request");
        let answer = client.request(request).await.expect("the host answers");
        assert!(answer.status().is_success(), "{answer:?}");
        answer.headers().clone()
    }

    /// Where a host's API is.
    pub(super) fn api(&self, host: usize) -> String {
        self.hosts[host].api.clone()
    }

    /// Starts a host in the place of a killed one.
    pub(super) fn start(&mut self, index: usize) {
        self.hosts[index] = start(&self.program);
    }

    pub(super) async fn send(&self, host: usize, name: &str, content: String) -> String {
        self.send_to(host, "globex", name, content).await
    }

    pub(super) async fn send_to(&self, host: usize, to: &str, name: &str, content: String) -> String {
        let url = format!("{}/transfers?to={to}&filename={name}", self.hosts[host].api);
        let headers = [("content-type", "text/csv"), ("idempotency-key", name)];
        let (status, answer) =
            ask(Method::POST, &url, &self.sender, &headers, content.into()).await.expect("the host answers");
        assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&answer));
        let answer: Value = serde_json::from_slice(&answer).expect("the answer is JSON");
        answer["transfer"].as_str().expect("a transfer has an id").to_owned()
    }

    /// Waits until a transfer is finished, and for nothing else.
    pub(super) async fn finished(&self, id: &str) {
        let rests = format!("{id} comes to rest");
        let state = until(&rests, async || {
            let answer = self.graphql("query($id: ID!) { transfer(id: $id) { state } }", json!({ "id": id })).await;
            let state = answer["transfer"]["state"].as_str().expect("it exists").to_owned();
            if ["FINISHED", "REJECTED", "HELD"].contains(&state.as_str()) { Ok(state) } else { Err(state) }
        });
        assert_eq!(state.await, "FINISHED", "{id}\n{}", self.show(id));
    }

    /// What `lockgate transfer show` prints.
    pub(super) fn show(&self, id: &str) -> String {
        self.program.printed(&["transfer", "show", id, "--url", &self.hosts[0].api])
    }

    /// Publishes a plugin that `cargo xtask guests` builds; gives its digest.
    pub(super) async fn plugin(&self, name: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../target/guests/{name}.wasm"));
        let component = std::fs::read(&path);
        let component = component
            .unwrap_or_else(|error| panic!("{} cannot be read ({error}): run `cargo xtask guests`", path.display()));
        let url = format!("{}/plugins?owner=house", self.hosts[0].api);
        let headers = [("content-type", "application/wasm")];
        let (_, answer) =
            ask(Method::POST, &url, &self.operator, &headers, component.into()).await.expect("the host answers");
        let answer: Value = serde_json::from_slice(&answer).expect("the answer is JSON");
        answer["digest"].as_str().unwrap_or_else(|| panic!("no digest: {answer}")).to_owned()
    }

    /// Asks until the answer is as wanted.
    pub(super) async fn until(
        &self,
        what: &str,
        query: &str,
        variables: Value,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        until(what, async || {
            let answer = self.graphql(query, variables.clone()).await;
            if wanted(&answer) { Ok(answer) } else { Err(answer) }
        })
        .await
    }

    /// Ends a host as a power cut would.
    pub(super) fn kill(&mut self, index: usize) {
        let child = &mut self.hosts[index].child;
        child.kill().expect("it lives");
        child.wait().expect("it is ours");
    }

    /// Asks the first host to stop and waits for its end.
    pub(super) async fn stop(&mut self) -> ExitStatus {
        let child = &mut self.hosts[0].child;
        let id = child.id().to_string();
        std::process::Command::new("kill").args(["-TERM", &id]).status().expect("kill exists");
        until("the host ends", async || child.try_wait().expect("a child can be asked").ok_or("it runs")).await
    }

    pub(super) async fn graphql(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let url = format!("{}/graphql", self.hosts[0].api);
        let headers = [("content-type", "application/json")];
        let (_, answer) =
            ask(Method::POST, &url, &self.operator, &headers, body.into()).await.expect("the host answers");
        let mut answer: Value = serde_json::from_slice(&answer).expect("the answer is JSON");
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].take()
    }
}

fn start(program: &Program) -> Host {
    let free = || TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port is free");
    let (api, admin) = (free(), free());
    let child = program
        .command(&["serve"])
        .env("LOCKGATE_HTTP__LISTEN", api.to_string())
        .env("LOCKGATE_ADMIN__LISTEN", admin.to_string())
        .stdin(Stdio::null())
        .spawn()
        .expect("the binary can be started");
    Host { child, api: format!("http://{api}"), admin: format!("http://{admin}") }
}

async fn ask(
    method: Method,
    url: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Option<(StatusCode, Bytes)> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut request = Request::builder().method(method).uri(url).header("authorization", format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = client.request(request.body(Full::new(body)).expect("a valid request")).await.ok()?;
    let status = answer.status();
    Some((status, answer.into_body().collect().await.ok()?.to_bytes()))
}
