//! Shapes of descriptions as phones write them, and the rules of RFC 3264 and RFC 6337.

use std::net::SocketAddr;

use proptest::prelude::*;

use super::*;

fn codec(payload_type: u8, name: &str, clock_rate: u32, fmtp: Option<&str>) -> Codec {
    Codec { payload_type, name: name.into(), clock_rate, fmtp: fmtp.map(str::to_owned) }
}

fn ours() -> Capabilities {
    Capabilities {
        local: "192.0.2.1:30000".parse().expect("address"),
        codecs: vec![
            codec(8, "PCMA", 8000, None),
            codec(0, "PCMU", 8000, None),
            codec(101, "telephone-event", 8000, Some("0-16")),
        ],
        ptime: 20,
        direction: Direction::SendRecv,
        session_id: 77,
        session_version: 1,
        security: Default::default(),
        fax: false,
    }
}

fn address(text: &str) -> Option<SocketAddr> {
    Some(text.parse().expect("address"))
}

/// An offer around one audio stream.
fn audio(lines: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 203.0.113.5\r\ns=-\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\n{lines}")
}

fn answered(offer: &str) -> (String, Negotiated) {
    let (answer, negotiated) = answer(&ours(), offer.as_bytes()).unwrap_or_else(|error| panic!("{error:?}: {offer}"));
    (String::from_utf8(answer).expect("UTF-8"), negotiated)
}

fn refusal(offer: &str) -> u16 {
    answer(&ours(), offer.as_bytes()).expect_err("unusable").status
}

/// A phone, its offer, and what is agreed: codec, event payload type, packet time and address.
type Sample = (&'static str, &'static str, &'static str, Option<u8>, u32, &'static str);

