//! Lines on their way to the journal, and who waits to hear that they are durable there.

use super::Batch;
use tokio::sync::oneshot;

/// One batch and those who are told once it is durable.
#[derive(Debug)]
pub struct Delivery {
    /// The lines.
    pub batch: Batch,
    /// One for each message of a sender who waits. Dropped untold, they say that nothing was acknowledged.
    pub receipts: Vec<Receipt>,
}

impl From<Batch> for Delivery {
    fn from(batch: Batch) -> Delivery {
        Delivery { batch, receipts: Vec::new() }
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
