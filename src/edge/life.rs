//! The sign of life that a station gives where it has nothing to send: by it the centre knows a silent mast from a dead
//! link. It takes no number, is not kept, and says how the receiver there is.
//!
//! On the wire: the signature (64 bytes, ed25519), then the sign (postcard). TLS keeps others from repeating it.

use super::consignment::Fault;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sensors::Time;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where signs of life are sent to.
pub const PATH: &str = "/edge/life";

/// How often one is given; at once when the receiver fails or is heard again. Ours, unproven.
pub const EVERY: Duration = Duration::from_secs(30);

/// A station of which nothing came for so long is gone: three signs, and the time that a slow link takes. Ours, unproven.
pub const GONE_AFTER: Duration = Duration::from_secs(100);

/// Bytes of a sign on the wire at most: two names and [`DETAIL_MAX`].
pub const WIRE_MAX: usize = 512;

/// Bytes of what is said of the receiver; the rest is cut off.
const DETAIL_MAX: usize = 200;

/// Set before the sign where it is signed, so that it is never taken for a consignment.
const CONTEXT: &[u8] = b"watchkeeper sign of life 1\n";

/// What a station says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// The station.
    pub station: String,
    /// The receiver at the station.
    pub receiver: String,
    /// The station's clock.
    pub at: Time,
    /// Whether the receiver can't be heard there.
    pub failed: bool,
    /// How the receiver is, in words.
    pub detail: String,
}

impl Sign {
    /// Signed, ready to be sent.
    pub fn seal(mut self, key: &SigningKey) -> Vec<u8> {
        self.detail.truncate(self.detail.floor_char_boundary(DETAIL_MAX));
        let body = postcard::to_stdvec(&self).expect("a sign is plain data; memory is the only limit");
        [&key.sign(&signed(&body)).to_bytes(), body.as_slice()].concat()
    }
}

fn signed(body: &[u8]) -> Vec<u8> {
    [CONTEXT, body].concat()
}

/// A sign as it came, read but not yet believed.
#[derive(Debug)]
pub struct Received<'a> {
    /// What it says.
    pub sign: Sign,
    body: &'a [u8],
    signature: Signature,
}

impl<'a> Received<'a> {
    /// Takes it apart.
    ///
    /// # Errors
    /// [`Fault::Unreadable`] and [`Fault::TooLarge`].
    pub fn read(wire: &'a [u8]) -> Result<Received<'a>, Fault> {
        if wire.len() > WIRE_MAX {
            return Err(Fault::TooLarge);
        }
        let (signature, body) = wire.split_first_chunk::<64>().ok_or(Fault::Unreadable)?;
        let sign = postcard::from_bytes(body).map_err(|_| Fault::Unreadable)?;
        Ok(Received { sign, body, signature: Signature::from_bytes(signature) })
    }

    /// Whether it was signed with this key.
    ///
    /// # Errors
    /// [`Fault::Forged`].
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), Fault> {
        key.verify_strict(&signed(self.body), &self.signature).map_err(|_| Fault::Forged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wire(detail: &str) -> Vec<u8> {
        let sign = Sign {
            station: "m".repeat(32),
            receiver: "r".repeat(32),
            at: Time::from_seconds(1_763_765_123),
            failed: false,
            detail: detail.to_owned(),
        };
        sign.seal(&SigningKey::from_bytes(&[1; 32]))
    }

    #[test]
    fn the_longest_sign_fits_and_is_believed() {
        let wire = wire(&"ß".repeat(1000));
        let received = Received::read(&wire).unwrap();
        assert_eq!(received.sign.detail, "ß".repeat(100));
        assert_eq!(received.verify(&SigningKey::from_bytes(&[1; 32]).verifying_key()), Ok(()));
        assert_eq!(received.verify(&SigningKey::from_bytes(&[2; 32]).verifying_key()), Err(Fault::Forged));
    }

    proptest! {
        #[test]
        fn one_bit_anywhere_is_noticed(at in 0usize..1000, bit in 0u8..8) {
            let mut wire = wire("hears tcp://127.0.0.1:4001");
            let at = at % wire.len();
            wire[at] ^= 1 << bit;
            let key = SigningKey::from_bytes(&[1; 32]).verifying_key();
            prop_assert!(Received::read(&wire).and_then(|received| received.verify(&key)).is_err());
        }

        #[test]
        fn rubbish_is_refused_and_nothing_else(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = Received::read(&bytes);
        }
    }
}