/// Written after what these families of phones send.
const PHONES: &[Sample] = &[
    (
        "Yealink",
        "v=0\r\no=- 20041 20041 IN IP4 203.0.113.5\r\ns=SDP data\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\n\
         m=audio 11780 RTP/AVP 9 0 8 18 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
        "PCMU",
        Some(101),
        20,
        "203.0.113.5:11780",
    ),
    (
        "Grandstream",
        "v=0\r\no=1001 8000 8000 IN IP4 203.0.113.5\r\ns=SIP Call\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\n\
         m=audio 5004 RTP/AVP 0 8 4 18 9 97 2 101\r\na=sendrecv\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:4 G723/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n\
         a=rtpmap:9 G722/8000\r\na=rtpmap:97 iLBC/8000\r\na=fmtp:97 mode=20\r\na=rtpmap:2 G726-32/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
        "PCMU",
        Some(101),
        20,
        "203.0.113.5:5004",
    ),
    (
        "Cisco (static types without rtpmap, 30 ms)",
        "v=0\r\no=Cisco-SIPUA 12345 0 IN IP4 203.0.113.5\r\ns=SIP Call\r\nt=0 0\r\n\
         m=audio 16384 RTP/AVP 8 0 101\r\nc=IN IP4 203.0.113.5\r\na=ptime:30\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n",
        "PCMA",
        Some(101),
        30,
        "203.0.113.5:16384",
    ),
    (
        "Snom (crypto lines beside plain RTP)",
        "v=0\r\no=root 1893 1893 IN IP4 203.0.113.5\r\ns=call\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\n\
         m=audio 57044 RTP/AVP 9 99 8 0 18 101\r\n\
         a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIz\r\n\
         a=rtpmap:9 g722/8000\r\na=rtpmap:99 g726-32/8000\r\na=rtpmap:8 pcma/8000\r\na=rtpmap:0 pcmu/8000\r\n\
         a=rtpmap:18 g729/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
        "pcma",
        Some(101),
        20,
        "203.0.113.5:57044",
    ),
    (
        "Polycom (event type 127, session-level direction)",
        "v=0\r\no=- 1395 1395 IN IP4 203.0.113.5\r\ns=Polycom IP Phone\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\na=sendrecv\r\n\
         m=audio 2246 RTP/AVP 9 102 0 8 18 127\r\na=rtpmap:9 G722/8000\r\na=rtpmap:102 G7221/16000\r\n\
         a=fmtp:102 bitrate=32000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:18 G729/8000\r\n\
         a=fmtp:18 annexb=no\r\na=rtpmap:127 telephone-event/8000\r\n",
        "PCMU",
        Some(127),
        20,
        "203.0.113.5:2246",
    ),
    (
        "Linphone (AVPF, wide-band events, rtcp-fb, video)",
        "v=0\r\no=1002 3402 2078 IN IP4 203.0.113.5\r\ns=Talk\r\nc=IN IP4 203.0.113.5\r\nb=AS:380\r\nt=0 0\r\n\
         a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics\r\na=record:off\r\n\
         m=audio 7078 RTP/AVPF 96 97 98 0 8 18 101 99 100\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n\
         a=rtpmap:97 speex/16000\r\na=fmtp:97 vbr=on\r\na=rtpmap:98 speex/8000\r\na=fmtp:98 vbr=on\r\n\
         a=fmtp:18 annexb=yes\r\na=rtpmap:101 telephone-event/48000\r\na=rtpmap:99 telephone-event/16000\r\n\
         a=rtpmap:100 telephone-event/8000\r\na=rtcp-fb:* trr-int 5000\r\na=rtcp-fb:* ccm tmmbr\r\n\
         m=video 9078 RTP/AVPF 96\r\na=rtpmap:96 VP8/90000\r\n",
        "PCMU",
        Some(100),
        20,
        "203.0.113.5:7078",
    ),
    (
        "baresip (rtcp, rtcp-mux, ICE)",
        "v=0\r\no=- 2890844526 1 IN IP4 203.0.113.5\r\ns=-\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\na=tool:baresip 1.1\r\n\
         a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n\
         m=audio 15004 RTP/AVP 0 8 101\r\nb=AS:125\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtcp:15005\r\na=rtcp-mux\r\na=sendrecv\r\n\
         a=candidate:1 1 UDP 2130706431 203.0.113.5 15004 typ host\r\na=label:1\r\na=rtcp-rsize\r\n\
         a=ssrc:4242 cname:sip:1001@203.0.113.5\r\na=ptime:20\r\n",
        "PCMU",
        Some(101),
        20,
        "203.0.113.5:15004",
    ),
    (
        "SIPp",
        "v=0\no=user1 53655765 2353687637 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 6000 RTP/AVP 0\n\
         a=rtpmap:0 PCMU/8000\n",
        "PCMU",
        None,
        20,
        "127.0.0.1:6000",
    ),
    (
        "Bare bones: no o=, s=, t=, odd spaces, unknown lines",
        "v=0\n  c = IN  IP4   203.0.113.5  \nz=what\nhello\n\nm= audio  4000/1  rtp/avp  8  \n a=ptime: 20.0\n",
        "PCMA",
        None,
        20,
        "203.0.113.5:4000",
    ),
    (
        "IPv6",
        "v=0\r\no=- 1 1 IN IP6 2001:db8::5\r\ns=-\r\nc=IN IP6 2001:db8::5\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
        "PCMA",
        None,
        20,
        "[2001:db8::5]:4000",
    ),
];

#[test]
fn phones_are_understood_and_answered() {
    for (phone, offer, name, event, ptime, remote) in PHONES {
        let (answer, negotiated) = answered(offer);
        assert_eq!(negotiated.codec.name, *name, "{phone}");
        assert_eq!(negotiated.telephone_event, *event, "{phone}");
        assert_eq!(negotiated.ptime, *ptime, "{phone}");
        assert_eq!(negotiated.remote, address(remote), "{phone}");
        assert_eq!(negotiated.direction, Direction::SendRecv, "{phone}");
        let offered = Description::parse(offer.as_bytes()).expect("offer");
        let read = Description::parse(answer.as_bytes()).expect("answer");
        assert_eq!(read.streams.len(), offered.streams.len(), "{phone}: one answer for each stream");
        assert_eq!(read.streams[0].port, 30_000, "{phone}");
        for refused in &read.streams[1..] {
            assert_eq!(refused.port, 0, "{phone}");
        }
        assert_eq!(read.streams[0].codecs()[0].payload_type, negotiated.codec.payload_type, "{phone}");
        assert_eq!(read.origin, Some((77, 1)));
    }
}

