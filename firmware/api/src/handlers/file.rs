//! A file as an answer, with ranges (RFC 9110 §14) so that a player can seek.

use std::io::SeekFrom;
use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// Bytes read at once.
const CHUNK: u64 = 64 * 1024;

/// The file, or the part of it asked for; `None` when it cannot be opened.
pub(crate) async fn serve(
    path: &Path,
    kind: &'static str,
    headers: &HeaderMap,
    save_as: Option<String>,
) -> Option<Response> {
    let mut file = File::open(path).await.ok()?;
    let metadata = file.metadata().await.ok()?;
    if !metadata.is_file() {
        return None;
    }
    let length = metadata.len();
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let (status, first, end) = match asked.map(|asked| range(asked, length)) {
        None | Some(Range::Ignored) => (StatusCode::OK, 0, length),
        Some(Range::Part(first, end)) => (StatusCode::PARTIAL_CONTENT, first, end),
        Some(Range::Outside) => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            insert(&mut response, header::CONTENT_RANGE, &format!("bytes */{length}"));
            return Some(response);
        }
    };
    file.seek(SeekFrom::Start(first)).await.ok()?;
    let parts = stream::unfold((file, end - first), |(mut file, left)| async move {
        if left == 0 {
            return None;
        }
        let mut chunk = vec![0; usize::try_from(left.min(CHUNK)).ok()?];
        match file.read_exact(&mut chunk).await {
            Ok(_) => {
                let left = left - chunk.len() as u64;
                Some((Ok(Bytes::from(chunk)), (file, left)))
            }
            Err(error) => Some((Err(error), (file, 0))),
        }
    });
    let mut response = Response::new(Body::from_stream(parts));
    *response.status_mut() = status;
    insert(&mut response, header::CONTENT_TYPE, kind);
    insert(&mut response, header::ACCEPT_RANGES, "bytes");
    insert(&mut response, header::CONTENT_LENGTH, &(end - first).to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        let value = format!("bytes {first}-{}/{length}", end - 1);
        insert(&mut response, header::CONTENT_RANGE, &value);
    }
    if let Some(name) = save_as {
        let value = format!("attachment; filename=\"{name}\"");
        insert(&mut response, header::CONTENT_DISPOSITION, &value);
    }
    Some(response)
}

fn insert(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// Not understood, or several parts: the whole file is a right answer.
    Ignored,
    /// From, to (not included).
    Part(u64, u64),
    /// Nothing of the file.
    Outside,
}

fn range(text: &str, length: u64) -> Range {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|spec| spec.split_once('-')) else {
        return Range::Ignored;
    };
    let part = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(length)),
        (Ok(first), Err(_)) if last.trim().is_empty() => (first, length),
        (Err(_), Ok(suffix)) if first.trim().is_empty() => (length.saturating_sub(suffix), length),
        _ => return Range::Ignored,
    };
    if part.0 < part.1 { Range::Part(part.0, part.1) } else { Range::Outside }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(range("bytes=0-9", 100), Range::Part(0, 10));
        assert_eq!(range("bytes=90-200", 100), Range::Part(90, 100));
        assert_eq!(range("bytes=50-", 100), Range::Part(50, 100));
        assert_eq!(range("bytes=-10", 100), Range::Part(90, 100));
        assert_eq!(range("bytes=-1000", 100), Range::Part(0, 100));
        assert_eq!(range("bytes=100-", 100), Range::Outside);
        assert_eq!(range("bytes=-0", 100), Range::Outside);
        assert_eq!(range("bytes=9-1", 100), Range::Ignored);
        assert_eq!(range("bytes=0-1,5-6", 100), Range::Ignored);
        assert_eq!(range("bytes=0-18446744073709551615", 100), Range::Part(0, 100));
    }
}
