//! Lines on their way to the journal, and who waits to hear that they are durable there.

use super::Batch;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// One batch and those who are told once it is durable.
#[derive(Debug)]
pub struct Delivery {
    /// The lines.
    pub batch: Batch,
    /// One for each message of a sender who waits. Dropped untold, they say that nothing was acknowledged.
    pub receipts: Vec<Receipt>,
    /// What came signed and numbered from a station with these lines. The two are written down together or not at all.
    pub consignment: Option<Box<Consignment>>,
}

/// What a station's signed consignment says of itself, as it is kept in the journal before the lines it brought: who
/// holds the journal can check the signature, and that no consignment is missing between two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consignment {
    /// Whose it is: `STATION/RECEIVER`.
    pub chain: String,
    /// Its number in the chain.
    pub number: u64,
    /// The header, byte for byte as it was signed.
    pub header: Vec<u8>,
    /// The station's ed25519 signature of the header.
    pub signature: Vec<u8>,
    /// The public key that the signature was checked with.
    pub key: [u8; 32],
}

impl From<Batch> for Delivery {
    fn from(batch: Batch) -> Delivery {
        Delivery { batch, receipts: Vec::new(), consignment: None }
    }
}

/// A sender's wish to be told that its lines are durable.
#[derive(Debug)]
pub struct Receipt(oneshot::Sender<()>);

/// The sender's half of a [`Receipt`]: resolves once the lines are durable; an error means that they may be lost.
pub type Awaited = oneshot::Receiver<()>;

impl Receipt {
    /// A receipt and what its sender waits on.
    pub fn new() -> (Receipt, Awaited) {
        let (told, awaited) = oneshot::channel();
        (Receipt(told), awaited)
    }

    /// Tells the sender that its lines are durable.
    pub fn durable(self) {
        // A sender that no longer waits will send again, and is recognised then.
        let _ = self.0.send(());
    }
}
