//! `watchkeeper journal`: what was heard, proven, given out, held and pruned.

use super::{runtime, settings};
use anyhow::Context as _;
use clap::Subcommand;
use sensors::Time;
use sensors::sentence::tag_block;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use watchkeeper::daemon::now;
use watchkeeper::edge::key;
use watchkeeper::journal::{self, Export, Gone, Heard, Proof, Reader, Sealed, Trust, Verified, holds};
use watchkeeper::pipeline::Stores;
use watchkeeper::{replay, watch};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    asked: Asked,
    /// The folder of the database.
    #[arg(long, global = true, default_value = "var/watchkeeper")]
    data: PathBuf,
}

#[derive(Subcommand)]
enum Asked {
    /// Prove the journal intact, or name the first thing in it that does not fit. May run beside the watch.
    Verify {
        /// A public key that may have sealed it, as `journal key` printed it; may be given more than once. Without one,
        /// any key is taken and named.
        #[arg(long, value_parser = key::parse)]
        key: Vec<ed25519_dalek::VerifyingKey>,
        /// What an earlier `verify` gave to be written down elsewhere: that much must still be as it was.
        #[arg(long, value_parser = witness)]
        witness: Option<(u64, [u8; 32])>,
    },
    /// Give back the exact bytes heard, a line each, in the order they were written down.
    ///
    /// Each line is given without the line end it came with (CR, LF or both, which is not kept) and with one LF. A line
    /// that was cut at 4 KiB is given as it was cut, with the length and a hash of the whole at its end.
    Export {
        /// From this time of arrival (RFC 3339), included.
        #[arg(long, value_parser = time)]
        from: Time,
        /// To this time of arrival, not included.
        #[arg(long, value_parser = time)]
        to: Time,
        /// Only this receiver: its name in the settings of the time, or its number.
        #[arg(long)]
        receiver: Option<String>,
        /// A new file instead of standard output.
        #[arg(short)]
        output: Option<PathBuf>,
        /// Put a TAG block with the time of arrival before each line, so that `replay` knows the times. The lines are then
        /// not those heard byte for byte.
        #[arg(long)]
        stamped: bool,
    },
    /// Give one line with what proves it without its neighbours.
    Disclose {
        /// The line's sequence, as an alert's evidence names it.
        sequence: u64,
        /// A new file instead of standard output.
        #[arg(short)]
        output: Option<PathBuf>,
    },
    /// Check what `disclose` gave, without the journal.
    VerifyProof {
        /// The proof.
        file: PathBuf,
        /// The public key that must have sealed it.
        #[arg(long, value_parser = key::parse)]
        key: Option<ed25519_dalek::VerifyingKey>,
    },
    /// Keep a time's days from being pruned, until the hold is released.
    Hold {
        /// From this time (RFC 3339), included.
        #[arg(long, value_parser = time)]
        from: Time,
        /// To this time, included.
        #[arg(long, value_parser = time)]
        to: Time,
        /// Why, such as a case's number.
        #[arg(long)]
        reason: String,
    },
    /// List the holds, the released ones too.
    Holds,
    /// Release a hold.
    Release {
        /// Its number.
        id: u32,
    },
    /// Delete the days that the settings no longer keep, now; the watch does so itself once a day. Not beside it.
    Prune {
        /// The settings file; the defaults without it.
        #[arg(long)]
        settings: Option<PathBuf>,
    },
    /// Show the public half of the key that seals, to be written down elsewhere.
    Key,
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| "such as 2026-11-21T03:00:00Z".to_owned())
}

