//! The country tables are whole.

use std::time::Duration;

use offhook_lines::country::{Country, ToneKind};

#[test]
fn nine_countries_are_there() {
    assert_eq!(Country::codes(), ["BE", "CH", "DE", "ES", "FR", "GB", "IT", "LU", "US"]);
    assert_eq!(Country::find("fr").map(|c| c.code), Some("FR"));
    assert!(Country::find("XX").is_none());
    assert!(Country::find("").is_none());
}

#[test]
fn every_tone_can_be_played() {
    for code in Country::codes() {
        let country = Country::find(code).expect(code);
        for kind in ToneKind::ALL {
            let tone = country.tone(kind);
            let last = tone.last().unwrap_or_else(|| panic!("{code} {kind:?} is empty"));
            assert!(!last.once || last.duration.is_none(), "{code} {kind:?} ends in nothing");
            for (index, segment) in tone.iter().enumerate() {
                assert!(segment.hz.iter().all(|hz| (100.0..3400.0).contains(hz)), "{code} {kind:?} is not speech band");
                match segment.duration {
                    Some(length) => assert!(length >= Duration::from_millis(10), "{code} {kind:?} cannot be heard"),
                    None => assert_eq!(index, tone.len() - 1, "{code} {kind:?}: nothing follows for ever"),
                }
            }
            let level = country.frequency_level_dbm0(kind);
            assert!((-25.0..=-5.0).contains(&level), "{code} {kind:?} at {level} dBm0");
        }
    }
}

#[test]
fn cadences_and_windows_make_sense() {
    for code in Country::codes() {
        let country = Country::find(code).expect(code);
        let cadence = &country.ring_cadence;
        assert!(!cadence.is_empty() && cadence.len().is_multiple_of(2), "{code}: on, off, on, off");
        assert!(cadence.iter().all(|d| *d >= Duration::from_millis(200) && *d <= Duration::from_secs(5)), "{code}");
        assert!(cadence.iter().sum::<Duration>() <= Duration::from_secs(6), "{code}");
        assert!(country.longest_ring_silence() >= Duration::from_millis(1500), "{code}: room for caller ID");
        assert!(country.flash.0 < country.flash.1 && country.flash.1 <= Duration::from_secs(1), "{code}");
        assert!(country.answer_delay >= Duration::from_secs(5), "{code}");
    }
}

#[test]
fn well_known_tones_are_right() {
    let fr = Country::find("FR").expect("FR");
    assert_eq!(fr.tone(ToneKind::Dial)[0].hz, [440.0]);
    assert_eq!(fr.ring_cadence, [Duration::from_millis(1500), Duration::from_millis(3500)]);
    let us = Country::find("US").expect("US");
    assert_eq!(us.tone(ToneKind::Dial)[0].hz, [350.0, 440.0]);
    assert_eq!(us.tone(ToneKind::Busy)[0].hz, [480.0, 620.0]);
    assert_eq!(us.tone(ToneKind::Ringback)[0].hz, [440.0, 480.0]);
    assert!((us.frequency_level_dbm0(ToneKind::Dial) + 13.0).abs() < 0.02, "two frequencies share the level");
    let gb = Country::find("GB").expect("GB");
    assert_eq!(gb.tone(ToneKind::Ringback)[0].hz, [400.0, 450.0]);
    let de = Country::find("DE").expect("DE");
    assert_eq!(de.tone(ToneKind::Dial)[0].hz, [425.0]);
}