#[test]
fn an_answer_reads_as_written() {
    let (answer, _) = answered(PHONES[2].1);
    assert_eq!(
        answer,
        "v=0\r\no=- 77 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio 30000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-16\r\na=ptime:30\r\na=sendrecv\r\n"
    );
}

#[test]
fn an_answer_uses_the_offerers_dynamic_numbers() {
    let mut ours = ours();
    ours.codecs.insert(0, codec(111, "opus", 48_000, Some("useinbandfec=1")));
    let offer = audio(
        "m=audio 4000 RTP/AVP 97 101 100\r\na=rtpmap:97 OPUS/48000/2\r\na=fmtp:97 maxaveragebitrate=20000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=rtpmap:100 telephone-event/48000\r\n",
    );
    let (answer, negotiated) = answer(&ours, offer.as_bytes()).expect("common codec");
    assert_eq!(negotiated.codec.payload_type, 97);
    assert_eq!(negotiated.receive_payload_type, 97);
    assert_eq!(negotiated.codec.fmtp.as_deref(), Some("maxaveragebitrate=20000"), "what the peer wants sent");
    assert_eq!(negotiated.telephone_event, Some(100), "at the clock rate of the codec");
    let answer = String::from_utf8(answer).expect("UTF-8");
    assert!(
        answer.contains("m=audio 30000 RTP/AVP 97 100\r\na=rtpmap:97 OPUS/48000/2\r\na=fmtp:97 useinbandfec=1\r\n")
    );
}

#[test]
fn an_answer_with_other_numbers_than_offered_is_read_both_ways() {
    let mut ours = ours();
    ours.codecs = vec![codec(96, "opus", 48_000, None), codec(101, "telephone-event", 48_000, None)];
    let peer =
        audio("m=audio 4000 RTP/AVP 120 98\r\na=rtpmap:120 opus/48000/2\r\na=rtpmap:98 telephone-event/48000\r\n");
    let negotiated = accept(&ours, peer.as_bytes()).expect("common codec");
    assert_eq!((negotiated.codec.payload_type, negotiated.receive_payload_type), (120, 96));
    assert_eq!((negotiated.telephone_event, negotiated.receive_telephone_event), (Some(98), Some(101)));
}

#[test]
fn hold_in_all_its_forms() {
    for (lines, remote, direction, written) in [
        ("m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n", true, Direction::RecvOnly, "recvonly"),
        ("m=audio 4000 RTP/AVP 8\r\na=recvonly\r\n", true, Direction::SendOnly, "sendonly"),
        ("m=audio 4000 RTP/AVP 8\r\na=inactive\r\n", true, Direction::Inactive, "inactive"),
        ("a=sendonly\r\nm=audio 4000 RTP/AVP 8\r\n", true, Direction::RecvOnly, "recvonly"),
        ("a=inactive\r\nm=audio 4000 RTP/AVP 8\r\na=sendrecv\r\n", true, Direction::SendRecv, "sendrecv"),
        ("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n", false, Direction::RecvOnly, "recvonly"),
        ("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n", false, Direction::Inactive, "inactive"),
        ("m=audio 4000 RTP/AVP 8\r\nc=IN IP6 ::\r\n", false, Direction::RecvOnly, "recvonly"),
    ] {
        let (answer, negotiated) = answered(&audio(lines));
        assert_eq!(negotiated.remote.is_some(), remote, "{lines}");
        assert_eq!(negotiated.direction, direction, "{lines}");
        assert!(answer.contains(&format!("a={written}\r\n")), "{lines}");
    }
    // Our own hold narrows it further.
    let holding = Capabilities { direction: Direction::SendOnly, ..ours() };
    let (_, negotiated) =
        answer(&holding, audio("m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n").as_bytes()).expect("usable");
    assert_eq!(negotiated.direction, Direction::Inactive);
    let answered = accept(&holding, audio("m=audio 4000 RTP/AVP 8\r\na=recvonly\r\n").as_bytes()).expect("usable");
    assert_eq!(answered.direction, Direction::SendOnly);
}

