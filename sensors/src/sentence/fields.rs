//! The fields of a `$` sentence, one after another, in and out. Source: IEC 61162-1, section 7.2.

use super::{Reject, decimal, xor};
use crate::Span;
use std::fmt::Write;

/// A sentence of these fields, with start, checksum and no line end: `!` before VDM and VDO, `$` before others.
///
/// ```
/// use sensors::sentence::compose;
///
/// assert_eq!(compose("HEHDT", "119.9,T"), "$HEHDT,119.9,T*2F");
/// ```
pub fn compose(address: &str, fields: &str) -> String {
    let start = if address.ends_with("VDM") || address.ends_with("VDO") { '!' } else { '$' };
    let body = format!("{address},{fields}");
    format!("{start}{body}*{:02X}", xor(body.as_bytes()))
}

/// Reads fields in order. An empty field, and one beyond the last, is `None`: older editions of a sentence
/// are shorter. A field that is not what its place demands is `MalformedFields`.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    rest: Option<&'a [u8]>,
}

type Read<T> = Result<Option<T>, Reject>;

impl<'a> Fields<'a> {
    pub(crate) fn new(fields: &'a [u8]) -> Self {
        Fields { rest: Some(fields) }
    }

    /// How many fields are left.
    pub(crate) fn left(&self) -> usize {
        self.rest.map_or(0, |rest| 1 + rest.iter().filter(|&&b| b == b',').count())
    }

    fn raw(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let field = match rest.iter().position(|&b| b == b',') {
            Some(comma) => {
                self.rest = Some(&rest[comma + 1..]);
                &rest[..comma]
            }
            None => {
                self.rest = None;
                rest
            }
        };
        Some(field.trim_ascii()).filter(|field| !field.is_empty())
    }

    /// A decimal number of at most 15 characters, `-12.5`.
    pub(crate) fn number(&mut self) -> Read<f64> {
        self.raw().map(number).transpose()
    }

    /// A number that is not below zero; below it is `None`.
    pub(crate) fn amount(&mut self) -> Read<f64> {
        Ok(self.number()?.filter(|&n| n >= 0.0))
    }

    /// Degrees of a circle; outside 0-360 is `None`.
    pub(crate) fn angle(&mut self) -> Read<f64> {
        Ok(self.number()?.filter(|n| (0.0..=360.0).contains(n)))
    }

    /// A whole number that fits `T`; some write it with a point and zeros.
    pub(crate) fn whole<T: TryFrom<u64>>(&mut self) -> Read<T> {
        let Some(field) = self.raw() else { return Ok(None) };
        let digits = match field.iter().position(|&b| b == b'.') {
            Some(dot) if field[dot + 1..].iter().all(|&b| b == b'0') => &field[..dot],
            _ => field,
        };
        let n = decimal(digits).and_then(|n| T::try_from(n).ok());
        n.map(Some).ok_or(Reject::MalformedFields)
    }

    /// One letter.
    pub(crate) fn letter(&mut self) -> Read<char> {
        match self.raw() {
            None => Ok(None),
            Some(&[letter]) if letter.is_ascii_graphic() => Ok(Some(char::from(letter))),
            Some(_) => Err(Reject::MalformedFields),
        }
    }

    /// One of the letters that `known` tells the meaning of.
    pub(crate) fn choice<T: Copy>(&mut self, known: &[(char, T)]) -> Read<T> {
        let Some(letter) = self.letter()? else { return Ok(None) };
        let meaning = known.iter().find(|(known, _)| *known == letter).map(|(_, meaning)| *meaning);
        meaning.map(Some).ok_or(Reject::MalformedFields)
    }

    /// Text; `^hh` stands for the character of that code, bytes that are no text for U+FFFD.
    pub(crate) fn text(&mut self) -> Option<String> {
        self.raw().map(text)
    }

    /// All that is left, commas included, as one text.
    pub(crate) fn rest_as_text(&mut self) -> Option<String> {
        self.rest.take().map(|rest| text(rest.trim_ascii())).filter(|text| !text.is_empty())
    }

