//! `watchkeeper query`: the history, from the command line.

use super::{complain, runtime};
use anyhow::Context as _;
use clap::Subcommand;
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use watchkeeper::history::{Question, Reader, Subject, answer};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    asked: Asked,
    /// The folder of the database.
    #[arg(long, global = true, default_value = "var/watchkeeper")]
    data: PathBuf,
    /// json, csv or geojson.
    #[arg(long, global = true, default_value = "csv")]
    format: String,
    /// Rows a page, at most 10,000.
    #[arg(long, global = true)]
    limit: Option<u32>,
    /// Where to go on: the cursor printed after the page before.
    #[arg(long, global = true)]
    cursor: Option<String>,
}

#[derive(Subcommand)]
enum Asked {
    /// One vessel's positions.
    Track {
        /// The track, such as 0-18231.
        #[arg(long)]
        track: Option<String>,
        /// Or the MMSI, over all its tracks.
        #[arg(long)]
        mmsi: Option<String>,
        #[command(flatten)]
        span: Span,
    },
    /// Everyone's positions in a box; west greater than east crosses 180 degrees.
    Area {
        /// Degrees.
        #[arg(long, allow_hyphen_values = true)]
        west: String,
        /// Degrees.
        #[arg(long, allow_hyphen_values = true)]
        south: String,
        /// Degrees.
        #[arg(long, allow_hyphen_values = true)]
        east: String,
        /// Degrees.
        #[arg(long, allow_hyphen_values = true)]
        north: String,
        /// Only this vessel.
        #[arg(long)]
        mmsi: Option<String>,
        #[command(flatten)]
        span: Span,
    },
    /// Who used a name, call sign, MMSI or IMO number.
    Identity {
        /// Part of a name, in any case.
        #[arg(long)]
        name: Option<String>,
        /// The whole call sign.
        #[arg(long)]
        call_sign: Option<String>,
        /// The MMSI.
        #[arg(long)]
        mmsi: Option<String>,
        /// The IMO number.
        #[arg(long)]
        imo: Option<String>,
    },
}

#[derive(clap::Args)]
struct Span {
    /// From this time (RFC 3339 or milliseconds since 1970), included.
    #[arg(long)]
    from: Option<String>,
    /// To this time, not included.
    #[arg(long)]
    to: Option<String>,
}

impl Asked {
    fn params(self) -> (Subject, Vec<(&'static str, Option<String>)>) {
        match self {
            Asked::Track { track, mmsi, span: Span { from, to } } => {
                (Subject::Track, vec![("track", track), ("mmsi", mmsi), ("from", from), ("to", to)])
            }
            Asked::Area { west, south, east, north, mmsi, span: Span { from, to } } => {
                let edges = [("west", west), ("south", south), ("east", east), ("north", north)];
                let edges = edges.into_iter().map(|(name, value)| (name, Some(value)));
                (Subject::Area, edges.chain([("mmsi", mmsi), ("from", from), ("to", to)]).collect())
            }
            Asked::Identity { name, call_sign, mmsi, imo } => (
                Subject::Identity,
                vec![("name", name), ("call_sign", call_sign), ("mmsi", mmsi), ("imo", imo)],
            ),
        }
    }
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let (subject, mut given) = arguments.asked.params();
    given.push(("format", Some(arguments.format)));
    given.push(("limit", arguments.limit.map(|limit| limit.to_string())));
    given.push(("cursor", arguments.cursor));
    let params: BTreeMap<String, String> =
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let question = Question::from_params(subject, &params).map_err(|problems| {
        problems.iter().for_each(|problem| complain(&format!("--{problem}")));
        anyhow::anyhow!("the question can't be asked")
    })?;
    let file = arguments.data.join("history.sqlite");
    anyhow::ensure!(
        file.exists(),
        "there is no history in {} (name its folder with --data)",
        arguments.data.display()
    );
    runtime()?.block_on(async {
        let reader = Reader::open(&file).await.context("open the history")?;
        let mut out = BufWriter::new(std::io::stdout());
        let next = answer(&reader, &question, &mut out).await?;
        out.flush()?;
        if let Some(next) = next {
            complain(&format!("there is more: ask again with --cursor {next}"));
        }
        Ok(())
    })
}
