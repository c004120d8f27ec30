//! The torture tests of RFC 4475, with messages of our own for each of its clauses, and with the RFC's own where they are at hand.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use offhook_sip::message::{HeaderName, Message, ParseError, ParseOptions};

/// What the message layer makes of a message, read strictly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// Taken.
    Valid,
    /// A request answered with this status.
    Refused(u16),
    /// A response dropped.
    Dropped,
}

use Expect::{Dropped, Refused, Valid};

/// File, clause of RFC 4475, what happens, whether lenient reading takes it.
const TABLE: [(&str, &str, Expect, bool); 49] = [
    ("valid-folded-and-compact", "3.1.1.1", Valid, true),
    ("valid-any-token", "3.1.1.2", Valid, true),
    ("valid-escapes", "3.1.1.3", Valid, true),
    ("valid-escaped-nul", "3.1.1.4", Valid, true),
    ("valid-percent-no-escape", "3.1.1.5", Valid, true),
    ("valid-no-space-before-bracket", "3.1.1.6", Valid, true),
    ("valid-long-values", "3.1.1.7", Valid, true),
    ("valid-bytes-after-the-end", "3.1.1.8", Valid, true),
    ("valid-user-with-parameter", "3.1.1.9", Valid, true),
    ("valid-any-transport", "3.1.1.10", Valid, true),
    ("valid-binary-body", "3.1.1.11", Valid, true),
    ("valid-reason-in-any-script", "3.1.1.12", Valid, true),
    ("valid-empty-reason", "3.1.1.13", Valid, true),
    ("valid-rfc2543", "3.4.1", Valid, true),
    ("invalid-stray-separators", "3.1.2.1", Refused(400), false),
    ("invalid-length-too-large", "3.1.2.2", Refused(400), false),
    ("invalid-length-negative", "3.1.2.3", Refused(400), false),
    ("invalid-request-numbers", "3.1.2.4", Refused(400), false),
    ("invalid-response-numbers", "3.1.2.5", Dropped, false),
    ("invalid-open-quote", "3.1.2.6", Refused(400), true),
    ("invalid-bracketed-uri", "3.1.2.7", Refused(400), true),
    ("invalid-space-in-uri", "3.1.2.8", Refused(400), false),
    ("invalid-spaces-in-start-line", "3.1.2.9", Refused(400), true),
    ("invalid-space-after-version", "3.1.2.10", Refused(400), true),
    ("invalid-headers-in-request-uri", "3.1.2.11", Refused(400), true),
    ("invalid-date-zone", "3.1.2.12", Refused(400), true),
    ("invalid-contact-needs-brackets", "3.1.2.13", Refused(400), true),
    ("invalid-spaces-in-brackets", "3.1.2.14", Refused(400), true),
    ("invalid-display-name", "3.1.2.15", Refused(400), true),
    ("invalid-version", "3.1.2.16", Refused(505), false),
    ("invalid-cseq-method", "3.1.2.17", Refused(400), false),
    ("invalid-cseq-unknown-method", "3.1.2.18", Refused(400), false),
    ("invalid-status-code", "3.1.2.19", Dropped, false),
    ("app-branch-cookie-alone", "3.2.1", Valid, true),
    ("app-missing-headers", "3.3.1", Refused(400), false),
    ("app-unknown-scheme", "3.3.2", Refused(416), false),
    ("app-unfitting-scheme", "3.3.3", Refused(416), false),
    ("app-schemes-in-headers", "3.3.4", Valid, true),
    ("app-require", "3.3.5", Valid, true),
    ("app-content-type", "3.3.6", Valid, true),
    ("app-auth-scheme", "3.3.7", Valid, true),
    ("app-repeated-headers", "3.3.8", Refused(400), false),
    ("app-repeated-length", "3.3.9", Refused(400), false),
    ("app-broadcast-via", "3.3.10", Valid, true),
    ("app-no-hops-left", "3.3.11", Valid, true),
    ("app-contact-parameter", "3.3.12", Valid, true),
    ("app-contact-uri-parameter", "3.3.13", Valid, true),
    ("app-contact-uri-header", "3.3.14", Valid, true),
    ("app-accept", "3.3.15", Valid, true),
];

fn read(bytes: &Bytes, options: &ParseOptions) -> Result<Message, ParseError> {
    let message = Message::parse_datagram_with(bytes.clone(), options)?;
    message.validate()?;
    Ok(message)
}

fn outcome(bytes: &Bytes) -> Expect {
    match read(bytes, &ParseOptions::default()) {
        Ok(_) => Valid,
        Err(_) if bytes.starts_with(b"SIP/") => Dropped,
        Err(error) => Refused(error.status),
    }
}

fn torture_file(name: &str) -> Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture").join(format!("{name}.sip"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into()
}

#[test]
fn every_clause_gets_its_answer() {
    for (name, clause, expected, lenient) in TABLE {
        let bytes = torture_file(name);
        assert_eq!(outcome(&bytes), expected, "{name} (RFC 4475 §{clause})");
        let taken = read(&bytes, &ParseOptions::lenient());
        assert_eq!(taken.is_ok(), lenient, "{name} (RFC 4475 §{clause}), lenient: {taken:?}");
        if let Refused(_) = expected
            && Message::parse_datagram(bytes.clone()).is_err()
        {
            assert!(Message::salvage(bytes).is_some(), "{name} (RFC 4475 §{clause}) can be answered");
        }
    }
}

#[test]
fn every_file_is_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture");
    let files = std::fs::read_dir(folder).unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let count = files.filter(|path| path.extension().is_some_and(|extension| extension == "sip")).count();
    assert_eq!(count, TABLE.len());
}

