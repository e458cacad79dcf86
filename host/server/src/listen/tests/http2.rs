//! HTTP/2 clients that abuse what the protocol allows, with frames written by hand.

use super::*;

const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
/// Ends the headers, and the request with them.
const WHOLE: u8 = 0x5;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// `GET {path}`, from HPACK's static table but for the path and the authority.
fn get_request(stream: u32, path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).expect("a short path")];
    block.extend(path.as_bytes());
    block.extend([0x41, 4]);
    block.extend(b"test");
    frame(HEADERS, WHOLE, stream, &block)
}

fn reset(stream: u32) -> Vec<u8> {
    frame(RESET, 0, stream, &8_u32.to_be_bytes())
}

async fn greet(stage: &Stage) -> TcpStream {
    greet_with(stage, &[]).await
}

async fn greet_with(stage: &Stage, settings: &[u8]) -> TcpStream {
    let mut stream = stage.connect().await;
    let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    hello.extend(frame(SETTINGS, 0, 0, settings));
    stream.write_all(&hello).await.expect("it is taken");
    stream
}

/// The next frame's kind and payload, or nothing if the connection is over.
async fn next(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], payload))
}

/// The frames until the connection ends.
async fn rest(stream: &mut TcpStream) -> Vec<(u8, Vec<u8>)> {
    let mut frames = vec![];
    while let Some(frame) = next(stream).await {
        frames.push(frame);
    }
    frames
}

#[tokio::test]
async fn a_request_is_answered() {
    let stage = Stage::set(bounds(), None).await;
    let mut stream = greet(&stage).await;
    stream.write_all(&get_request(1, "/")).await.expect("it is taken");
    while let Some((kind, payload)) = next(&mut stream).await {
        if kind == 0 {
            assert_eq!(payload, b"served");
            return;
        }
    }
    panic!("the connection ended without an answer");
}

#[tokio::test]
async fn rapid_resets_end_the_connection_and_leave_others_served() {
    let stage = Stage::set(bounds(), None).await;
    let mut stream = greet(&stage).await;
    let flood: Vec<u8> = (0..20_000).flat_map(|i| [get_request(2 * i + 1, "/"), reset(2 * i + 1)].concat()).collect();
    let (mut reading, mut writing) = stream.split();
    // The connection ends while this is written; what cannot be written any more is the success.
    let (written, said) = tokio::join!(writing.write_all(&flood), async {
        let mut bytes = vec![];
        let _ = reading.read_to_end(&mut bytes).await;
        bytes
    });
    let too_calm = [GOAWAY, 0, 0, 0, 0, 0];
    let told = said.windows(too_calm.len()).any(|window| window == too_calm);
    assert!(told || written.is_err(), "neither told to go away nor cut off");
    stage.is_served().await;
}

#[tokio::test]
async fn requests_that_are_taken_back_one_by_one_end_the_connection_too() {
    let stage = Stage::set(Bounds { resets: 30, ..bounds() }, None).await;
    let mut stream = greet(&stage).await;
    let mut cut_after = None;
    for number in 0..200_u32 {
        let id = 2 * number + 1;
        if stream.write_all(&get_request(id, "/wait")).await.is_err() {
            cut_after = Some(number);
            break;
        }
        // The handler runs already, so the protocol's own limit on resets does not count it.
        let begun = tokio::select! {
            () = stage.began.notified() => true,
            frames = rest(&mut stream) => { drop(frames); false }
        };
        if !begun || stream.write_all(&reset(id)).await.is_err() {
            cut_after = Some(number);
            break;
        }
    }
    assert!(cut_after.is_some_and(|number| (30..60).contains(&number)), "{cut_after:?}");
    stage.is_served().await;
}

#[rstest::rstest]
#[case::of_a_long_answer("/endless")]
#[case::of_a_short_answer("/")]
#[tokio::test]
async fn a_client_that_grants_no_window_is_cut_off(#[case] path: &str) {
    let stage = Stage::set(Bounds { write_timeout: Duration::from_millis(200), ..bounds() }, None).await;
    // SETTINGS_INITIAL_WINDOW_SIZE is nothing, and no WINDOW_UPDATE ever comes.
    let mut stream = greet_with(&stage, &[0, 4, 0, 0, 0, 0]).await;
    stream.write_all(&get_request(1, path)).await.expect("it is taken");
    let frames = rest(&mut stream).await;
    assert!(frames.iter().any(|(kind, _)| *kind == HEADERS), "it was answered");
    assert!(frames.iter().all(|(kind, _)| *kind != 0), "and nothing of the answer was sent");
    stage.is_served().await;
}

#[tokio::test]
async fn a_client_that_takes_one_answer_and_not_another_is_cut_off() {
    let stage = Stage::set(Bounds { write_timeout: Duration::from_millis(200), ..bounds() }, None).await;
    let mut stream = greet(&stage).await;
    stream.write_all(&[get_request(1, "/endless"), get_request(3, "/endless")].concat()).await.expect("it is taken");
    let more = 10_000_u32.to_be_bytes();
    let grant = [frame(WINDOW_UPDATE, 0, 0, &more), frame(WINDOW_UPDATE, 0, 1, &more)].concat();
    // Whatever comes of the first is taken, and room is made for more of it; for the other, never.
    while let Some((kind, _)) = next(&mut stream).await {
        if kind == 0 && stream.write_all(&grant).await.is_err() {
            break;
        }
    }
    stage.is_served().await;
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused() {
    let stage = Stage::set(Bounds { streams: 4, ..bounds() }, None).await;
    let mut stream = greet(&stage).await;
    // Its settings say how many, before the client may ask.
    let mut told = None;
    while told.is_none() {
        let (kind, payload) = next(&mut stream).await.expect("settings come first");
        if kind == SETTINGS {
            told = payload.chunks(6).find(|it| it[..2] == [0, 3]).map(|it| it[5]);
        }
    }
    assert_eq!(told, Some(4));
    let asked: Vec<u8> = (0..40).flat_map(|i| get_request(2 * i + 1, "/wait")).collect();
    stream.write_all(&asked).await.expect("it is taken");
    while let Some((kind, payload)) = next(&mut stream).await {
        if kind == RESET {
            assert_eq!(payload, 7_u32.to_be_bytes(), "REFUSED_STREAM");
            return;
        }
    }
    panic!("no stream was refused");
}

#[tokio::test]
async fn an_endless_header_section_ends_the_connection() {
    let stage = Stage::set(bounds(), None).await;
    let mut stream = greet(&stage).await;
    // Fields that are never indexed, in CONTINUATION frames without an end.
    let mut field = vec![0x10, 1, b'x', 0x7f, 0x81, 0x7e];
    field.extend(vec![b'y'; 0x7f + 0x3f01]);
    let mut flood = frame(HEADERS, 0x1, 1, &[0x82, 0x86, 0x84]);
    for _ in 0..2_000 {
        flood.extend(frame(9, 0, 1, &field[..16_000]));
    }
    let (mut reading, mut writing) = stream.split();
    let (written, _) = tokio::join!(writing.write_all(&flood), async {
        let mut bytes = vec![];
        let _ = reading.read_to_end(&mut bytes).await;
    });
    assert!(written.is_err(), "all 32 MB of headers were taken");
    stage.is_served().await;
}
