//! The signed, numbered consignment: how it is written, signed, read and checked.
//!
//! On the wire: `WKC1`, the length of the header (4 bytes, little endian), the header (postcard), the signature of the
//! header (64 bytes, ed25519), and the lines, compressed. The header holds the SHA-256 of the lines as text, so that a
//! journal that holds header, signature and lines proves them without what went over the wire.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sensors::Time;
use sensors::sentence::tag_block;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::io::Read;

/// A SHA-256.
pub type Digest = [u8; 32];

/// What every consignment begins with: the name of this format.
const MAGIC: &[u8; 4] = b"WKC1";

/// Set before the header where it is signed, so that the signature means nothing anywhere else.
const CONTEXT: &[u8] = b"watchkeeper consignment 1\n";

/// No header is longer: two names of 32 bytes, two digests and some numbers.
const HEADER_MAX: usize = 1024;

/// Bytes of lines in one consignment, unpacked. A parcel holds at most 256 KiB and one full batch more.
pub const TEXT_MAX: usize = 2 << 20;

/// Lines in one consignment.
pub const LINES_MAX: u32 = 16_384;

/// Bytes of one consignment on the wire.
pub const WIRE_MAX: usize = TEXT_MAX + HEADER_MAX + 128;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The station.
    pub station: String,
    /// The receiver at the station; each has a chain of its own.
    pub receiver: String,
    /// The first number it holds: one more than the last of the consignment before.
    pub first: u64,
    /// The last number it holds, and its own.
    pub last: u64,
    /// The digest of the consignment before; zeros for the first of all.
    pub previous: Digest,
    /// How many lines.
    pub lines: u32,
    /// When the first line was heard, by the station's clock.
    pub heard_first: Time,
    /// When the last line was heard.
    pub heard_last: Time,
    /// SHA-256 of the lines, each ended by LF.
    pub text: Digest,
    /// What is missing here; then there are no lines.
    pub lost: Option<Lost>,
}

/// Lines that the station heard and could not keep: the gap in the record, with its size and its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Why.
    pub why: Why,
    /// How many lines; `None` where that is not known.
    pub lines: Option<u64>,
    /// When the first of them was heard.
    pub from: Time,
    /// When the last of them was heard.
    pub to: Time,
}

/// Why lines were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The spool, or the disk, was full.
    Full,
    /// Datagrams came faster than they could be kept.
    TooFast,
    /// The disk gave back something else than was written.
    Damaged,
    /// The centre had acknowledged them and has them no more.
    Forgotten,
    /// There were more than a receiver at one site can hear (`rate_limit`).
    Limited,
}

impl Why {
    fn words(self) -> &'static str {
        match self {
            Why::Full => "the spool was full",
            Why::TooFast => "they came faster than they could be kept",
            Why::Damaged => "the disk gave back something else",
            Why::Forgotten => "the centre has lost them",
            Why::Limited => "more than `rate_limit` allows",
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lines {
            Some(lines) => write!(f, "{lines} lines were lost there")?,
            None => write!(f, "lines were lost there, how many is not known")?,
        }
        write!(f, ": {}", self.why.words())
    }
}

impl Lost {
    /// Both together.
    pub fn and(self, other: Lost) -> Lost {
        Lost {
            why: self.why,
            lines: self.lines.zip(other.lines).map(|(a, b)| a + b),
            from: self.from.min(other.from),
            to: self.to.max(other.to),
        }
    }
}

/// The name of a chain, as the journal has it.
pub fn chain(station: &str, receiver: &str) -> String {
    format!("{station}/{receiver}")
}

/// The digest of a header as it was signed: what the next consignment calls the one before.
pub fn digest(header: &[u8]) -> Digest {
    Sha256::digest(header).into()
}

/// The SHA-256 of a text.
pub fn text_digest(text: &[u8]) -> Digest {
    Sha256::digest(text).into()
}

