//! `watchkeeper probe`: what one receiver says, and the settings for it.

use super::{complain, runtime};
use sensors::receiver::{
    Address,
    probe::{Findings, probe},
};
use std::time::Duration;
use watchkeeper::daemon::now;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// `tcp://HOST:PORT`, `tcp-listen://IP:PORT`, `udp://IP:PORT`, a device such as `/dev/ttyUSB0`,
    /// `http-listen://IP:PORT`, `poll+https://HOST/PATH`, `wss://HOST/PATH`, `mqtt://HOST/TOPIC` or `gpsd://HOST`.
    address: String,
    /// How long to listen, in seconds.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// For UDP, TCP and HTTP servers: networks that may send, such as 192.0.2.0/24; anyone without it.
    #[arg(long)]
    allow: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let address = Address::parse(&arguments.address).map_err(|problem| {
        anyhow::anyhow!("{problem}\n    accepted: {}", sensors::receiver::address::ACCEPTED)
    })?;
    let length = Duration::from_secs(arguments.seconds.max(1));
    let found =
        runtime()?.block_on(probe(&address, &arguments.allow, length, now, |so_far| complain(&news(so_far))));
    println!("{}", summary(&found));
    anyhow::ensure!(found.hears(), "nothing with a right checksum was heard in {} s", length.as_secs());
    println!("\n# paste into the settings file:\n{}", found.stanza());
    Ok(())
}

fn news(found: &Findings) -> String {
    let Findings { link, counts, vessels, .. } = found;
    let state = format!("{}: {}", link.state.name(), link.detail);
    format!("{state}; {} bytes, {} sentences, {vessels} vessels", link.bytes, counts.sentences)
}

fn summary(found: &Findings) -> String {
    let Findings { address, link, counts, vessels, .. } = found;
    let refused = counts.refused_by_kind.iter().map(|(kind, n)| format!("{} {n}", kind.kind()));
    let refused = refused.collect::<Vec<_>>().join(", ");
    let refused = if refused.is_empty() { "nothing" } else { &refused };
    let baud = match (address, found.baud_found) {
        (Address::Serial { baud, .. }, true) => format!("\nbaud      {baud}, by right checksums"),
        (Address::Serial { .. }, false) => "\nbaud      none gave a right checksum".to_owned(),
        _ => String::new(),
    };
    format!(
        "address   {address}\nlink      {}: {}{baud}\nbytes     {}\nlines     {}\nsentences {}\nmessages  {}\nvessels   {vessels}\nrefused   {refused}",
        link.state.name(),
        link.detail,
        link.bytes,
        link.lines,
        counts.sentences,
        counts.messages,
    )
}
