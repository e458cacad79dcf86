//! A receiver that no HTTP library would be: it answers when it likes, reads as slowly as it likes, and holds on to
//! connections.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;

/// What follows the head of a request.
pub(crate) enum Then {
    /// This answer at once; the body is left where it is, and the connection held.
    Early(String),
    /// This answer after the body, of which so many bytes are read at each tick.
    Slowly { answer: String, bytes: usize, tick: Duration },
}

type Manner = fn(&str) -> Then;

/// A running receiver; ends with the runtime of its test.
pub(crate) struct Raw {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    held: Arc<Mutex<Vec<TcpStream>>>,
    begun: Arc<Notify>,
}

impl Raw {
    pub(crate) async fn start(manner: Manner) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Little is taken that was not asked for.
        socket.set_recv_buffer_size(32 * 1024).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(16).unwrap();
        let address = listener.local_addr().unwrap();
        let raw = Self { address, heads: Arc::default(), held: Arc::default(), begun: Arc::default() };
        let (heads, held, begun) = (Arc::clone(&raw.heads), Arc::clone(&raw.held), Arc::clone(&raw.begun));
        tokio::spawn(accept(listener, manner, heads, held, begun));
        raw
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/inbox", self.address)
    }

    /// Ends once the head of a request came.
    pub(crate) async fn begun(&self) {
        self.begun.notified().await;
    }

    /// The first lines of the requests so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap();
        heads.iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }

    /// Whether it holds a connection by now.
    pub(crate) fn holds(&self) -> bool {
        !self.held.lock().unwrap().is_empty()
    }

    /// How many bytes still come on the connections that were held, until they end. They have to.
    pub(crate) async fn rest(&self) -> usize {
        let held = std::mem::take(&mut *self.held.lock().unwrap());
        assert!(!held.is_empty(), "no request was answered early");
        let mut rest = 0;
        for mut stream in held {
            let mut buffer = vec![0; 64 * 1024];
            let reading = async {
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    rest += read;
                }
            };
            tokio::time::timeout(Duration::from_secs(15), reading).await.expect("the connection is still open");
        }
        rest
    }
}

async fn accept(
    listener: TcpListener,
    manner: Manner,
    heads: Arc<Mutex<Vec<String>>>,
    held: Arc<Mutex<Vec<TcpStream>>>,
    begun: Arc<Notify>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (heads, held, begun) = (Arc::clone(&heads), Arc::clone(&held), Arc::clone(&begun));
        tokio::spawn(async move {
            if let Ok(Some(stream)) = serve(stream, manner, &heads, &begun).await {
                held.lock().unwrap().push(stream);
            }
        });
    }
}

/// Gives the connection back if it is to be held.
async fn serve(
    mut stream: TcpStream,
    manner: Manner,
    heads: &Mutex<Vec<String>>,
    begun: &Notify,
) -> std::io::Result<Option<TcpStream>> {
    loop {
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        heads.lock().unwrap().push(head.clone());
        begun.notify_one();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut left: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        match manner(&head) {
            Then::Early(answer) if left > 0 => {
                stream.write_all(answer.as_bytes()).await?;
                return Ok(Some(stream));
            }
            Then::Early(answer) => stream.write_all(answer.as_bytes()).await?,
            Then::Slowly { answer, bytes, tick } => {
                let mut ticks = tokio::time::interval(tick);
                while left > 0 {
                    ticks.tick().await;
                    let mut some = vec![0; bytes.min(left)];
                    stream.read_exact(&mut some).await?;
                    left -= some.len();
                }
                stream.write_all(answer.as_bytes()).await?;
            }
        }
    }
}