    /// `hhmmss` or `hhmmss.ss` as the time since midnight UTC; a date before it (`yyyymmddhhmmss`), which the
    /// US Coast Guard writes, is passed over.
    pub(crate) fn clock(&mut self) -> Read<Span> {
        let Some(field) = self.raw() else { return Ok(None) };
        let dot = field.iter().position(|&b| b == b'.').unwrap_or(field.len());
        let (whole, fraction) = (&field[..dot], field.get(dot + 1..).unwrap_or_default());
        let digits = match whole.len() {
            6 => whole,
            14 => &whole[8..],
            _ => return Err(Reject::MalformedFields),
        };
        let two = |at: usize| decimal(&digits[at..at + 2]);
        let clock = two(0).zip(two(2)).zip(two(4));
        // 60 is a leap second.
        let Some(((hours @ 0..24, minutes @ 0..60), seconds @ 0..=60)) = clock else {
            return Err(Reject::MalformedFields);
        };
        let mut millis = ((hours * 60 + minutes) * 60 + seconds) * 1000;
        for (digit, unit) in fraction.iter().zip([100, 10, 1]) {
            millis += decimal(&[*digit]).ok_or(Reject::MalformedFields)? * unit;
        }
        Ok(Some(Span::from_millis(millis as i64)))
    }

    /// `llll.ll,a,yyyyy.yy,a`: latitude and longitude in degrees, north and east positive. Off the globe is `None`.
    pub(crate) fn position(&mut self) -> Read<(f64, f64)> {
        let latitude = self.half(&[('N', 1.0), ('S', -1.0)])?.filter(|lat| lat.abs() <= 90.0);
        let longitude = self.half(&[('E', 1.0), ('W', -1.0)])?.filter(|lon| lon.abs() <= 180.0);
        Ok(latitude.zip(longitude))
    }

    fn half(&mut self, sides: &[(char, f64)]) -> Read<f64> {
        let (angle, sign) = (self.amount()?, self.choice(sides)?);
        let degrees = |angle: f64| {
            let whole = (angle / 100.0).trunc();
            let minutes = angle - whole * 100.0;
            (minutes < 60.0).then_some(whole + minutes / 60.0)
        };
        Ok(angle.and_then(degrees).zip(sign).map(|(degrees, sign)| degrees * sign))
    }
}

/// The letter that `known` has for a meaning.
pub(crate) fn choice<T: Copy + PartialEq>(known: &[(char, T)], meaning: Option<T>) -> Option<char> {
    known.iter().find(|(_, known)| Some(*known) == meaning).map(|(letter, _)| *letter)
}

fn number(field: &[u8]) -> Result<f64, Reject> {
    let unsigned = field.strip_prefix(b"-").unwrap_or(field);
    let plain = field.len() <= 15
        && unsigned.first().is_some_and(|&b| b.is_ascii_digit() || b == b'.')
        && unsigned.iter().all(|&b| b.is_ascii_digit() || b == b'.');
    let text = std::str::from_utf8(field).ok().filter(|_| plain);
    text.and_then(|text| text.parse().ok()).ok_or(Reject::MalformedFields)
}

fn text(field: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&b, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| b == b'^').and_then(super::hex_byte);
        bytes.push(code.unwrap_or(b));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes fields in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    text: String,
    begun: bool,
}

impl Written {
    /// The sentence of all fields so far.
    pub(crate) fn compose(&self, talker: &str, formatter: &str) -> String {
        compose(&format!("{talker}{formatter}"), &self.text)
    }

    /// A field as it is displayed; empty for `None`.
    pub(crate) fn field(&mut self, value: Option<impl std::fmt::Display>) -> &mut Self {
        if std::mem::replace(&mut self.begun, true) {
            self.text.push(',');
        }
        if let Some(value) = value {
            write!(self.text, "{value}").expect("a string takes whatever is written");
        }
        self
    }

    /// Text, with what has a meaning in sentences as `^hh`.
    pub(crate) fn text(&mut self, text: Option<&str>) -> &mut Self {
        self.field(Some(""));
        for &b in text.unwrap_or_default().as_bytes() {
            match b {
                b'!' | b'$' | b'*' | b',' | b'\\' | b'^' | b'~' => write!(self.text, "^{b:02X}"),
                b' '..=b'~' => write!(self.text, "{}", char::from(b)),
                _ => write!(self.text, "^{b:02X}"),
            }
            .expect("a string takes whatever is written");
        }
        self
    }