/// Writes a line with the TAG block that says when and where it was heard, and LF. A block that the line brings itself
/// comes later and so leads (`sensors::sentence::Tag::extend`).
pub fn stamp(out: &mut Vec<u8>, station: &str, heard_at: Time, line: &[u8]) {
    let block = tag_block::compose(&format!("c:{},s:{station}", heard_at.as_millis()));
    out.extend_from_slice(block.as_bytes());
    out.extend_from_slice(line);
    out.push(b'\n');
}

impl Header {
    /// As it is signed and sent.
    pub fn bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("a header is plain data; memory is the only limit")
    }
}

/// Signs a header and puts it before its lines, ready to be sent.
pub fn seal(key: &SigningKey, header: &[u8], text: &[u8]) -> Vec<u8> {
    let packed = pack(text);
    let mut wire = Vec::with_capacity(8 + header.len() + 64 + packed.len());
    wire.extend_from_slice(MAGIC);
    wire.extend_from_slice(&(header.len() as u32).to_le_bytes());
    wire.extend_from_slice(header);
    wire.extend_from_slice(&key.sign(&signed(header)).to_bytes());
    wire.extend_from_slice(&packed);
    wire
}

fn signed(header: &[u8]) -> Vec<u8> {
    [CONTEXT, header].concat()
}

/// Compresses lines. Level 3: half the time of the next that saves anything on AIS.
pub fn pack(text: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(text, 3).expect("the level exists, and a vector takes all")
}

/// Unpacks lines, up to `max` bytes.
///
/// # Errors
/// When it is not what [`pack`] gives, or larger.
pub fn unpack(packed: &[u8], max: usize) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    zstd::Decoder::with_buffer(packed)?.take(max as u64 + 1).read_to_end(&mut text)?;
    if text.len() > max {
        return Err(std::io::Error::other(format!("it unpacks to more than {max} bytes")));
    }
    Ok(text)
}

/// A consignment as it came, read but not yet believed.
#[derive(Debug)]
pub struct Received<'a> {
    /// What it says of itself.
    pub header: Header,
    /// The same, byte for byte.
    pub header_bytes: &'a [u8],
    /// Whose it is, if it holds.
    pub signature: [u8; 64],
    packed: &'a [u8],
}

/// Why a consignment can't be taken for what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not in this format.
    #[error("it is not a consignment, or one of a format that this version doesn't know")]
    Unreadable,
    /// The signature is not the station's.
    #[error("the signature is not of the station's key")]
    Forged,
    /// The lines are not those that were signed.
    #[error("the lines are not those that were signed")]
    Altered,
    /// More than a station may send at a time.
    #[error("it is larger than a consignment may be")]
    TooLarge,
}

impl<'a> Received<'a> {
    /// Takes it apart.
    ///
    /// # Errors
    /// [`Fault::Unreadable`] and [`Fault::TooLarge`].
    pub fn read(wire: &'a [u8]) -> Result<Received<'a>, Fault> {
        let rest = wire.strip_prefix(MAGIC).ok_or(Fault::Unreadable)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(Fault::Unreadable)?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > HEADER_MAX || wire.len() > WIRE_MAX {
            return Err(Fault::TooLarge);
        }
        let (header_bytes, rest) = rest.split_at_checked(length).ok_or(Fault::Unreadable)?;
        let (signature, packed) = rest.split_first_chunk::<64>().ok_or(Fault::Unreadable)?;
        let header: Header = postcard::from_bytes(header_bytes).map_err(|_| Fault::Unreadable)?;
        if header.lines > LINES_MAX {
            return Err(Fault::TooLarge);
        }
        let sound = header.first >= 1
            && header.first <= header.last
            && (header.lost.is_none() || header.lines == 0)
            // One header has one encoding: what is not it is not ours.
            && header.bytes() == header_bytes;
        if !sound {
            return Err(Fault::Unreadable);
        }
        Ok(Received { header, header_bytes, signature: *signature, packed })
    }

    /// Whether the header was signed with this key.
    ///
    /// # Errors
    /// [`Fault::Forged`].
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), Fault> {
        let signature = Signature::from_bytes(&self.signature);
        key.verify_strict(&signed(self.header_bytes), &signature).map_err(|_| Fault::Forged)
    }