#[test]
fn a_closed_stream_is_answered_closed() {
    let (answer, negotiated) = answered(&audio("m=audio 0 RTP/AVP 8\r\n"));
    assert_eq!((negotiated.remote, negotiated.direction), (None, Direction::Inactive));
    assert!(answer.contains("m=audio 0 RTP/AVP 8\r\n"));
}

#[test]
fn streams_keep_their_places() {
    let offer = audio(
        "m=video 5000 RTP/AVP 31\r\nm=audio 0 RTP/AVP 8\r\nm=audio 6000 RTP/SAVP 8\r\nm=audio 7000 RTP/AVP 3\r\n\
         m=audio 8000 RTP/AVP 3 0\r\nm=audio 9000 RTP/AVP 8\r\nm=image 9100 udptl t38\r\nm=application 1 TCP\r\n",
    );
    let (answer, negotiated) = answered(&offer);
    assert_eq!(negotiated.remote, address("203.0.113.5:8000"));
    let ports: Vec<u16> =
        Description::parse(answer.as_bytes()).expect("answer").streams.iter().map(|s| s.port).collect();
    assert_eq!(ports, [0, 0, 0, 0, 30_000, 0, 0, 0]);
    assert!(answer.contains("m=image 0 udptl t38\r\n") && answer.contains("m=application 0 TCP 0\r\n"));

    // And in our next offer, after which the peer's answer is found in its place.
    let again = Capabilities { session_version: 2, direction: Direction::SendOnly, ..ours() };
    let offer = reoffer(&again, answer.as_bytes());
    let read = Description::parse(&offer).expect("offer");
    assert_eq!(read.origin, Some((77, 2)));
    assert_eq!(read.streams.len(), 8);
    assert_eq!((read.streams[4].port, read.streams[4].direction), (30_000, Some(Direction::SendOnly)));
    let reply = audio(
        "m=video 0 RTP/AVP 31\r\nm=audio 0 RTP/AVP 8\r\nm=audio 0 RTP/SAVP 8\r\nm=audio 0 RTP/AVP 3\r\n\
         m=audio 8002 RTP/AVP 0\r\na=recvonly\r\nm=audio 0 RTP/AVP 8\r\nm=image 0 udptl t38\r\n",
    );
    let negotiated = accept_for(&again, &offer, reply.as_bytes()).expect("answer");
    assert_eq!(negotiated.remote, address("203.0.113.5:8002"));
}

#[test]
fn a_later_offer_keeps_payload_types() {
    let mut ours = ours();
    ours.codecs.insert(0, codec(97, "opus", 48_000, None));
    let offer = audio("m=audio 4000 RTP/AVP 8 97\r\na=rtpmap:97 telephone-event/8000\r\n");
    let (answer, _) = answer(&ours, offer.as_bytes()).expect("usable");
    let offered = Description::parse(&reoffer(&ours, &answer)).expect("offer").streams[0].codecs();
    let number = |name: &str| offered.iter().find(|codec| codec.name == name).map(|codec| codec.payload_type);
    assert_eq!(number("telephone-event"), Some(97), "as the peer numbered it");
    assert_eq!(number("opus"), Some(96), "moved out of the way");
    assert_eq!(reoffer(&ours, b"nonsense"), super::offer(&ours));
}

#[test]
fn what_cannot_be_used_says_why() {
    assert_eq!(refusal(&audio("m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n")), 488);
    assert_eq!(refusal(&audio("m=audio 4000 UDP/TLS/RTP/SAVPF 8\r\n")), 488);
    assert_eq!(refusal(&audio("m=audio 4000 RTP/AVP 3 101\r\na=rtpmap:101 telephone-event/8000\r\n")), 488);
    assert_eq!(refusal(&audio("m=video 4000 RTP/AVP 31\r\n")), 488);
    assert_eq!(refusal(&audio("")), 488);
    assert_eq!(refusal(""), 400);
    assert_eq!(refusal("hello"), 400);
    assert_eq!(refusal("m=audio"), 400);
    assert_eq!(refusal("m=audio 70000 RTP/AVP 0"), 400);
    assert_eq!(refusal(&audio(&"m=audio 1 RTP/AVP 8\r\n".repeat(101))), 400);
    assert_eq!(refusal(&audio(&format!("m=audio 1 RTP/AVP 8\r\n{}", "a=x\r\n".repeat(257)))), 400);
    assert_eq!(refusal(&audio(&format!("m=audio 1 RTP/AVP{}\r\n", " 8".repeat(129)))), 400);
    assert_eq!(refusal(&" ".repeat(65_537)), 400);
    let refused = accept(&ours(), audio("m=audio 0 RTP/AVP 8\r\n").as_bytes()).expect_err("refused");
    assert_eq!(refused.status, 488);
}