fn witness(text: &str) -> Result<(u64, [u8; 32]), String> {
    let parsed = text.split_once(':').and_then(|(next, link)| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(link, &mut bytes).ok()?;
        Some((next.parse().ok()?, bytes))
    });
    parsed.ok_or_else(|| "a number, a colon and 64 hexadecimal digits".to_owned())
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let folder = arguments.data.join("journal");
    if let Asked::VerifyProof { file, key } = arguments.asked {
        return verify_proof(&file, key.as_ref());
    }
    let data = arguments.data.display();
    anyhow::ensure!(folder.exists(), "there is no journal in {data} (name its folder with --data)");
    match arguments.asked {
        Asked::Verify { key, witness } => verify(&folder, &Trust { keys: key, witness }),
        Asked::Export { from, to, receiver, output, stamped } => {
            let mut out = output_to(output.as_deref())?;
            runtime()?.block_on(export(&folder, (from, to), receiver.as_deref(), stamped, &mut out))?;
            out.flush().context("write the lines")
        }
        Asked::Disclose { sequence, output } => {
            let proof = runtime()?.block_on(journal::disclose(&folder, sequence))?;
            let mut out = output_to(output.as_deref())?;
            out.write_all(proof.to_text().as_bytes())?;
            out.flush().context("write the proof")
        }
        Asked::VerifyProof { .. } => Ok(()),
        Asked::Hold { from, to, reason } => {
            let id = holds::place(&folder, from, to, &reason, now()).context("place the hold")?;
            println!("hold {id}: from {from} to {to}: {reason}");
            Ok(())
        }
        Asked::Holds => list_holds(&folder),
        Asked::Release { id } => {
            let hold = holds::release(&folder, id, now()).context("release the hold")?;
            println!("released: {id}: from {} to {}: {}", hold.from, hold.to, hold.reason);
            Ok(())
        }
        Asked::Prune { settings: path } => {
            let rules = settings(path.as_deref())?.journal;
            runtime()?.block_on(prune(&arguments.data, &rules))
        }
        Asked::Key => {
            let key = key::load(&folder).context("read the key")?;
            let key = key.with_context(|| format!("no key is in {}", folder.display()))?;
            println!("{}", key::text(&key.verifying_key()));
            Ok(())
        }
    }
}

fn output_to(path: Option<&Path>) -> anyhow::Result<Box<dyn Write>> {
    Ok(match path {
        Some(path) => {
            let file = File::create_new(path);
            Box::new(BufWriter::new(file.with_context(|| format!("make the file {}", path.display()))?))
        }
        None => Box::new(BufWriter::new(std::io::stdout())),
    })
}

fn verify(folder: &Path, trust: &Trust) -> anyhow::Result<()> {
    let progress = replay::progress_bar();
    let files = std::fs::read_dir(folder)?.flatten();
    let sqlite = files.filter(|file| file.path().extension().is_some_and(|end| end == "sqlite"));
    progress.set_length(sqlite.filter_map(|file| Some(file.metadata().ok()?.len())).sum());
    let verified = runtime()?.block_on(journal::verify(folder, trust, |bytes| progress.inc(bytes)));
    progress.finish_and_clear();
    let verified = verified.context("the journal is NOT intact")?;
    print!("{}", told(&verified, trust));
    Ok(())
}

/// What is proven, by what, and what is not.
fn told(verified: &Verified, trust: &Trust) -> String {
    let Verified { days, entries, lines, lines_before_sealing, seals, unsealed, .. } = verified;
    let mut text = match verified.newest {
        Some(_) => format!("intact: {lines} lines in {entries} entries of {days} files, {seals} seals\n"),
        None => {
            format!("readable, and proven by nothing: {lines} lines in {entries} entries of {days} files\n")
        }
    };
    for Sealed { key, first, next } in &verified.sealed {
        text +=
            &format!("entries {first} to {}: proven by seals of the key {}\n", next - 1, hex::encode(key));
    }
    for Gone { first, next, said_by } in &verified.pruned {
        text += &format!("entries {first} to {}: pruned, as entry {said_by} says under a seal\n", next - 1);
    }
    for (first, next) in &verified.sparse {
        text += &format!(
            "entries {first} to {}: more under one seal than a watch leaves without one; only that seal proves them\n",
            next - 1
        );
    }
    let mut say = |n: u64, what: &str| {
        if n > 0 {
            text += &format!("{n} {what}\n");
        }
    };
    say(*unsealed, "entries came after the newest seal: nothing proves them yet");
    say(*lines_before_sealing, "lines were written before sealing began: nothing proves them");
    say(verified.waiting, "files wait to be deleted by the next pruning");
    if let Some(seal) = &verified.newest {
        text += &format!("newest seal: at {}, before entry {}\n", seal.at, seal.next);
        text += &format!("to write down elsewhere: --witness {}\n", seal.witness());
    }
    if trust.keys.is_empty() {
        text += "without --key any key is taken: compare those above with the one that was written down\n";
    }
    match trust.witness {
        Some((next, _)) => text += &format!("as written down elsewhere: all before entry {next}\n"),
        None => text += "without --witness nothing shows whether its newest days were taken away\n",
    }
    text
}