    /// The lines, held against the header.
    ///
    /// # Errors
    /// [`Fault::Altered`].
    pub fn text(&self) -> Result<Vec<u8>, Fault> {
        let text = unpack(self.packed, TEXT_MAX).map_err(|_| Fault::Altered)?;
        let lines = memchr_count(&text);
        let whole = text.last().is_none_or(|&end| end == b'\n');
        if !whole || lines != self.header.lines as usize || text_digest(&text) != self.header.text {
            return Err(Fault::Altered);
        }
        Ok(text)
    }

    /// What the next one calls this one.
    pub fn digest(&self) -> Digest {
        digest(self.header_bytes)
    }
}

fn memchr_count(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(n: u8) -> SigningKey {
        SigningKey::from_bytes(&[n; 32])
    }

    fn header(text: &[u8]) -> Header {
        Header {
            station: "north-mast".into(),
            receiver: "vhf".into(),
            first: 7,
            last: 9,
            previous: [3; 32],
            lines: 1,
            heard_first: Time::from_millis(1_763_765_123_456),
            heard_last: Time::from_millis(1_763_765_123_999),
            text: text_digest(text),
            lost: None,
        }
    }

    const TEXT: &[u8] = b"!AIVDM,1,1,,A,13HOI:0P0000VOHLCnHQKwvL05Ip,0*23\n";

    #[test]
    fn what_is_sealed_is_read_and_believed() {
        let (header, key) = (header(TEXT), key(1));
        let wire = seal(&key, &header.bytes(), TEXT);
        let received = Received::read(&wire).unwrap();
        assert_eq!(received.header, header);
        assert_eq!(received.verify(&key.verifying_key()), Ok(()));
        assert_eq!(received.text().unwrap(), TEXT);
    }

    #[test]
    fn another_key_is_a_forgery() {
        let wire = seal(&key(2), &header(TEXT).bytes(), TEXT);
        let received = Received::read(&wire).unwrap();
        assert_eq!(received.verify(&key(1).verifying_key()), Err(Fault::Forged));
    }

    #[test]
    fn other_lines_than_were_signed_are_altered() {
        let wire = seal(&key(1), &header(TEXT).bytes(), b"!AIVDM,another\n");
        assert_eq!(Received::read(&wire).unwrap().text(), Err(Fault::Altered));
    }

    #[test]
    fn what_unpacks_without_end_is_refused() {
        let bomb = vec![b'\n'; 64 << 20];
        let wire = seal(&key(1), &header(&bomb).bytes(), &bomb);
        assert!(wire.len() < WIRE_MAX);
        assert_eq!(Received::read(&wire).unwrap().text(), Err(Fault::Altered));
    }

    #[test]
    fn a_stamped_line_is_read_with_its_time_and_station() {
        let mut out = Vec::new();
        stamp(&mut out, "north-mast", Time::from_millis(1_763_765_123_456), b"!AIVDM,1");
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "\\c:1763765123456,s:north-mast*45\\!AIVDM,1\n");
    }

    proptest! {
        /// Every bit counts: in the header, the signature and the lines.
        #[test]
        fn one_bit_anywhere_is_noticed(at in 0usize..10_000, bit in 0u8..8) {
            let mut wire = seal(&key(1), &header(TEXT).bytes(), TEXT);
            let at = at % wire.len();
            wire[at] ^= 1 << bit;
            let believed = Received::read(&wire)
                .and_then(|received| received.verify(&key(1).verifying_key()).and_then(|()| received.text()));
            // A bit of the packing that changes no line is not one of the station's.
            prop_assert!(believed.is_err() || believed == Ok(TEXT.to_vec()));
        }

        #[test]
        fn rubbish_is_refused_and_nothing_else(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Received::read(&bytes);
            let _ = Received::read(&[MAGIC.as_slice(), &bytes].concat());
        }
    }
}
