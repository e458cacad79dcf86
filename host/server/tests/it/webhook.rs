//! `lockgate webhook`: keys that work, and a listener that tells a right signature from a wrong one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};

use lockgate_connectors::webhook::{Secret, VerifyingKey, sign};
use lockgate_testkit::waiting::until_so;
use rstest::rstest;
use serde_json::Value;
use time::OffsetDateTime;

use crate::program::{Program, unread};

/// The listener as a child; it ends with the test.
struct Listening {
    child: Child,
    at: SocketAddr,
    printed: BufReader<std::process::ChildStdout>,
}

impl Listening {
    fn start(program: &Program, arguments: &[&str]) -> Self {
        Self::printing(program, &[&["--json"], arguments].concat())
    }

    fn printing(program: &Program, arguments: &[&str]) -> Self {
        let mut command = program.command(&[&["webhook", "listen"], arguments].concat());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary can be started");
        let mut told = String::new();
        let errors = child.stderr.take().expect("its errors are piped");
        BufReader::new(errors).read_line(&mut told).expect("it tells where it listens");
        let at = told.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("it names its address");
        let printed = BufReader::new(child.stdout.take().expect("its output is piped"));
        Self { at: at.parse().expect("an address"), child, printed }
    }

    /// Sends one message; gives the status and what was printed.
    fn send(&mut self, headers: &[(&str, String)], body: &str) -> (u16, Value) {
        let (status, line) = self.send_for_line(headers, body);
        (status, serde_json::from_str(&line).expect("a JSON line"))
    }

    /// Sends one message; gives the status and the first line that was printed.
    fn send_for_line(&mut self, headers: &[(&str, String)], body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.at).expect("it listens");
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        write!(
            stream,
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        )
        .expect("it takes the request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
        let mut line = String::new();
        self.printed.read_line(&mut line).expect("it prints the message");
        (status, line)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[rstest]
#[case::shared(&["webhook", "key"])]
#[case::pair(&["webhook", "key", "--pair"])]
fn a_listener_takes_what_is_signed_with_a_new_key_and_refuses_the_rest(#[case] making: &[&str]) {
    let program = Program::new();
    let keys = program.printed(making);
    let (private, verifying) = (keys.lines().next().expect("a key"), keys.lines().last().expect("a key"));
    VerifyingKey::parse(verifying).expect("the last line verifies");
    let program = program.with_file("key", verifying);
    let mut listening = Listening::start(&program, &["--key-file", "key", "--answer", "202"]);
    let body = r#"{"type":"transfer.received","data":{}}"#;
    let secrets = [Secret::parse(private).expect("the first line signs")];
    let headers = sign(&secrets, "ntf_1_0", OffsetDateTime::now_utc(), body.as_bytes());
    let (status, printed) = listening.send(&headers, body);
    assert_eq!(
        (status, &printed["verified"], &printed["message"]["type"]),
        (202, &true.into(), &"transfer.received".into())
    );
    let (status, printed) = listening.send(&headers, r#"{"type":"transfer.rejected"}"#);
    assert_eq!((status, &printed["verified"]), (401, &false.into()), "another body under the same signature");
}

/// An escape that clears the screen, the one-byte form of its beginning, a line of its own, writing turned around.
const STEERING: &str = r#"{"type":"\u001b[2Jtransfer.received\nok\u009b2J\u202e","data":{"text":"\u009b2J"}}"#;

#[rstest]
#[case::for_people(&[])]
#[case::for_programs(&["--json"])]
fn what_arrives_steers_no_terminal(#[case] arguments: &[&str]) {
    let program = Program::new();
    let key = ["--key", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
    let mut listening = Listening::printing(&program, &[&key, arguments].concat());
    // Whoever sends it needs no key: what is refused is shown too.
    let (status, line) = listening.send_for_line(&[], STEERING);
    assert_eq!(status, 401);
    assert!(line.contains("transfer.received\\nok"), "one line for the event: {line:?}");
    assert!(line.contains("u001b[2J") && line.contains("u009b2J") && line.contains("u202e"), "{line:?}");
    let steers = |char: char| (char.is_control() && char != '\n') || char == '\u{202e}';
    assert!(!line.contains(steers), "{line:?}");
    if !arguments.is_empty() {
        let printed: Value = serde_json::from_str(&line).expect("it is JSON still");
        let sent: Value = serde_json::from_str(STEERING).expect("JSON");
        assert_eq!(printed["message"], sent);
    }
}

#[tokio::test]
async fn it_takes_messages_also_where_nobody_reads_what_it_tells() {
    let program = Program::new();
    // Free a moment ago: where it listens, it tells only those who read.
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr()).expect("a free port");
    let mut command = program.command(&["webhook", "listen", "--json", "--port", &free.port().to_string()]);
    let mut child = command.stdout(Stdio::piped()).stderr(unread()).spawn().expect("the binary can be started");
    let printed = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut listening = Listening { child, at: free, printed };
    until_so("listening", async || {
        assert_eq!(listening.child.try_wait().expect("it can be asked"), None, "it ended");
        TcpStream::connect(free).is_ok()
    })
    .await;
    let (status, printed) = listening.send(&[], "{}");
    assert_eq!((status, &printed["verified"]), (204, &Value::Null));
}

#[test]
fn a_key_that_is_none_is_explained() {
    let complaint = Program::new().complaint(&["webhook", "listen", "--key", "secret"]);
    assert!(complaint.contains("whsec_") && complaint.contains("whpk_"), "{complaint}");
}
