//! Internet facsimile packets: ITU-T T.38 §7 and Annex A, in the aligned packed encoding rules (X.691).
//!
//! Two encodings are on the wire: that of version 0 (1998), in which the kind of a field is not extensible, and that of all later
//! versions. The session description says which (`T38FaxVersion`); versions after 0 are written alike as far as they agree.

use thiserror::Error;

/// Fields in a packet at most: a bound of ours.
pub const MAX_FIELDS: usize = 16;

/// A signal without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of Annex A")]
pub enum Indicator {
    NoSignal,
    Cng,
    Ced,
    V21Preamble,
    V27Training2400,
    V27Training4800,
    V29Training7200,
    V29Training9600,
    V17ShortTraining7200,
    V17LongTraining7200,
    V17ShortTraining9600,
    V17LongTraining9600,
    V17ShortTraining12000,
    V17LongTraining12000,
    V17ShortTraining14400,
    V17LongTraining14400,
}

impl Indicator {
    /// In the order of Annex A.
    pub const ALL: [Indicator; 16] = [
        Indicator::NoSignal,
        Indicator::Cng,
        Indicator::Ced,
        Indicator::V21Preamble,
        Indicator::V27Training2400,
        Indicator::V27Training4800,
        Indicator::V29Training7200,
        Indicator::V29Training9600,
        Indicator::V17ShortTraining7200,
        Indicator::V17LongTraining7200,
        Indicator::V17ShortTraining9600,
        Indicator::V17LongTraining9600,
        Indicator::V17ShortTraining12000,
        Indicator::V17LongTraining12000,
        Indicator::V17ShortTraining14400,
        Indicator::V17LongTraining14400,
    ];
}

/// The modem that data came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of Annex A")]
pub enum Modulation {
    V21,
    V27At2400,
    V27At4800,
    V29At7200,
    V29At9600,
    V17At7200,
    V17At9600,
    V17At12000,
    V17At14400,
}

impl Modulation {
    /// In the order of Annex A.
    pub const ALL: [Modulation; 9] = [
        Modulation::V21,
        Modulation::V27At2400,
        Modulation::V27At4800,
        Modulation::V29At7200,
        Modulation::V29At9600,
        Modulation::V17At7200,
        Modulation::V17At9600,
        Modulation::V17At12000,
        Modulation::V17At14400,
    ];
}

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of Annex A")]
pub enum FieldKind {
    HdlcData,
    HdlcSignalEnd,
    HdlcFcsOk,
    HdlcFcsBad,
    HdlcFcsOkSignalEnd,
    HdlcFcsBadSignalEnd,
    NonEcmData,
    NonEcmSignalEnd,
}

impl FieldKind {
    /// In the order of Annex A.
    pub const ALL: [FieldKind; 8] = [
        FieldKind::HdlcData,
        FieldKind::HdlcSignalEnd,
        FieldKind::HdlcFcsOk,
        FieldKind::HdlcFcsBad,
        FieldKind::HdlcFcsOkSignalEnd,
        FieldKind::HdlcFcsBadSignalEnd,
        FieldKind::NonEcmData,
        FieldKind::NonEcmSignalEnd,
    ];
}

/// A field of a data packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// What it is.
    pub kind: FieldKind,
    /// Its octets; none when it has no data.
    pub data: &'a [u8],
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nothing is allocated on the tick")]
pub enum Ifp<'a> {
    /// A signal without data.
    Indicator(Indicator),
    /// Data of a modem.
    Data(Modulation, Fields<'a>),
}

/// Fields, in order.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    fields: [Field<'a>; MAX_FIELDS],
    count: usize,
}

