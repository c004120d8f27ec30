use super::cipher::Cipher;
use super::*;
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// A packet in a buffer with room to grow.
fn room(packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + MAX_GROWTH, 0);
    buffer
}

fn key(profile: Profile, fill: u8) -> MasterKey {
    let bytes: Vec<u8> = (0..profile.key_length() + profile.salt_length()).map(|n| n as u8 ^ fill).collect();
    MasterKey::new(profile, &bytes).unwrap()
}

fn rtp(sequence: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 8];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 1, 0x40]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0xd5; 160]);
    packet
}

fn check_rtp(mut sender: Sender, mut receiver: Receiver, plain: &str, protected: &str) {
    let (plain, protected) = (hex(plain), hex(protected));
    let mut buffer = room(&plain);
    let length = sender.seal_rtp(&mut buffer, plain.len()).unwrap();
    assert_eq!(&buffer[..length], &protected[..]);
    let length = receiver.open_rtp(&mut buffer[..length]).unwrap();
    assert_eq!(&buffer[..length], &plain[..]);
    assert_eq!(receiver.open_rtp(&mut protected.clone()), Err(Refused::Replayed));
}

fn check_rtcp(mut sender: Sender, mut receiver: Receiver, plain: &str, protected: &str) {
    let (plain, protected) = (hex(plain), hex(protected));
    let mut buffer = room(&plain);
    let length = sender.seal_rtcp(&mut buffer, plain.len()).unwrap();
    assert_eq!(&buffer[..length], &protected[..]);
    let length = receiver.open_rtcp(&mut buffer[..length]).unwrap();
    assert_eq!(&buffer[..length], &plain[..]);
    assert_eq!(receiver.open_rtcp(&mut protected.clone()), Err(Refused::Replayed));
}

/// The master key of RFC 3711 appendix B.3 and the packets that libsrtp validates itself with.
#[test]
fn aes_128_counter_mode() {
    let master = hex("e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6");
    let master = MasterKey::new(Profile::AesCm128Sha1Tag80, &master).unwrap();
    let pair = || (Sender::new(&master).unwrap(), Receiver::new(&master).unwrap());
    let (sender, receiver) = pair();
    check_rtp(
        sender,
        receiver,
        "800f1234decafbadcafebabe abababababababababababababababab",
        "800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb",
    );
    let (sender, receiver) = pair();
    check_rtcp(
        sender,
        receiver,
        "81c8000bcafebabe abababababababababababababababab",
        "81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798",
    );
}

/// The master key of RFC 6188 §7.3 and a packet that libsrtp validates itself with.
#[test]
fn aes_256_counter_mode() {
    let master = hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6 3b04803de51ee7c96423ab5b78d2");
    let master = MasterKey::new(Profile::AesCm256Sha1Tag80, &master).unwrap();
    check_rtp(
        Sender::new(&master).unwrap(),
        Receiver::new(&master).unwrap(),
        "800f1234decafbadcafebabe abababababababababababababababab",
        "800f1234decafbadcafebabe f1d9de17ff251ff1aa007774b0b4b40d a08d9d9a5b3a55d8873b",
    );
}

const RTP: &str =
    "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
const RTCP: &str =
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

fn galois(profile: Profile) -> (Sender, Receiver) {
    let session: Vec<u8> = (0..profile.key_length() as u8).collect();
    let salt = *b"Quid pro quo";
    let cipher = || Cipher::of_session_keys(profile, &session, salt).unwrap();
    // The vectors of §17 have the index 0x5d4.
    (Sender::with_cipher(cipher(), key(profile, 0), 0x5d3), Receiver::with_cipher(cipher(), key(profile, 0)))
}

/// RFC 7714 §16.1 and §16.2.
#[test]
fn galois_counter_mode_of_rtp() {
    let (sender, receiver) = galois(Profile::AeadAes128Gcm);
    let expected =
        "8040f17b8041f8d35501a0b2 f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833
                    899d7f27beb16a9152cf765ee4390cce";
    check_rtp(sender, receiver, RTP, expected);
    let (sender, receiver) = galois(Profile::AeadAes256Gcm);
    let expected =
        "8040f17b8041f8d35501a0b2 32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b
                    7aa3db36dfffd6b0f9bb7878d7a76c13";
    check_rtp(sender, receiver, RTP, expected);
}

/// RFC 7714 §17.1 to §17.3.
#[test]
fn galois_counter_mode_of_rtcp() {
    let (sender, receiver) = galois(Profile::AeadAes128Gcm);
    let expected =
        "81c8000d4d617273 63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b
                    c84aa45896cf4d2fc5abf87245d9eade 800005d4";
    check_rtcp(sender, receiver, RTCP, expected);
    let (sender, receiver) = galois(Profile::AeadAes256Gcm);
    let expected =
        "81c8000d4d617273 d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad
                    1d1eb30c4446839f57ff6f6cb26ac3be 800005d4";
    check_rtcp(sender, receiver, RTCP, expected);
    // Tagged only.
    let (_, mut receiver) = galois(Profile::AeadAes128Gcm);
    let mut tagged = hex(&format!("{RTCP} 841dd9683dd78ec92ae58790125f62b3 000005d4"));
    let length = receiver.open_rtcp(&mut tagged).unwrap();
    assert_eq!(&tagged[..length], &hex(RTCP)[..]);
}