fn taken(name: &str) -> Message {
    read(&torture_file(name), &ParseOptions::default()).expect("a valid message")
}

#[test]
fn what_the_tortuous_ones_mean() {
    let folded = taken("valid-folded-and-compact");
    assert_eq!(folded.from().unwrap().display_name.as_deref(), Some("Anna \\\"Q\""));
    assert_eq!(folded.from().unwrap().tag(), Some("abc77"));
    assert_eq!(folded.to().unwrap().tag(), Some("9f-to"));
    assert_eq!(folded.max_forwards(), Some(69));
    assert_eq!(folded.header("X-Exchange").as_deref(), Some("first part second part"));
    let vias = folded.vias().unwrap();
    let branches: Vec<_> = vias.iter().map(|via| via.branch().unwrap()).collect();
    assert_eq!(branches, ["old-style", "z9hG4bKone", "z9hG4bKtwo"]);
    assert_eq!(vias[0].rfc3261_branch(), None);
    assert_eq!(folded.contacts()[0].param("fresh"), Some("yes"));

    let escaped = taken("valid-escapes");
    assert_eq!(escaped.to().unwrap().uri.user.as_deref(), Some("1002"));
    assert_eq!(escaped.contacts()[0].uri.param("lr"), Some(""));
    assert_eq!(escaped.contacts()[0].uri.param("name"), Some("val%42"));

    assert_eq!(taken("valid-escaped-nul").contacts()[1].uri.user.as_deref(), Some("\0\0"));
    let percent = taken("valid-percent-no-escape");
    assert_eq!(percent.contacts().len(), 2);
    assert_eq!(percent.method().as_str(), "RE%42OOT");
    assert_eq!(taken("valid-long-values").vias().unwrap().len(), 36);
    assert!(taken("valid-bytes-after-the-end").as_bytes().ends_with(b"Content-Length: 0\r\n\r\n"));
    assert_eq!(taken("valid-user-with-parameter").values(HeaderName::Accept).count(), 4);
    assert_eq!(taken("valid-any-transport").vias().unwrap()[3].transport, "PIGEON");
    assert!(taken("valid-binary-body").body().windows(3).any(|bytes| bytes == [0, 1, 2]));
    assert_eq!(taken("valid-reason-in-any-script").reason_phrase(), "= 2**3 * 5**2 よろしい été");
    assert_eq!(taken("valid-empty-reason").reason_phrase(), "");
    assert!(taken("valid-rfc2543").body().starts_with(b"v=0"));
}

#[test]
fn what_the_application_needs_is_there() {
    assert_eq!(taken("app-branch-cookie-alone").top_via().unwrap().rfc3261_branch(), None);
    assert_eq!(taken("app-schemes-in-headers").contacts()[0].uri.scheme, "name");
    assert_eq!(taken("app-require").header_values("Require").collect::<Vec<_>>(), ["frobnicate", "twiddle"]);
    assert!(taken("app-content-type").content_type().unwrap().is("application/x-unheard-of"));
    assert_eq!(taken("app-auth-scheme").credentials(HeaderName::Authorization)[0].scheme, "Handshake");
    assert_eq!(taken("app-no-hops-left").max_forwards(), Some(0));
    let broadcast = taken("app-broadcast-via").vias().unwrap();
    assert_eq!(broadcast[1].host, "255.255.255.255");
    let in_header = &taken("app-contact-parameter").contacts()[0];
    assert_eq!((in_header.param("mystery"), in_header.uri.param("mystery")), (Some(""), None));
    let in_uri = &taken("app-contact-uri-parameter").contacts()[0];
    assert_eq!((in_uri.param("mystery"), in_uri.uri.param("mystery")), (None, Some("")));
    assert_eq!(taken("app-contact-uri-header").contacts()[0].uri.header("Route"), Some("<sip:x.example>"));
    assert_eq!(taken("app-accept").header("Accept").as_deref(), Some("text/x-unheard-of"));
}

/// The RFC's own messages lie beside the checkout where its data has been fetched.
fn rfc4475_folder() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let folders = workspace.ancestors().skip(1).map(|parent| parent.join("shared/data/rfc4475"));
    folders.into_iter().find(|folder| folder.join("index.json").is_file())
}

#[test]
#[allow(clippy::print_stdout, reason = "a test that has nothing to test says so")]
fn the_messages_of_the_rfc() {
    let Some(folder) = rfc4475_folder() else {
        println!("skipped: no shared/data/rfc4475 beside the checkout");
        return;
    };
    let index = std::fs::read_to_string(folder.join("index.json")).unwrap();
    let entries: Vec<serde_json::Value> = serde_json::from_str(&index).unwrap();
    assert_eq!(entries.len(), 49);
    for entry in &entries {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        let name = text("name");
        let bytes = Bytes::from(std::fs::read(folder.join(text("file"))).unwrap());
        // Where the RFC leaves several answers to the layer above, the clause of our own table says what this layer does.
        let clause = TABLE.iter().find(|(_, clause, ..)| *clause == text("section"));
        let (own, _, expected, lenient) = clause.unwrap_or_else(|| panic!("no clause for {name}"));
        assert_eq!(outcome(&bytes), *expected, "{name} as {own}");
        assert_eq!(read(&bytes, &ParseOptions::lenient()).is_ok(), *lenient, "{name} as {own}, lenient");
        match text("expect") {
            "valid" => assert_eq!(*expected, Valid, "{name}"),
            "invalid" => assert_ne!(*expected, Valid, "{name}"),
            _ => {}
        }
    }
}
