//! The header fields we know by number, so that finding one in a message is a scan over small integers.

macro_rules! header_names {
    ($( $id:ident $text:literal $compact:literal $list:ident; )*) => {
        /// A header field name. Known ones are an id; the text of others stays in the message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the names are the header fields")]
        pub enum HeaderName {
            $( $id, )*
            /// A header field we have no id for.
            Other,
        }

        impl HeaderName {
            /// Every name we know.
            pub const KNOWN: &'static [HeaderName] = &[ $( HeaderName::$id, )* ];

            /// The long form, or an empty text for [`HeaderName::Other`].
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( HeaderName::$id => $text, )*
                    HeaderName::Other => "",
                }
            }

            /// The compact form registered with IANA, or 0.
            const fn compact(self) -> u8 {
                match self {
                    $( HeaderName::$id => $compact, )*
                    HeaderName::Other => 0,
                }
            }

            /// Whether the header's grammar is a comma-joined list (RFC 3261 §7.3.1).
            pub const fn is_list(self) -> bool {
                match self {
                    $( HeaderName::$id => header_names!(@list $list), )*
                    HeaderName::Other => false,
                }
            }
        }
    };
    (@list list) => { true };
    (@list one) => { false };
}

header_names! {
    Via "Via" b'v' list;
    From "From" b'f' one;
    To "To" b't' one;
    CallId "Call-ID" b'i' one;
    CSeq "CSeq" 0 one;
    MaxForwards "Max-Forwards" 0 one;
    Contact "Contact" b'm' list;
    ContentLength "Content-Length" b'l' one;
    ContentType "Content-Type" b'c' one;
    ContentEncoding "Content-Encoding" b'e' list;
    ContentDisposition "Content-Disposition" 0 one;
    ContentLanguage "Content-Language" 0 list;
    Route "Route" 0 list;
    RecordRoute "Record-Route" 0 list;
    Path "Path" 0 list;
    ServiceRoute "Service-Route" 0 list;
    Allow "Allow" 0 list;
    AllowEvents "Allow-Events" b'u' list;
    Supported "Supported" b'k' list;
    Require "Require" 0 list;
    ProxyRequire "Proxy-Require" 0 list;
    Unsupported "Unsupported" 0 list;
    Accept "Accept" 0 list;
    AcceptEncoding "Accept-Encoding" 0 list;
    AcceptLanguage "Accept-Language" 0 list;
    AcceptContact "Accept-Contact" b'a' list;
    RejectContact "Reject-Contact" b'j' list;
    RequestDisposition "Request-Disposition" b'd' list;
    Authorization "Authorization" 0 one;
    ProxyAuthorization "Proxy-Authorization" 0 one;
    WwwAuthenticate "WWW-Authenticate" 0 one;
    ProxyAuthenticate "Proxy-Authenticate" 0 one;
    AuthenticationInfo "Authentication-Info" 0 one;
    Expires "Expires" 0 one;
    MinExpires "Min-Expires" 0 one;
    RetryAfter "Retry-After" 0 one;
    UserAgent "User-Agent" 0 one;
    Server "Server" 0 one;
    Subject "Subject" b's' one;
    Date "Date" 0 one;
    Timestamp "Timestamp" 0 one;
    Organization "Organization" 0 one;
    Priority "Priority" 0 one;
    Warning "Warning" 0 list;
    InReplyTo "In-Reply-To" 0 list;
    AlertInfo "Alert-Info" 0 list;
    CallInfo "Call-Info" 0 list;
    ErrorInfo "Error-Info" 0 list;
    ReplyTo "Reply-To" 0 one;
    MimeVersion "MIME-Version" 0 one;
    RSeq "RSeq" 0 one;
    RAck "RAck" 0 one;
    SessionExpires "Session-Expires" b'x' one;
    MinSe "Min-SE" 0 one;
    Replaces "Replaces" 0 one;
    Join "Join" 0 one;
    TargetDialog "Target-Dialog" 0 one;
    ReferTo "Refer-To" b'r' one;
    ReferredBy "Referred-By" b'b' one;
    ReferSub "Refer-Sub" 0 one;
    Event "Event" b'o' one;
    SubscriptionState "Subscription-State" 0 one;
    SipETag "SIP-ETag" 0 one;
    SipIfMatch "SIP-If-Match" 0 one;
    Reason "Reason" 0 list;
    Diversion "Diversion" 0 list;
    HistoryInfo "History-Info" 0 list;
    PAssertedIdentity "P-Asserted-Identity" 0 list;
    PPreferredIdentity "P-Preferred-Identity" 0 list;
    PAssociatedUri "P-Associated-URI" 0 list;
    RemotePartyId "Remote-Party-ID" 0 list;
    Privacy "Privacy" 0 one;
    Identity "Identity" b'y' list;
    IdentityInfo "Identity-Info" b'n' one;
    UserToUser "User-to-User" 0 list;
    FlowTimer "Flow-Timer" 0 one;
    SecurityClient "Security-Client" 0 list;
    SecurityServer "Security-Server" 0 list;
    SecurityVerify "Security-Verify" 0 list;
    ResourcePriority "Resource-Priority" 0 list;
    AcceptResourcePriority "Accept-Resource-Priority" 0 list;
    InfoPackage "Info-Package" 0 one;
    RecvInfo "Recv-Info" 0 list;
    AnswerMode "Answer-Mode" 0 one;
    PrivAnswerMode "Priv-Answer-Mode" 0 one;
    Geolocation "Geolocation" 0 list;
    SessionId "Session-ID" 0 one;
}