#[test]
fn another_key_a_changed_bit_and_a_replay_are_refused_and_counted() {
    for profile in Profile::ALL {
        let mut sender = Sender::new(&key(profile, 1)).unwrap();
        let (mut right, mut wrong) =
            (Receiver::new(&key(profile, 1)).unwrap(), Receiver::new(&key(profile, 2)).unwrap());
        let mut buffer = room(&rtp(1, 7));
        let length = sender.seal_rtp(&mut buffer, 172).unwrap();
        assert_eq!(length, 172 + profile.tag_length());
        let protected = buffer[..length].to_vec();
        assert_eq!(wrong.open_rtp(&mut protected.clone()), Err(Refused::Unauthentic), "{profile:?}");
        for at in 2..length {
            let mut changed = protected.clone();
            changed[at] ^= 1;
            assert!(right.open_rtp(&mut changed).is_err(), "{profile:?}, byte {at}");
        }
        assert_eq!(right.open_rtp(&mut protected.clone()), Ok(172));
        assert_eq!(right.open_rtp(&mut protected.clone()), Err(Refused::Replayed));
        assert_eq!((right.replayed(), wrong.unauthentic()), (1, 1));
        assert!(right.unauthentic() > 100);
        for cut in 0..length {
            assert!(right.open_rtp(&mut protected[..cut].to_vec()).is_err());
            assert!(right.open_rtcp(&mut protected[..cut].to_vec()).is_err());
        }
    }
}

#[test]
fn an_index_is_never_used_twice_and_a_sender_has_one_source() {
    let mut sender = Sender::new(&key(Profile::AesCm128Sha1Tag80, 1)).unwrap();
    let mut seal = |sequence, ssrc| sender.seal_rtp(&mut room(&rtp(sequence, ssrc)), 172).is_some();
    assert!(seal(10, 1) && seal(12, 1) && seal(11, 1));
    assert!(!seal(11, 1) && !seal(13, 2) && seal(13, 1));
}

#[test]
fn the_counter_rolls_over_on_both_sides_and_a_new_source_begins_at_zero() {
    let master = key(Profile::AeadAes128Gcm, 3);
    let (mut sender, mut receiver) = (Sender::new(&master).unwrap(), Receiver::new(&master).unwrap());
    let mut pass = |sender: &mut Sender, sequence: u16, ssrc: u32, lost: bool| {
        let mut buffer = room(&rtp(sequence, ssrc));
        let length = sender.seal_rtp(&mut buffer, 172).unwrap();
        if !lost {
            assert_eq!(receiver.open_rtp(&mut buffer[..length]), Ok(172), "{sequence}");
            assert_eq!(&buffer[..172], &rtp(sequence, ssrc)[..]);
        }
    };
    for n in 0..200_000_u32 {
        // One in seven is lost, and so is a run of 20 000.
        pass(&mut sender, (60_000 + n) as u16, 1, n % 7 == 0 || (70_000..90_000).contains(&n));
    }
    let mut other = Sender::new(&master).unwrap();
    for n in 0..20 {
        pass(&mut other, 65_530_u16.wrapping_add(n), 2, false);
    }
    // More sources than are remembered.
    for ssrc in 10..60 {
        pass(&mut Sender::new(&master).unwrap(), 1, ssrc, false);
    }
}

#[test]
fn a_key_identifier_is_required_and_taken_off() {
    for profile in Profile::ALL {
        let master = key(profile, 1);
        let with = master.clone().with_mki(&[0, 0, 0, 5]).unwrap();
        let mut sender = Sender::new(&master).unwrap();
        let mut receiver = Receiver::new(&with).unwrap();
        let mut buffer = room(&rtp(1, 7));
        let length = sender.seal_rtp(&mut buffer, 172).unwrap();
        let tag = if profile.is_aead() { 0 } else { profile.tag_length() };
        let mut protected = buffer[..length].to_vec();
        assert_eq!(receiver.open_rtp(&mut protected.clone()), Err(Refused::Unauthentic));
        protected.splice(length - tag..length - tag, [0, 0, 0, 5]);
        assert_eq!(receiver.open_rtp(&mut protected), Ok(172));
        assert_eq!(&protected[..172], &rtp(1, 7)[..]);
        let plain = hex(RTCP);
        let mut buffer = room(&plain);
        let length = sender.seal_rtcp(&mut buffer, plain.len()).unwrap();
        let tag = if profile.is_aead() { 0 } else { 10 };
        let mut protected = buffer[..length].to_vec();
        protected.splice(length - tag..length - tag, [0, 0, 0, 5]);
        assert_eq!(receiver.open_rtcp(&mut protected), Ok(plain.len()));
    }
    assert!(key(Profile::AeadAes128Gcm, 1).with_mki(&[0; 17]).is_none());
}

#[test]
fn keys_are_not_shown() {
    let bytes = [0xa5; 30];
    let master = MasterKey::new(Profile::AesCm128Sha1Tag80, &bytes).unwrap();
    let shown = format!("{master:?} {:?} {:?}", Sender::new(&master), Receiver::new(&master));
    assert!(!shown.contains("165") && !shown.contains("a5") && shown.contains("AesCm128Sha1Tag80"), "{shown}");
    assert!(MasterKey::new(Profile::AesCm256Sha1Tag80, &bytes).is_none());
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_harm(mut bytes in proptest::collection::vec(any::<u8>(), 0..1600), which in 0..6_usize) {
        let mut receiver = Receiver::new(&key(Profile::ALL[which], 9)).unwrap();
        prop_assert!(receiver.open_rtp(&mut bytes).is_err());
        prop_assert!(receiver.open_rtcp(&mut bytes).is_err());
        let length = bytes.len();
        let mut sender = Sender::new(&key(Profile::ALL[which], 9)).unwrap();
        bytes.resize(length + MAX_GROWTH, 0);
        let _ = sender.seal_rtp(&mut bytes, length);
        let _ = sender.seal_rtcp(&mut bytes, length);
    }
}
