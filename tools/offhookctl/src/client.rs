//! HTTP over the local socket, one request each.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};

/// Longest answer, bytes.
const LONGEST: u64 = 64 * 1024 * 1024;
/// Longest wait for the box.
const PATIENCE: Duration = Duration::from_secs(30);

/// Speaks to a box.
pub(crate) struct Client {
    socket: PathBuf,
}

impl Client {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Client { socket }
    }

    /// The body of the answer to a GET.
    pub(crate) fn get(&self, path: &str) -> anyhow::Result<String> {
        let at = self.socket.display();
        let mut stream = UnixStream::connect(&self.socket)
            .with_context(|| format!("no box answers at {at} (is offhookd running with this --data?)"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        // HTTP/1.0: the answer comes in one piece and ends with the connection.
        let request = format!("GET /api/v1{path} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer).context("the box does not answer")?;
        body(&answer)
    }
}

fn body(answer: &[u8]) -> anyhow::Result<String> {
    let text = std::str::from_utf8(answer).context("the answer is not text")?;
    let (head, body) = text.split_once("\r\n\r\n").context("the answer is not HTTP")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status == "200" {
        return Ok(body.to_owned());
    }
    let problem: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let title = problem.get("title").and_then(|title| title.as_str());
    bail!("{} ({status})", title.unwrap_or("the box refused"))
}

/// A value in a path or query (RFC 3986 §2.1).
pub(crate) fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn asks_and_reads() {
        let path = std::env::temp_dir().join(format!("offhookctl-{}.sock", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("bound");
        let server = std::thread::spawn(move || {
            let mut seen = Vec::new();
            for answer in [
                "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}",
                "HTTP/1.0 404 Not Found\r\n\r\n{\"title\":\"There is no such thing.\"}",
            ] {
                let (mut stream, _) = listener.accept().expect("accepted");
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).expect("read");
                    request.extend(byte);
                }
                seen.push(String::from_utf8(request).expect("text"));
                stream.write_all(answer.as_bytes()).expect("written");
            }
            seen
        });
        let client = Client::new(path.clone());
        assert_eq!(client.get("/status").expect("answered"), "{}");
        let error = client.get("/calls/x").expect_err("refused");
        assert_eq!(error.to_string(), "There is no such thing. (404)");
        assert!(server.join().expect("ended")[0].starts_with("GET /api/v1/status HTTP/1.0\r\n"));
        std::fs::remove_file(&path).expect("removed");
        assert!(client.get("/status").expect_err("nobody").to_string().contains("no box answers"));
    }

    #[test]
    fn escapes() {
        assert_eq!(escape("+33 1&é"), "%2B33%201%26%C3%A9");
    }
}
