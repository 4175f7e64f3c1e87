//! `watchkeeper run`: the daemon.

use super::{core_settings, places, runtime, settings};
use std::path::PathBuf;
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
        daemon.run(told_to_stop()).await
    })
}

/// Ends on Ctrl-C or SIGTERM.
pub(super) async fn told_to_stop() {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    match terminate {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM can't be heard; Ctrl-C can");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