impl<'a> Fields<'a> {
    /// Some fields; `None` for more than [`MAX_FIELDS`].
    pub fn new(fields: &[Field<'a>]) -> Option<Self> {
        let mut all = Fields::EMPTY;
        all.fields.get_mut(..fields.len())?.copy_from_slice(fields);
        all.count = fields.len();
        Some(all)
    }

    const EMPTY: Self = Fields { fields: [Field { kind: FieldKind::HdlcData, data: &[] }; MAX_FIELDS], count: 0 };

    /// The fields.
    pub fn as_slice(&self) -> &[Field<'a>] {
        self.fields.get(..self.count).unwrap_or_default()
    }
}

impl PartialEq for Fields<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Fields<'_> {}

/// Why a packet cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IfpError {
    /// It ends before it is over.
    #[error("the packet is cut off")]
    CutOff,
    /// A signal, modem or field of a later version (V.8, V.34): to be passed over.
    #[error("the packet is of a kind we do not know")]
    Unknown,
    /// It breaks the encoding: an indicator with data, a field too many.
    #[error("the packet is malformed")]
    Malformed,
}

/// The version of the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `T38FaxVersion` 0.
    First,
    /// All later ones.
    Later,
}

impl<'a> Ifp<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// [`IfpError`].
    pub fn read(bytes: &'a [u8], encoding: Encoding) -> Result<Self, IfpError> {
        let (&first, rest) = bytes.split_first().ok_or(IfpError::CutOff)?;
        let (has_fields, is_data, extended) = (first & 0x80 != 0, first & 0x40 != 0, first & 0x20 != 0);
        if extended {
            return Err(IfpError::Unknown);
        }
        let value = usize::from(first >> 1 & 15);
        if !is_data {
            let indicator = Indicator::ALL.get(value).ok_or(IfpError::Unknown)?;
            return if has_fields { Err(IfpError::Malformed) } else { Ok(Ifp::Indicator(*indicator)) };
        }
        let modulation = *Modulation::ALL.get(value).ok_or(IfpError::Unknown)?;
        let fields = if has_fields { read_fields(rest, encoding)? } else { Fields::EMPTY };
        Ok(Ifp::Data(modulation, fields))
    }

    /// Appends the packet. Data of a field beyond 65 535 octets is left out.
    pub fn write(&self, encoding: Encoding, out: &mut Vec<u8>) {
        match self {
            Ifp::Indicator(indicator) => out.push((*indicator as u8) << 1),
            Ifp::Data(modulation, fields) => {
                let fields = fields.as_slice();
                out.push(if fields.is_empty() { 0x40 } else { 0xc0 } | (*modulation as u8) << 1);
                if fields.is_empty() {
                    return;
                }
                out.push(fields.len() as u8);
                for field in fields {
                    let data = field.data.get(..field.data.len().min(65_535)).unwrap_or_default();
                    let shift = if encoding == Encoding::First { 4 } else { 3 };
                    out.push(if data.is_empty() { 0 } else { 0x80 } | (field.kind as u8) << shift);
                    if !data.is_empty() {
                        out.extend(((data.len() - 1) as u16).to_be_bytes());
                        out.extend(data);
                    }
                }
            }
        }
    }
}