#[test]
fn rtcp_goes_where_the_peer_says() {
    let rtcp = |lines: &str| answered(&audio(&format!("m=audio 4000 RTP/AVP 8\r\n{lines}"))).1.remote_rtcp;
    assert_eq!(rtcp(""), address("203.0.113.5:4001"));
    assert_eq!(rtcp("a=rtcp:4444\r\n"), address("203.0.113.5:4444"));
    assert_eq!(rtcp("a=rtcp:4444 IN IP4 203.0.113.9\r\n"), address("203.0.113.9:4444"));
    assert_eq!(rtcp("a=rtcp:4444\r\na=rtcp-mux\r\n"), address("203.0.113.5:4000"));
    assert_eq!(answered(&audio("m=audio 65535 RTP/AVP 8\r\n")).1.remote_rtcp, None);
}

#[test]
fn packet_time_stays_within_all_limits() {
    let ptime = |lines: &str| answered(&audio(&format!("m=audio 4000 RTP/AVP 8\r\n{lines}"))).1.ptime;
    assert_eq!(ptime("a=ptime:25\r\n"), 20);
    assert_eq!(ptime("a=ptime:5\r\n"), 10);
    assert_eq!(ptime("a=ptime:200\r\n"), 60);
    assert_eq!(ptime("a=ptime:40\r\na=maxptime:30\r\n"), 30);
    assert_eq!(ptime("a=ptime:0\r\n"), 20);
    assert_eq!(ptime("a=ptime:x\r\n"), 20);
}

#[test]
fn quirks_of_codec_names() {
    let mut ours = ours();
    ours.codecs.insert(0, codec(9, "G722", 8000, None));
    let offer = audio("m=audio 4000 RTP/AVP 9\r\na=rtpmap:9 G722/16000\r\n");
    assert_eq!(answer(&ours, offer.as_bytes()).expect("usable").1.codec.name, "G722");
    ours.codecs.insert(0, codec(11, "L16", 44_100, None));
    let stereo = audio("m=audio 4000 RTP/AVP 10 96 8\r\na=rtpmap:10 L16/44100/2\r\na=rtpmap:96 L16/44100/2\r\n");
    assert_eq!(answer(&ours, stereo.as_bytes()).expect("usable").1.codec.name, "PCMA");
}

#[test]
fn a_refresh_is_told_from_a_change() {
    let one = audio("m=audio 4000 RTP/AVP 8\r\n");
    let spaced = one.replace("\r\n", "\n");
    let held = audio("m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n");
    assert!(is_unchanged(one.as_bytes(), spaced.as_bytes()));
    assert!(!is_unchanged(one.as_bytes(), held.as_bytes()));
    assert!(!is_unchanged(one.as_bytes(), b"x"));
}

prop_compose! {
    fn any_capabilities()(
        picked in prop::sample::subsequence(vec![
            codec(8, "PCMA", 8000, None), codec(0, "PCMU", 8000, None), codec(9, "G722", 8000, None),
            codec(107, "opus", 48_000, Some("useinbandfec=1")), codec(18, "G729", 8000, Some("annexb=no")),
        ], 1..=5).prop_shuffle(),
        event in 96_u8..107,
        port in 1_u16..,
        v6 in any::<bool>(),
        ptime in 0_u32..200,
        halves in any::<(bool, bool)>(),
        session_id in any::<u64>(),
    ) -> Capabilities {
        let mut codecs = picked;
        codecs.push(codec(event, "telephone-event", 8000, Some("0-16")));
        let ip: IpAddr = if v6 { "2001:db8::1" } else { "192.0.2.7" }.parse().expect("address");
        Capabilities {
            local: SocketAddr::new(ip, port), codecs, ptime, direction: Direction::new(halves.0, halves.1),
            session_id, session_version: 1, security: Default::default(), fax: false,
        }
    }
}