async fn export(
    folder: &Path,
    (from, to): (Time, Time),
    receiver: Option<&str>,
    stamped: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let names = Names::read(folder).await?;
    if let Some(receiver) = receiver {
        let known = names.known(receiver);
        anyhow::ensure!(known, "no receiver was ever called `{receiver}`, and it is no number");
    }
    let mut export = Export::open(folder, from, to, None)?;
    while let Some(Heard { first, batch }) = export.next().await? {
        if receiver.is_some_and(|receiver| !names.is(receiver, first, batch.receiver().0)) {
            continue;
        }
        for (at, line) in batch.iter().filter(|(at, _)| export.asked(*at)) {
            if stamped {
                out.write_all(tag_block::compose(&format!("c:{}", at.as_millis())).as_bytes())?;
            }
            out.write_all(line)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

/// What receivers were called, from which entry on.
struct Names(Vec<(u64, Vec<String>)>);

impl Names {
    async fn read(folder: &Path) -> anyhow::Result<Names> {
        let settings = Reader::open(folder).all_settings().await?.into_iter();
        let names = |text: &str| {
            let settings: watch::Settings = toml::from_str(text).unwrap_or_default();
            settings.receivers.into_iter().map(|station| station.name).collect()
        };
        Ok(Names(settings.map(|(from, text)| (from, names(&text))).collect()))
    }

    fn known(&self, receiver: &str) -> bool {
        receiver.parse::<u16>().is_ok() || self.0.iter().any(|(_, names)| names.iter().any(|n| n == receiver))
    }

    /// Whether the receiver with this number was so called, or has this number, when the entry was written.
    fn is(&self, receiver: &str, sequence: u64, number: u16) -> bool {
        let names = self.0.iter().rev().find(|(from, _)| *from <= sequence);
        let name = names.and_then(|(_, names)| names.get(usize::from(number)));
        name.is_some_and(|name| name == receiver) || receiver.parse() == Ok(number)
    }
}

fn verify_proof(file: &Path, key: Option<&ed25519_dalek::VerifyingKey>) -> anyhow::Result<()> {
    let text = std::fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let proven = Proof::check(&text, key);
    let proven = proven.map_err(|why| anyhow::anyhow!("{} proves NOTHING: {why}", file.display()))?;
    let (number, seal) = (proven.receiver, &proven.seal);
    let name = proven.receiver_name.as_ref().map(|name| format!("'{name}' (number {number})"));
    println!("proven: the line {}", String::from_utf8_lossy(&proven.line).escape_debug());
    println!("heard by receiver {}", name.unwrap_or_else(|| format!("number {number}")));
    println!(
        "arrived at {}, as entry {} of the journal {}",
        proven.arrived_at,
        proven.sequence,
        hex::encode(seal.journal)
    );
    println!("sealed by the key {} at {}", hex::encode(seal.key), seal.at);
    println!("disclosed by {}", proven.program);
    if proven.receiver_name.is_some() {
        println!("The seal proves the receiver's number; its name is what the settings then called it.");
    }
    if key.is_none() {
        println!("Compare the key with the one that was written down: without --key, any key is taken.");
    }
    Ok(())
}

fn list_holds(folder: &Path) -> anyhow::Result<()> {
    for hold in holds::read(folder).context("read the holds")?.list {
        let state = match hold.released_at {
            Some(at) => format!("released {at}"),
            None => format!("stands since {}", hold.placed_at),
        };
        println!("{}: from {} to {}: {} ({state})", hold.id, hold.from, hold.to, hold.reason);
    }
    Ok(())
}

async fn prune(data: &Path, rules: &journal::Retention) -> anyhow::Result<()> {
    let (stores, _) = Stores::open(data).await?;
    let pruned = stores.prune(rules, now()).await?;
    if pruned.is_empty() {
        println!("nothing is to go");
    }
    for day in pruned {
        println!("deleted: {day}");
    }
    Ok(())
}