fn read_fields(bytes: &[u8], encoding: Encoding) -> Result<Fields<'_>, IfpError> {
    let (&count, mut rest) = bytes.split_first().ok_or(IfpError::CutOff)?;
    let mut fields = Fields::EMPTY;
    for place in 0..usize::from(count) {
        let (&head, after) = rest.split_first().ok_or(IfpError::CutOff)?;
        rest = after;
        let kind = match encoding {
            Encoding::First => head >> 4 & 7,
            Encoding::Later if head & 0x40 != 0 => return Err(IfpError::Unknown),
            Encoding::Later => head >> 3 & 7,
        };
        let mut data: &[u8] = &[];
        if head & 0x80 != 0 {
            let (length, after) = rest.split_first_chunk::<2>().ok_or(IfpError::CutOff)?;
            let length = usize::from(u16::from_be_bytes(*length)) + 1;
            (data, rest) = after.split_at_checked(length).ok_or(IfpError::CutOff)?;
        }
        let kind = *FieldKind::ALL.get(usize::from(kind)).ok_or(IfpError::Unknown)?;
        *fields.fields.get_mut(place).ok_or(IfpError::Malformed)? = Field { kind, data };
        fields.count = place + 1;
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(ifp: &Ifp<'_>, encoding: Encoding) -> Vec<u8> {
        let mut out = Vec::new();
        ifp.write(encoding, &mut out);
        out
    }

    #[test]
    fn packets_are_those_seen_on_the_wire() {
        assert_eq!(written(&Ifp::Indicator(Indicator::NoSignal), Encoding::First), [0x00]);
        assert_eq!(written(&Ifp::Indicator(Indicator::Cng), Encoding::First), [0x02]);
        assert_eq!(written(&Ifp::Indicator(Indicator::Ced), Encoding::First), [0x04]);
        assert_eq!(written(&Ifp::Indicator(Indicator::V21Preamble), Encoding::Later), [0x06]);
        assert_eq!(written(&Ifp::Indicator(Indicator::V17LongTraining14400), Encoding::Later), [0x1e]);
        let address = Field { kind: FieldKind::HdlcData, data: &[0xff, 0xc8] };
        let data = |field: Field<'static>| Ifp::Data(Modulation::V21, Fields::new(&[field]).unwrap());
        assert_eq!(written(&data(address), Encoding::First), [0xc0, 1, 0x80, 0, 1, 0xff, 0xc8]);
        let end = Field { kind: FieldKind::HdlcFcsOkSignalEnd, data: &[] };
        assert_eq!(written(&data(end), Encoding::First), [0xc0, 1, 0x40]);
        assert_eq!(written(&data(end), Encoding::Later), [0xc0, 1, 0x20]);
        let page = Field { kind: FieldKind::NonEcmData, data: &[0x55; 3] };
        let page = Ifp::Data(Modulation::V29At9600, Fields::new(&[page]).unwrap());
        assert_eq!(written(&page, Encoding::First), [0xc8, 1, 0xe0, 0, 2, 0x55, 0x55, 0x55]);
    }

    #[test]
    fn what_is_cut_off_extended_or_too_much_is_refused() {
        let first = |bytes: &[u8]| Ifp::read(bytes, Encoding::First).map(|_| ()).unwrap_err();
        assert_eq!(first(&[]), IfpError::CutOff);
        assert_eq!(first(&[0xc0]), IfpError::CutOff);
        assert_eq!(first(&[0xc0, 1, 0x80, 0]), IfpError::CutOff);
        assert_eq!(first(&[0xc0, 1, 0x80, 0, 4, 1]), IfpError::CutOff);
        assert_eq!(first(&[0x20]), IfpError::Unknown);
        assert_eq!(first(&[0x52]), IfpError::Unknown);
        assert_eq!(first(&[0x80]), IfpError::Malformed);
        let many: Vec<u8> = [0xc0, 17].into_iter().chain([0x10; 17]).collect();
        assert_eq!(first(&many), IfpError::Malformed);
        assert_eq!(Ifp::read(&[0xc0, 1, 0x40], Encoding::Later).unwrap_err(), IfpError::Unknown);
    }

    proptest! {
        #[test]
        fn packets_are_read_as_written(first: bool, modulation in 0usize..9, fields in proptest::collection::vec((0usize..8, proptest::collection::vec(any::<u8>(), 0..300)), 0..=MAX_FIELDS)) {
            let encoding = if first { Encoding::First } else { Encoding::Later };
            let fields: Vec<Field<'_>> = fields.iter().map(|(kind, data)| Field { kind: FieldKind::ALL[*kind], data }).collect();
            let ifp = Ifp::Data(Modulation::ALL[modulation], Fields::new(&fields).unwrap());
            let bytes = written(&ifp, encoding);
            prop_assert_eq!(Ifp::read(&bytes, encoding), Ok(ifp));
        }

        #[test]
        fn any_bytes_are_harmless(bytes in proptest::collection::vec(any::<u8>(), 0..400), first: bool) {
            let _ = Ifp::read(&bytes, if first { Encoding::First } else { Encoding::Later });
        }
    }
}
