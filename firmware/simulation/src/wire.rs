//! SIP messages of the test phones: written and read with `rsip`, never with the parser under test.
//!
//! `rsip` cannot read everything that is valid (unknown methods, `+sip.instance`, IPv6 Via …), so a small tolerant reader of our
//! own takes what it refuses.

use rsip::SipMessage;

/// A message as lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// First line.
    pub start: Start,
    /// Header fields in order, long names.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
}

/// First line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Method and Request-URI.
    Request(String, String),
    /// Status.
    Response(u16),
}

impl Wire {
    /// A request without headers.
    pub fn request(method: &str, uri: &str) -> Self {
        Wire { start: Start::Request(method.into(), uri.into()), headers: Vec::new(), body: String::new() }
    }

    /// A response to `request` with what RFC 3261 §8.2.6.2 copies.
    pub fn response(request: &Wire, status: u16, tag: &str) -> Self {
        let mut headers = Vec::new();
        for (name, value) in &request.headers {
            match name.as_str() {
                "Via" | "From" | "Call-ID" | "CSeq" | "Record-Route" => headers.push((name.clone(), value.clone())),
                "To" if value.contains(";tag=") || status == 100 => headers.push((name.clone(), value.clone())),
                "To" => headers.push((name.clone(), format!("{value};tag={tag}"))),
                _ => {}
            }
        }
        Wire { start: Start::Response(status), headers, body: String::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds an SDP body.
    #[must_use]
    pub fn with_sdp(mut self, sdp: String) -> Self {
        self.headers.push(("Content-Type".into(), "application/sdp".into()));
        self.body = sdp;
        self
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// All headers of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Method of a request, or of the request answered (CSeq).
    pub fn method(&self) -> &str {
        match &self.start {
            Start::Request(method, _) => method,
            Start::Response(_) => self.header("CSeq").and_then(|c| c.split_whitespace().nth(1)).unwrap_or_default(),
        }
    }

    /// CSeq number.
    pub fn cseq(&self) -> u32 {
        self.header("CSeq").and_then(|c| c.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// Branch of the topmost Via.
    pub fn branch(&self) -> &str {
        self.header("Via").and_then(|via| parameter(via, "branch")).unwrap_or_default()
    }

    /// Tag of From or To.
    pub fn tag(&self, header: &str) -> Option<&str> {
        self.header(header).and_then(|value| parameter(value, "tag"))
    }

    /// The bytes, by `rsip` when it can express the start line.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut headers: Vec<rsip::Header> =
            self.headers.iter().map(|(name, value)| rsip::Header::Other(name.clone(), value.clone())).collect();
        headers.push(rsip::Header::Other("Content-Length".into(), self.body.len().to_string()));
        let body = self.body.clone().into_bytes();
        match &self.start {
            Start::Request(method, uri) => {
                let parsed = method.parse::<rsip::Method>().ok().zip(rsip::Uri::try_from(uri.as_str()).ok());
                match parsed.filter(|(m, u)| m.to_string() == *method && u.to_string() == *uri) {
                    Some((method, uri)) => {
                        let version = rsip::Version::V2;
                        rsip::Request { method, uri, version, headers: headers.into(), body }.into()
                    }
                    None => self.plain(format!("{method} {uri} SIP/2.0")),
                }
            }
            Start::Response(status) => {
                let status_code = rsip::StatusCode::from(*status);
                rsip::Response { status_code, version: rsip::Version::V2, headers: headers.into(), body }.into()
            }
        }
    }

    fn plain(&self, start: String) -> Vec<u8> {
        let mut text = start;
        for (name, value) in &self.headers {
            text.push_str(&format!("\r\n{name}: {value}"));
        }
        text.push_str(&format!("\r\nContent-Length: {}\r\n\r\n{}", self.body.len(), self.body));
        text.into_bytes()
    }

    /// Reads a datagram; `None` when it is no SIP message.
    pub fn read(bytes: &[u8]) -> Option<Wire> {
        Self::read_with_rsip(bytes).or_else(|| Self::read_plain(bytes))
    }

    fn read_with_rsip(bytes: &[u8]) -> Option<Wire> {
        let message = SipMessage::try_from(bytes).ok()?;
        let (start, headers, body) = match message {
            SipMessage::Request(r) => (Start::Request(r.method.to_string(), r.uri.to_string()), r.headers, r.body),
            SipMessage::Response(r) => (Start::Response(r.status_code.code()), r.headers, r.body),
        };
        let split = |header: rsip::Header| {
            let text = header.to_string();
            let (name, value) = text.split_once(':')?;
            Some((long_name(name.trim()), value.trim().to_owned()))
        };
        let headers = headers.into_iter().map(split).collect::<Option<Vec<_>>>()?;
        Some(Wire { start, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn read_plain(bytes: &[u8]) -> Option<Wire> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.splitn(3, ' ');
        let (first, second) = (words.next()?, words.next()?);
        let start = if first == "SIP/2.0" {
            Start::Response(second.parse().ok()?)
        } else {
            Start::Request(first.into(), second.into())
        };
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if let (true, Some(last)) = (line.starts_with([' ', '\t']), headers.last_mut()) {
                last.1.push(' ');
                last.1.push_str(line.trim());
            } else {
                let (name, value) = line.split_once(':')?;
                headers.push((long_name(name.trim()), value.trim().to_owned()));
            }
        }
        Some(Wire { start, headers, body: body.to_owned() })
    }
}

fn long_name(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "v" | "via" => "Via",
        "f" | "from" => "From",
        "t" | "to" => "To",
        "i" | "call-id" => "Call-ID",
        "cseq" => "CSeq",
        "m" | "contact" => "Contact",
        "record-route" => "Record-Route",
        _ => name,
    }
    .into()
}

/// The value of `;name=value` outside the angle brackets.
pub fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let outside = header.rsplit_once('>').map_or(header, |(_, rest)| rest);
    outside.split(';').skip(1).find_map(|p| {
        let (key, value) = p.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// The URI of a name-addr.
pub fn uri_of(header: &str) -> &str {
    match header.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
        Some((uri, _)) => uri,
        None => header.split(';').next().unwrap_or_default().trim(),
    }
}

/// The user part of a URI in a header.
pub fn user_of(header: &str) -> &str {
    let uri = uri_of(header);
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.split_once('@').map_or("", |(user, _)| user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let wire = Wire::request("INVITE", "sip:1002@10.0.0.1")
            .with("Via", "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKa;rport")
            .with("From", "\"A\" <sip:1001@offhook>;tag=x")
            .with("To", "<sip:1002@offhook>")
            .with("Call-ID", "c@x")
            .with("CSeq", "1 INVITE")
            .with_sdp("v=0\r\n".into());
        let read = Wire::read(&wire.to_bytes()).expect("our own");
        assert_eq!(read.start, wire.start);
        assert_eq!(read.branch(), "z9hG4bKa");
        assert_eq!(read.tag("From"), Some("x"));
        assert_eq!(read.body, "v=0\r\n");
        assert_eq!(user_of(read.header("From").expect("From")), "1001");
    }

    #[test]
    fn what_rsip_refuses_is_read_all_the_same() {
        let text = "PULL sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP [::1]:5060;branch=z9\r\nSubject: a\r\n b\r\n\r\n";
        let read = Wire::read(text.as_bytes()).expect("tolerant");
        assert_eq!(read.method(), "PULL");
        assert_eq!(read.branch(), "z9");
        assert_eq!(read.header("Subject"), Some("a b"));
        assert_eq!(Wire::read(b"\x00\xff"), None);
    }
}
