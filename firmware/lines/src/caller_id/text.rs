//! Text for displays that know seven-bit characters only (ITU-T T.50).

/// A name as the display can show it: letters lose their accents, anything else unknown becomes a space. At most `most` characters.
pub(super) fn seven_bit(text: &str, most: usize) -> Vec<u8> {
    text.chars().flat_map(plain).take(most).collect()
}

fn plain(c: char) -> impl Iterator<Item = u8> {
    let plain: &str = match c {
        'À'..='Å' => "A",
        'Æ' => "AE",
        'Ç' => "C",
        'È'..='Ë' => "E",
        'Ì'..='Ï' => "I",
        'Ñ' => "N",
        'Ò'..='Ö' | 'Ø' => "O",
        'Ù'..='Ü' => "U",
        'Ý' => "Y",
        'ß' => "ss",
        'à'..='å' => "a",
        'æ' => "ae",
        'ç' => "c",
        'è'..='ë' => "e",
        'ì'..='ï' => "i",
        'ñ' => "n",
        'ò'..='ö' | 'ø' => "o",
        'ù'..='ü' => "u",
        'ý' | 'ÿ' => "y",
        'Œ' => "OE",
        'œ' => "oe",
        '’' | '‘' => "'",
        _ => "",
    };
    let itself = plain.is_empty().then(|| if c.is_ascii_graphic() { c as u8 } else { b' ' });
    plain.bytes().chain(itself)
}

/// What a display would show of received bytes: seven-bit characters; others (parity, national sets) as Latin-1; control characters
/// are left out.
pub(super) fn shown(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_accents_and_nothing_else() {
        assert_eq!(seven_bit("Éléonore Nuñez", 50), b"Eleonore Nunez");
        assert_eq!(seven_bit("Groß & Söhne", 50), b"Gross & Sohne");
        assert_eq!(seven_bit("東京\n1", 50), b"   1");
        assert_eq!(seven_bit("Bartholomew Longname", 15), b"Bartholomew Lon");
        assert_eq!(shown(b" Ann\x00a \x07"), "Anna");
    }
}
