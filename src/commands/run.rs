//! `watchkeeper run`: the daemon.

use super::{core_settings, places, runtime, settings};
use std::path::PathBuf;
use tokio::signal::unix::{Signal, SignalKind, signal};
use watchkeeper::{daemon::Daemon, telemetry};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The settings file; the defaults without it.
    #[arg(long)]
    settings: Option<PathBuf>,
    /// The folder of the database.
    #[arg(long, default_value = "var/watchkeeper")]
    data: PathBuf,
    /// Log as JSON, one object a line.
    #[arg(long)]
    json_log: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    telemetry::start(arguments.json_log);
    let settings = settings(arguments.settings.as_deref())?;
    let places = places(&settings)?;
    let core = core_settings(&settings, &places);
    runtime()?.block_on(async {
        let daemon = Daemon::build(settings, core, places, &arguments.data).await?;
        // Whoever reads that it listens may stop it.
        let stop = told_to_stop();
        println!("listening on http://{}", daemon.address()?);
        if let Some((address, shown)) = daemon.door() {
            let (path, fingerprint) = (shown.path.display(), &shown.fingerprint);
            println!("stations send to https://{address}; their `ca` is {path}, SHA-256 {fingerprint}");
        }
        match daemon.first_password() {
            Some(password) => println!("sign in as watch with the password {password}"),
            None => println!(
                "sign in as watch; the first password is in {}",
                arguments.data.join("first-password").display()
            ),
        }
        daemon.run(stop).await
    })
}

/// Ends on Ctrl-C or SIGTERM, of which none is missed from the moment that this is called.
pub(super) fn told_to_stop() -> impl Future<Output = ()> {
    let hear = |kind: SignalKind| {
        let heard = signal(kind);
        if let Err(error) = &heard {
            tracing::warn!(%error, ?kind, "a signal to stop can't be heard");
        }
        heard.ok()
    };
    let (mut interrupt, mut terminate) = (hear(SignalKind::interrupt()), hear(SignalKind::terminate()));
    async move {
        tokio::select! {
            Some(()) = next(&mut interrupt) => {}
            Some(()) = next(&mut terminate) => {}
            else => std::future::pending().await,
        }
    }
}

/// The next of a signal that can be heard.
async fn next(signal: &mut Option<Signal>) -> Option<()> {
    signal.as_mut()?.recv().await
}
