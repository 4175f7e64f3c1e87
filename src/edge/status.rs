//! What the edge says of itself: written by the running edge every other second, read by `watchkeeper edge status`.

use super::settings::Full;
use sensors::Time;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::Result;
use std::path::Path;

/// All of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Status {
    /// The station's name.
    pub station: String,
    /// The centre's door.
    pub centre: String,
    /// When this was written.
    pub at: Time,
    /// What goes when the spool is full.
    pub full: Full,
    /// One for each receiver.
    pub receivers: Vec<Receiver>,
}

/// One receiver and its spool.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// Where the receiver stands.
    pub state: String,
    /// Why.
    pub detail: String,
    /// Lines heard since the start.
    pub lines_heard: u64,
    /// Lines made durable here since the start.
    pub lines_kept: u64,
    /// Lines lost since the start; the centre is told.
    pub lines_lost: u64,
    /// Bytes of the spool on disk, and at most.
    pub spool_bytes: u64,
    /// At most.
    pub spool_bytes_max: u64,
    /// Parcels that the centre has not acknowledged.
    pub waiting: u64,
    /// When the oldest line that the centre does not have was heard.
    pub oldest_unsent: Option<Time>,
    /// How the sending goes.
    pub link: String,
    /// When the centre acknowledged something last.
    pub acked_at: Option<Time>,
    /// The last number that the centre acknowledged.
    pub acked: u64,
}

const FILE: &str = "status.json";

impl Status {
    /// Writes it for others to read.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let partial = folder.join("status.new");
        std::fs::write(&partial, serde_json::to_vec(self)?)?;
        std::fs::rename(partial, folder.join(FILE))
    }

    /// What was written last.
    ///
    /// # Errors
    /// When there is nothing to read.
    pub fn read(folder: &Path) -> Result<Status> {
        Ok(serde_json::from_slice(&std::fs::read(folder.join(FILE))?)?)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "station {} to {}, as of {}", self.station, self.centre, self.at)?;
        for receiver in &self.receivers {
            let Receiver { name, state, detail, link, .. } = receiver;
            writeln!(f, "\n{name}: {state}: {detail}")?;
            writeln!(f, "  link           {link}")?;
            writeln!(
                f,
                "  lines          {} heard, {} kept, {} lost",
                receiver.lines_heard, receiver.lines_kept, receiver.lines_lost
            )?;
            let megabytes = |bytes: u64| bytes as f64 / 1e6;
            let (bytes, most) = (megabytes(receiver.spool_bytes), megabytes(receiver.spool_bytes_max));
            writeln!(f, "  spool          {bytes:.1} of {most:.1} MB")?;
            match receiver.waiting {
                0 => writeln!(f, "  waiting        nothing")?,
                waiting => {
                    write!(f, "  waiting        {waiting} parcel{}", if waiting == 1 { "" } else { "s" })?;
                    receiver.oldest_unsent.map_or(Ok(()), |at| write!(f, ", the oldest heard at {at}"))?;
                    writeln!(f)?;
                }
            }
            match (receiver.acked, receiver.acked_at) {
                (0, _) => writeln!(f, "  acknowledged   nothing yet")?,
                (number, None) => writeln!(f, "  acknowledged   number {number}, before this start")?,
                (number, Some(at)) => writeln!(f, "  acknowledged   number {number}, at {at}")?,
            }
        }
        Ok(())
    }
}
