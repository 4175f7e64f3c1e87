//! Receivers beyond the network: the small computer by the mast that keeps what it hears until the centre has it, and
//! the centre's door that it sends to.
//!
//! At the mast ([`run`]) a [`spool::Queue`] per receiver keeps stamped lines on disk, and a sender takes them from there
//! to the centre as signed and numbered [`consignment`]s, over TLS to a certificate that it knows ([`pin`]). At the centre
//! [`server`] takes a consignment in, [`station`] decides whether it is genuine and the next one, and it goes to the
//! journal with its lines in one transaction. Only then is it acknowledged, and only then forgotten at the mast.
//! Where nothing waits, a sign of [`life`] tells that the link and the station are well.

pub mod certificate;
pub mod consignment;
mod keeper;
pub mod key;
pub mod life;
pub mod pin;
mod post;
pub mod refusal;
pub mod revocation;
pub mod run;
pub mod segment;
mod sender;
pub mod server;
pub mod settings;
pub mod slots;
pub mod spool;
pub mod station;
pub mod status;
mod trouble;
