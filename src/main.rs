//! The command line: arguments, settings, exit code.

mod commands;

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// Lines are heard on one thread, understood on another and put away on a third: what one allocates another frees, which the
/// system's allocator serves slowest and with most memory left over (a seventh of the time of a replay of 20,000 vessels, and
/// a tenth of its memory).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keeps watch over the waters of a port: hears AIS, notices people in danger, explains and proves it.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Keep watch: hear the receivers, serve the console.
    Run(commands::run::Arguments),
    /// Hold a settings file against what is accepted, without opening anything else.
    Check {
        /// The settings file.
        settings: PathBuf,
    },
    /// Listen to one receiver and say what it hears.
    Probe(commands::probe::Arguments),
    /// Run recordings through the whole pipeline into a database, and report.
    Replay(commands::replay::Arguments),
    /// Ask the history.
    Query(commands::query::Arguments),
    /// Turn AIS sentences into JSON, and back.
    Ais(commands::ais::Arguments),
    /// What was heard: prove it, give it out, hold it, prune it.
    Journal(commands::journal::Arguments),
    /// A receiver beyond the network: the small computer by the mast.
    #[command(subcommand)]
    Edge(commands::edge::Command),
    /// Turn a scenario into a recording.
    Exercise(commands::exercise::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Run(arguments) => commands::run::run(&arguments),
        Command::Check { settings } => return commands::check::run(&settings),
        Command::Probe(arguments) => commands::probe::run(&arguments),
        Command::Replay(arguments) => commands::replay::run(arguments),
        Command::Query(arguments) => commands::query::run(arguments),
        Command::Ais(arguments) => commands::ais::run(arguments),
        Command::Journal(arguments) => commands::journal::run(arguments),
        Command::Edge(command) => commands::edge::run(command),
        Command::Exercise(arguments) => commands::exercise::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has heard enough (`| head`).
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            commands::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref().map(std::io::Error::kind);
    error.chain().any(|cause| kind(cause) == Some(std::io::ErrorKind::BrokenPipe))
}