    /// `hhmmss.ss`, milliseconds cut to hundredths.
    pub(crate) fn clock(&mut self, clock: Option<Span>) -> &mut Self {
        let clock = clock.map(|clock| {
            let hundredths = clock.as_millis().rem_euclid(24 * 3_600_000) / 10;
            let (seconds, rest) = (hundredths / 100, hundredths % 100);
            format!("{:02}{:02}{:02}.{rest:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
        });
        self.field(clock)
    }

    /// `llll.lllll,a,yyyyy.yyyyy,a`, to 1/100000 minute.
    pub(crate) fn position(&mut self, position: Option<(f64, f64)>) -> &mut Self {
        let half = |degrees: f64, width: usize| {
            let units = (degrees.abs() * 6_000_000.0).round() as u64;
            let (whole, minutes) = (units / 6_000_000, units % 6_000_000);
            format!("{whole:0width$}{:02}.{:05}", minutes / 100_000, minutes % 100_000)
        };
        let (lat, lon) = position.unzip();
        self.field(lat.map(|lat| half(lat, 2))).field(lat.map(|lat| if lat < 0.0 { 'S' } else { 'N' }));
        self.field(lon.map(|lon| half(lon, 3))).field(lon.map(|lon| if lon < 0.0 { 'W' } else { 'E' }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_field_and_one_beyond_the_last_are_absent() {
        let mut fields = Fields::new(b"12.5,,A");
        assert_eq!(fields.left(), 3);
        assert_eq!(fields.number(), Ok(Some(12.5)));
        assert_eq!(fields.number(), Ok(None));
        assert_eq!(fields.letter(), Ok(Some('A')));
        assert_eq!((fields.number(), fields.left()), (Ok(None), 0));
    }

    #[test]
    fn a_number_is_digits_and_a_point_and_nothing_cleverer() {
        for text in ["inf", "nan", "1e5", "+1", "--1", "", "-", "1.2.3", "0x10", "1234567890123456"] {
            let text = format!("{text}x");
            assert_eq!(Fields::new(text.as_bytes()).number(), Err(Reject::MalformedFields), "{text}");
        }
        for text in ["inf", "nan", "1e5", "+1", "--1", "-", ".", "1.2.3"] {
            assert_eq!(Fields::new(text.as_bytes()).number(), Err(Reject::MalformedFields), "{text}");
        }
        assert_eq!(Fields::new(b"-.5").number(), Ok(Some(-0.5)));
        assert_eq!(Fields::new(b"361").angle(), Ok(None));
        assert_eq!(Fields::new(b"12.0").whole::<u8>(), Ok(Some(12)));
        assert_eq!(Fields::new(b"256").whole::<u8>(), Err(Reject::MalformedFields));
    }

    #[test]
    fn reads_the_clock_with_and_without_a_fraction_or_a_date() {
        let read = |text: &str| Fields::new(text.as_bytes()).clock().map(|clock| clock.map(Span::as_millis));
        assert_eq!(read("010203"), Ok(Some(3_723_000)));
        assert_eq!(read("010203.4"), Ok(Some(3_723_400)));
        assert_eq!(read("20260101010203"), Ok(Some(3_723_000)));
        for bad in ["240000", "016000", "000061", "12", "1234567", "01020x", "010203.x"] {
            assert_eq!(read(bad), Err(Reject::MalformedFields), "{bad}");
        }
    }

    #[test]
    fn a_position_needs_all_four_fields_and_a_globe() {
        let read = |text: &str| Fields::new(text.as_bytes()).position();
        assert_eq!(read("1030.0,N,10315.0,W"), Ok(Some((10.5, -103.25))));
        for absent in [",,,", "1030.0,N,,", "1030.0,,10315.0,E", "9100.0,N,10315.0,E", "1060.0,N,10315.0,E"] {
            assert_eq!(read(absent), Ok(None), "{absent}");
        }
        assert_eq!(read("1030.0,X,10315.0,E"), Err(Reject::MalformedFields));
    }

    proptest! {
        #[test]
        fn text_and_place_read_back_as_written(text in any::<String>(), lat in -9_000_000..=9_000_000, lon in -18_000_000..=18_000_000) {
            let place = (f64::from(lat) / 100_000.0, f64::from(lon) / 100_000.0);
            let mut written = Written::default();
            written.position(Some(place)).text(Some(&text));
            let mut fields = Fields::new(written.text.as_bytes());
            let read = fields.position().unwrap().unwrap();
            prop_assert!((read.0 - place.0).abs() < 1e-7 && (read.1 - place.1).abs() < 1e-7);
            let trimmed = text.trim_matches(' ');
            let read = fields.text().unwrap_or_default();
            prop_assert_eq!(read.trim_matches(' '), trimmed);
        }
    }
}
