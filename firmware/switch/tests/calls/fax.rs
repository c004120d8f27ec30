//! A fax on a line: every leg goes to G.711, and T.38 is refused so that the peer stays with the sound.

use crate::office::{Office, Phone, Script, Site, line};
use offhook_lines::fxs;
use offhook_media::command::{Codec, Event, StreamId};
use offhook_sip::sdp::Direction;
use offhook_switch::exchange::Input;

const T38: &str = "v=0\r\no=- 9 9 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\n\
    m=image 41000 udptl t38\r\na=T38FaxVersion:0\r\na=T38FaxRateManagement:transferredTCF\r\n";

/// A fax machine on port 1 and a carrier.
fn office(codec: &'static str) -> Office {
    let site = Site::new().set(1201, 1).sip_trunk(1, "192.0.2.50:5060", 4).route(&[1]).phones(&[1001]);
    let mut office = Office::open(site.0, &["1001"]);
    office.phones.push(Phone::at("carrier", "192.0.2.50:5060".parse().expect("an address")));
    (office.phones[1].script, office.phones[1].codec) = (Script::Answer, codec);
    office.input(Input::Fxs(line(1), fxs::Input::Present(true)));
    office.hook(line(1), true);
    office.keys(line(1), "00123#");
    office.seconds(10);
    assert_eq!(office.phones[1].up.len(), 1, "the carrier has answered");
    office
}

fn fax(office: &mut Office) {
    let stream = office.books.line_stream(1);
    office.media_event(Event::FaxDetected { stream });
}

fn codec_to(office: &Office, phone: usize) -> Codec {
    let ip = office.phones[phone].address.ip();
    let to = |stream: &&StreamId| office.books.parameters[stream].remote.is_some_and(|remote| remote.ip() == ip);
    let stream = *office.books.parameters.keys().find(to).expect("a stream");
    office.books.parameters[&stream].codec
}

fn offers(office: &mut Office, phone: usize) -> Vec<String> {
    let offers = std::mem::take(&mut office.phones[phone].offers);
    offers.iter().map(|offer| String::from_utf8_lossy(offer).into_owned()).collect()
}

fn close(mut office: Office) {
    office.hook(line(1), false);
    office.close();
}

/// A set calls a phone with wide-band codecs only chosen by the phone.
fn wide_call() -> Office {
    let site = Site::new().set(1201, 1).phones(&[1001]);
    let mut office = Office::open(site.0, &["1001"]);
    office.phones[0].codec = "wide";
    office.input(Input::Fxs(line(1), fxs::Input::Present(true)));
    // The phone calls: its own order, wide band first, is taken where the site's list says so.
    for device in office.config.devices.values_mut() {
        device.sound.codecs = vec![offhook_switch::config::CodecName::G722];
    }
    office.input(Input::Config(std::sync::Arc::new(office.config.clone())));
    office.dial(0, "1201");
    office.hook(line(1), true);
    assert_eq!(codec_to(&office, 0), Codec::G722);
    office
}

#[test]
fn a_fax_takes_its_call_to_g711_once_and_for_good() {
    let mut office = wide_call();
    fax(&mut office);
    let offered = offers(&mut office, 0);
    let [offer] = offered.as_slice() else { panic!("one offer: {offered:?}") };
    assert!(offer.contains("a=silenceSupp:off - - - -\r\n") && !offer.contains("G722"), "{offer}");
    assert_eq!(codec_to(&office, 0), Codec::Pcma);
    fax(&mut office);
    assert!(offers(&mut office, 0).is_empty(), "told again: nothing new");
    // A change of the peer's does not undo it.
    let (session, now) = (office.phones[0].up[0], office.now().instant);
    office.phones[0].reoffer(now, session, Direction::SendRecv);
    office.seconds(1);
    assert_eq!(codec_to(&office, 0), Codec::Pcma);
    office.hook(line(1), false);
    office.close();
}

#[test]
fn changes_that_cross_both_come_to_pass() {
    let mut office = wide_call();
    // The phone's own change is on its way when the fax begins: both sides answer 491.
    let (session, now) = (office.phones[0].up[0], office.now().instant);
    office.phones[0].reoffer(now, session, Direction::SendRecv);
    let stream = office.books.line_stream(1);
    office.exchange.handle(office.now(), Input::Media(Event::FaxDetected { stream }));
    office.run();
    office.seconds(10);
    assert_eq!(codec_to(&office, 0), Codec::Pcma);
    let versions: Vec<u64> = offers(&mut office, 0).iter().filter_map(|offer| version(offer)).collect();
    assert!(!versions.is_empty() && versions.is_sorted(), "{versions:?}");
    assert_eq!(office.phones[0].up.len(), 1);
    office.hook(line(1), false);
    office.close();
}

fn version(offer: &str) -> Option<u64> {
    offer.lines().find_map(|line| line.strip_prefix("o="))?.split(' ').nth(2)?.parse().ok()
}

#[test]
fn a_carrier_that_has_g711_is_left_alone_and_its_t38_refused() {
    let mut office = office("PCMA");
    fax(&mut office);
    assert!(offers(&mut office, 1).is_empty(), "nothing is to be changed");
    let (session, now) = (office.phones[1].up[0], office.now().instant);
    for offer in [T38.to_owned(), T38.replace("m=image", "m=audio 0 RTP/AVP 8\r\nm=image")] {
        office.phones[1].offer_text(now, session, &offer);
        office.seconds(1);
        assert_eq!(std::mem::take(&mut office.phones[1].refused_offers), [488], "{offer}");
    }
    assert_eq!((office.phones[1].up.len(), codec_to(&office, 1)), (1, Codec::Pcma), "the call goes on");
    assert_eq!(office.books.bridge().len(), 2);
    close(office);
}

#[test]
fn a_peer_that_refuses_keeps_what_it_has() {
    let mut office = wide_call();
    office.phones[0].refuses_offers = Some(488);
    fax(&mut office);
    office.seconds(5);
    assert_eq!((office.phones[0].up.len(), codec_to(&office, 0)), (1, Codec::G722));
    office.hook(line(1), false);
    office.close();
}
