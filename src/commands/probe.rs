//! `watchkeeper probe`: what one receiver says, and the settings for it.

use super::{check, complain, count, runtime};
use anyhow::Context as _;
use sensors::receiver::{
    Address, Settings, Snapshot,
    probe::{Findings, probe},
    profile::{self, Profile},
};
use std::path::{Path, PathBuf};
use std::time::Duration;
use watchkeeper::daemon::now;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// As `connect` in the settings (`tcp://HOST:PORT`, `udp://IP:PORT`, `stdin:`...), or a device such as
    /// `/dev/ttyUSB0`. May be left out where the profile knows it. Nothing is kept: stations that post over HTTP are
    /// answered 503, so that they send again.
    #[arg(required_unless_present_any = ["profile", "list", "settings"])]
    address: Option<String>,
    /// The receiver's model, such as `sr162`.
    #[arg(long)]
    profile: Option<String>,
    /// List the known models instead, with what is known of each and how sure that is.
    #[arg(long)]
    list: bool,
    /// Listen to a receiver of this settings file, with all that is set for it: keys, passwords, authorities.
    #[arg(long, requires = "receiver", conflicts_with_all = ["address", "profile", "allow", "interface"])]
    settings: Option<PathBuf>,
    /// Its name there.
    #[arg(long, requires = "settings")]
    receiver: Option<String>,
    /// How long to listen, in seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// For UDP, TCP and HTTP servers: networks that may send, such as 192.0.2.0/24; anyone without it.
    #[arg(long)]
    allow: Vec<String>,
    /// For groups: the interface on which it is joined, by its name or its address.
    #[arg(long)]
    interface: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.list {
        return list();
    }
    let asked = asked(arguments)?;
    let length = Duration::from_secs(arguments.seconds);
    let found = runtime()?.block_on(probe(&asked, length, now, |so_far| complain(&news(so_far))));
    let found = found.map_err(anyhow::Error::msg)?;
    println!("{}", summary(&found));
    if let Some(model) = found.asked.model() {
        println!("{}", expected(model));
    }
    anyhow::ensure!(found.hears(), "nothing that can be read was heard in {} s", length.as_secs());
    println!("\n# paste into the settings file:\n{}", found.stanza());
    Ok(())
}

fn asked(arguments: &Arguments) -> anyhow::Result<Settings> {
    if let (Some(path), Some(name)) = (&arguments.settings, &arguments.receiver) {
        let mut receivers = super::settings(Some(path))?.receiver.into_iter();
        let named = receivers.find(|receiver| receiver.name == *name);
        return named.with_context(|| format!("{} has no receiver named `{name}`", path.display()));
    }
    let known = || profile::all().iter().map(|model| model.id).collect::<Vec<_>>().join(", ");
    if let Some(name) = &arguments.profile
        && profile::find(name).is_none()
    {
        anyhow::bail!("`{name}` is not a known model\n    accepted: {}", known());
    }
    let mut asked = Settings::new("probe", &Address::Stdin);
    asked.profile.clone_from(&arguments.profile);
    asked.connect = arguments.address.as_deref().map(link_to_a_port).unwrap_or_default();
    asked.interface.clone_from(&arguments.interface);
    asked.allow.clone_from(&arguments.allow);
    let accepted = sensors::receiver::address::ACCEPTED;
    let address =
        asked.address().map_err(|problem| anyhow::anyhow!("{problem}\n    accepted: {accepted}"))?;
    if matches!(address, Address::Multicast { .. }) && asked.interface.is_none() {
        anyhow::bail!("a group is joined on one interface: give --interface, its name or its address");
    }
    let mut problems = asked.check();
    // Who may send is for the settings to say; a probe hears anyone, unless told otherwise.
    problems.retain(|problem| problem.key != "allow" || !arguments.allow.is_empty());
    if !problems.is_empty() {
        check::list(&problems);
        anyhow::bail!("it can't be listened to like this: {} to mend", count(problems.len(), "problem"));
    }
    Ok(asked)
}

/// The address, where it is a link elsewhere that leads to a device (`/run/ais0`); else as it was given.
fn link_to_a_port(address: &str) -> String {
    let leads_to_a_device =
        |path: &str| Path::new(path).canonicalize().is_ok_and(|target| target.starts_with("/dev"));
    match address.split_once('?').unwrap_or((address, "")).0 {
        path if path.starts_with('/') && leads_to_a_device(path) => format!("serial://{address}"),
        _ => address.to_owned(),
    }
}

/// Every known model, one a line, and how sure what is known of it is.
fn list() -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<17} {:<12} {:<48} model", "profile", "confidence", "link")?;
    for Profile { id, title, link, aggregated, .. } in profile::all() {
        let sites = if *aggregated { " (many sites)" } else { "" };
        for (n, link) in link.iter().enumerate() {
            let (id, title) = if n == 0 { (*id, format!("{title}{sites}")) } else { ("", String::new()) };
            let line = format!("{id:<17} {:<12} {:<48} {title}", link.confidence.name(), link.connect);
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

/// What the model should send, for the technician to hold against what was heard.
fn expected(model: &Profile) -> String {
    let talkers = match model.talkers.expected.as_slice() {
        [] => "any talker".to_owned(),
        talkers => talkers.join(", "),
    };
    let most = model.rate.max_per_second.map_or(String::new(), |most| format!(", at most {most} a second"));
    let note = if model.note.is_empty() { String::new() } else { format!("\nnote      {}", model.note) };
    format!(
        "expected  {talkers}; at least {} AIS sentences a minute at a port with traffic{most}{note}",
        model.rate.min_per_minute,
    )
}

fn news(found: &Findings) -> String {
    let Findings { link, counts, vessels, .. } = found;
    format!("{}; {} bytes, {} sentences, {vessels} vessels", state(link), link.bytes, counts.sentences)
}

/// How the link is, without saying it twice where the detail begins with it.
fn state(link: &Snapshot) -> String {
    let name = link.state.name();
    match name.get(..6).is_some_and(|stem| link.detail.starts_with(stem)) {
        true => link.detail.clone(),
        false => format!("{name}: {}", link.detail),
    }
}

fn summary(found: &Findings) -> String {
    let Findings { address, link, counts, talkers, vessels, .. } = found;
    let talkers = talkers.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let refused = counts.refused_by_kind.iter().map(|(kind, n)| format!("{} {n}", kind.kind()));
    let refused = refused.collect::<Vec<_>>().join(", ");
    let refused = if refused.is_empty() { "nothing" } else { &refused };
    let baud = match (address, found.baud_found) {
        (Address::Serial { baud, .. }, true) => format!("\nbaud      {baud}, by right checksums"),
        (Address::Serial { .. }, false) if link.bytes > 0 => {
            "\nbaud      none gave a right checksum".to_owned()
        }
        _ => String::new(),
    };
    format!(
        "address   {address}\nlink      {}{baud}\nbytes     {}\nlines     {}\nsentences {}\ntalkers   {talkers}\nmessages  {}\nlost      {}\nlimited   {}\nvessels   {vessels}\nrefused   {refused}",
        state(link),
        link.bytes,
        link.lines,
        counts.sentences,
        counts.messages,
        link.lost_lines,
        link.limited,
    )
}
