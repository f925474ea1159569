//! A proxy for `CONNECT`: it leads the clouds' host names to the simulated services, and nothing to anywhere else.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::clouds::Host;
use crate::log::LogEntry;
use crate::server::{Server, log_time};

/// The longest head of a request.
const LONGEST_HEAD: usize = 16 << 10;

/// Answers a connection to the proxy; after a good `CONNECT` it is a connection to the services.
pub(crate) async fn connection(server: Server, mut stream: TcpStream) {
    let begin = Instant::now();
    let socket = server.next_socket();
    let reading = tokio::time::timeout(Duration::from_secs(10), read_head(&mut stream)).await;
    let Ok(Ok(head)) = reading else {
        return;
    };
    let mut words = head.lines().next().unwrap_or("").split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let status = if method != "CONNECT" {
        405
    } else if target.strip_suffix(":443").and_then(Host::named).is_none() {
        502
    } else {
        200
    };
    server.state.log.push(LogEntry {
        time: log_time(),
        method: method.chars().take(20).collect(),
        path: target.chars().take(300).collect(),
        host: target.chars().take(300).collect(),
        status,
        http_version: "1.1".to_owned(),
        socket,
        duration_ms: (begin.elapsed().as_secs_f64() * 1e5).round() / 100.0,
        ..LogEntry::default()
    });
    let answer = match status {
        200 => "HTTP/1.1 200 Connection established\r\n\r\n",
        405 => "HTTP/1.1 405 Method Not Allowed\r\nallow: CONNECT\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        _ => "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    };
    // A client that has gone needs no answer.
    if stream.write_all(answer.as_bytes()).await.is_ok() && status == 200 {
        server.secure(stream).await;
    }
}

/// Reads up to the empty line. What comes after it is the tunnel's, so no byte more may be taken.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        // What is peeked at stays in the socket; only the head's own bytes are taken out.
        let count = stream.peek(&mut buffer).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let before = head.len();
        head.extend_from_slice(&buffer[..count]);
        let end = head.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        let taken = end.unwrap_or(head.len()) - before;
        stream.read_exact(&mut buffer[..taken]).await?;
        head.truncate(before + taken);
        if end.is_some() {
            return Ok(String::from_utf8_lossy(&head).into_owned());
        }
        if head.len() > LONGEST_HEAD {
            return Err(io::Error::other("the head is too long"));
        }
    }
}