/// Longest known name in bytes.
const LONGEST: usize = 24;
/// Most known names of one length.
const BUCKET: usize = 16;

/// Names by length, each with its first letter in lower case: a received name is compared with few.
static BY_LENGTH: [[(u8, HeaderName); BUCKET]; LONGEST + 1] = by_length();
/// Long forms by id.
static TEXT: [&str; HeaderName::KNOWN.len()] = texts();
/// Compact forms by letter.
static BY_LETTER: [HeaderName; 26] = by_letter();

const fn texts() -> [&'static str; HeaderName::KNOWN.len()] {
    let mut table = [""; HeaderName::KNOWN.len()];
    let mut i = 0;
    while i < HeaderName::KNOWN.len() {
        table[i] = HeaderName::KNOWN[i].as_str();
        i += 1;
    }
    table
}

const fn by_length() -> [[(u8, HeaderName); BUCKET]; LONGEST + 1] {
    let mut table = [[(0, HeaderName::Other); BUCKET]; LONGEST + 1];
    let mut i = 0;
    while i < HeaderName::KNOWN.len() {
        let id = HeaderName::KNOWN[i];
        let mut slot = 0;
        let text = id.as_str().as_bytes();
        while table[text.len()][slot].0 != 0 {
            slot += 1;
        }
        table[text.len()][slot] = (text[0].to_ascii_lowercase(), id);
        i += 1;
    }
    table
}

const fn by_letter() -> [HeaderName; 26] {
    let mut table = [HeaderName::Other; 26];
    let mut i = 0;
    while i < HeaderName::KNOWN.len() {
        let id = HeaderName::KNOWN[i];
        if id.compact() != 0 {
            table[(id.compact() - b'a') as usize] = id;
        }
        i += 1;
    }
    table
}

impl HeaderName {
    /// The id of a name, long or compact, in any case.
    pub fn from_name(name: &[u8]) -> HeaderName {
        if let [letter] = name {
            let letter = letter.to_ascii_lowercase();
            if !letter.is_ascii_lowercase() {
                return HeaderName::Other;
            }
            return BY_LETTER[usize::from(letter - b'a')];
        }
        let Some(bucket) = BY_LENGTH.get(name.len()) else {
            return HeaderName::Other;
        };
        let Some(&first) = name.first() else {
            return HeaderName::Other;
        };
        let first = first.to_ascii_lowercase();
        for &(letter, id) in bucket {
            if letter == 0 {
                break;
            }
            if letter == first {
                let known = TEXT[id as usize].as_bytes();
                // Nearly all write the name as the RFC does.
                if known == name || known.eq_ignore_ascii_case(name) {
                    return id;
                }
            }
        }
        HeaderName::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_any_case() {
        for &id in HeaderName::KNOWN {
            assert_eq!(HeaderName::from_name(id.as_str().as_bytes()), id);
            assert_eq!(HeaderName::from_name(id.as_str().to_ascii_uppercase().as_bytes()), id);
        }
        assert_eq!(HeaderName::from_name(b"X-Unknown"), HeaderName::Other);
        assert_eq!(HeaderName::from_name(b""), HeaderName::Other);
        assert_eq!(HeaderName::from_name(b"?"), HeaderName::Other);
    }

    #[test]
    fn compact_forms_of_the_registry() {
        let registry: [(u8, &str); 19] = [
            (b'a', "Accept-Contact"),
            (b'u', "Allow-Events"),
            (b'i', "Call-ID"),
            (b'm', "Contact"),
            (b'e', "Content-Encoding"),
            (b'l', "Content-Length"),
            (b'c', "Content-Type"),
            (b'o', "Event"),
            (b'f', "From"),
            (b'y', "Identity"),
            (b'n', "Identity-Info"),
            (b'r', "Refer-To"),
            (b'b', "Referred-By"),
            (b'j', "Reject-Contact"),
            (b'd', "Request-Disposition"),
            (b'x', "Session-Expires"),
            (b's', "Subject"),
            (b'k', "Supported"),
            (b't', "To"),
        ];
        for (letter, name) in registry {
            assert_eq!(HeaderName::from_name(&[letter]).as_str(), name);
            assert_eq!(HeaderName::from_name(&[letter.to_ascii_uppercase()]).as_str(), name);
        }
        assert_eq!(HeaderName::from_name(b"v"), HeaderName::Via);
        assert_eq!(HeaderName::from_name(b"z"), HeaderName::Other);
    }
}