#[test]
fn t38_alone_is_refused_and_beside_sound_left_out() {
    let image = "m=image 4000 udptl t38\r\na=T38FaxVersion:0\r\n";
    for lines in
        [image.to_owned(), format!("m=audio 0 RTP/AVP 8\r\n{image}"), format!("{image}m=audio 0 RTP/AVP 8\r\n")]
    {
        let refused = answer(&ours(), audio(&lines).as_bytes()).expect_err("no gateway");
        assert_eq!(refused.status, 488, "{lines}");
    }
    let both = audio(&format!("m=audio 4002 RTP/AVP 8\r\n{image}"));
    let (text, agreed) = answer(&ours(), both.as_bytes()).expect("the sound");
    assert_eq!(agreed.codec.name, "PCMA");
    assert!(String::from_utf8_lossy(&text).contains("m=image 0 udptl t38"));
    // A closed image is no wish.
    let held = audio("m=audio 0 RTP/AVP 8\r\nm=image 0 udptl t38\r\n");
    assert_eq!(answer(&ours(), held.as_bytes()).expect("a hold").1.direction, Direction::Inactive);
}

#[test]
fn silence_is_to_be_sent_when_a_fax_runs() {
    let fax = Capabilities { fax: true, ..ours() };
    let line = "a=silenceSupp:off - - - -\r\n";
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    assert!(text(offer(&fax)).contains(line) && text(reoffer(&fax, &offer(&ours()))).contains(line));
    assert!(text(answer(&fax, &offer(&ours())).expect("an answer").0).contains(line));
    assert!(!text(offer(&ours())).contains("silenceSupp"));
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = answer(&ours(), &bytes);
        let _ = accept(&ours(), &bytes);
        let _ = reoffer(&ours(), &bytes);
    }

    #[test]
    fn near_descriptions_never_panic(
        lines in prop::collection::vec("(v=0|o=|s=|c=IN IP4 |t=0 0|m=audio |a=rtpmap:|a=fmtp:|a=rtcp:|a=ptime:|a=)[ -~]{0,20}", 0..30)
    ) {
        let text = lines.join("\n");
        if let Ok((answer, _)) = answer(&ours(), text.as_bytes()) {
            prop_assert!(Description::parse(&answer).is_ok());
            let _ = reoffer(&ours(), &answer);
        }
    }

    #[test]
    fn both_ends_agree(caller in any_capabilities(), callee in any_capabilities()) {
        let offered = offer(&caller);
        match answer(&callee, &offered) {
            Ok((answered, theirs)) => {
                let ours = accept(&caller, &answered).expect("an answer of ours");
                prop_assert_eq!(&ours.codec.name, &theirs.codec.name);
                prop_assert_eq!(ours.codec.payload_type, theirs.receive_payload_type);
                prop_assert_eq!(ours.receive_payload_type, theirs.codec.payload_type);
                prop_assert_eq!(ours.telephone_event, theirs.receive_telephone_event);
                prop_assert_eq!(ours.direction, theirs.direction.reversed());
                prop_assert_eq!(ours.remote, Some(callee.local));
                prop_assert_eq!(theirs.remote, Some(caller.local));
                // Nobody sends more than the other wants to receive, and a later offer of either is understood.
                let again = reoffer(&callee, &answered);
                let (_, later) = answer(&caller, &again).expect("a later offer");
                prop_assert_eq!(later.remote, Some(callee.local));
            }
            Err(unusable) => {
                prop_assert_eq!(unusable.status, 488);
                let common = caller.codecs.iter().any(|codec| {
                    codec.name != "telephone-event" && callee.codecs.iter().any(|other| other.name == codec.name)
                });
                prop_assert!(!common);
            }
        }
    }
}
