//! The real program, started as an administrator starts it.

use reqwest::Client;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_watchkeeper");

/// How long anything may take before the test gives up; two busy cores included.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    let output = Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output();
    output.expect("the program was built with this test")
}

/// What a program said on standard error.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with a settings file in it and room for the database.
pub(crate) struct Site {
    pub(crate) folder: TempDir,
}

impl Site {
    pub(crate) fn new(settings: &str) -> Site {
        let folder = tempfile::tempdir().expect("there is room");
        let settings = if settings.contains("listen =") {
            settings.to_owned()
        } else {
            format!("listen = \"127.0.0.1:0\"\n{settings}")
        };
        // Many run at a time: a reserve for each would be room for none.
        let small =
            if settings.contains("[disk]") { "" } else { "\n[disk]\nfree_min_mib = 16\nreserve_mib = 1\n" };
        let settings = settings + small;
        std::fs::write(folder.path().join("watchkeeper.toml"), settings).expect("there is room");
        Site { folder }
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.folder.path().join("watchkeeper.toml")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn command(&self) -> Command {
        run_command(Path::new(PROGRAM), &self.settings(), &self.data())
    }

    pub(crate) async fn start(&self) -> Daemon {
        self.start_as(self.command()).await
    }

    /// Starts the daemon and signs in.
    pub(crate) async fn start_as(&self, command: Command) -> Daemon {
        let daemon = self.spawn(command).unwrap_or_else(|log| panic!("it did not start: {log}"));
        // The file is written before the port is open.
        let password =
            std::fs::read_to_string(self.data().join("first-password")).expect("the first password");
        let body = json!({"account": "watch", "password": password.trim()});
        let answer = daemon.client.post(format!("{}/api/session", daemon.url)).json(&body).send().await;
        assert!(answer.expect("it answers").status().is_success(), "signing in: {}", daemon.log());
        daemon
    }

    /// Starts the daemon and waits until it listens; gives its log where it ends before.
    pub(crate) fn spawn(&self, mut command: Command) -> Result<Daemon, String> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built with this test");
        let log = Arc::new(Mutex::new(String::new()));
        let mut errors = BufReader::new(child.stderr.take().expect("asked for"));
        let kept = log.clone();
        std::thread::spawn(move || {
            let mut line = String::new();
            while errors.read_line(&mut line).is_ok_and(|n| n > 0) {
                kept.lock().expect("nobody panics with it").push_str(&line);
                line.clear();
            }
        });
        let mut said = BufReader::new(child.stdout.take().expect("asked for")).lines();
        let Some(Ok(first)) = said.next() else {
            child.wait().expect("it was started here");
            std::thread::sleep(Duration::from_millis(100));
            return Err(log.lock().expect("nobody panics with it").clone());
        };
        // Somebody goes on listening: to print to nobody is an error.
        std::thread::spawn(move || said.count());
        let url = first.strip_prefix("listening on ").expect("says where").to_owned();
        let client = crate::http_client().cookie_store(true).timeout(PATIENCE).build().expect("a client");
        Ok(Daemon { child, url, client, log })
    }
}

fn run_command(program: &Path, settings: &Path, data: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("run").arg("--settings").arg(settings).arg("--data").arg(data);
    command
}

/// A running daemon, killed with the test that started it.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    pub(crate) url: String,
    pub(crate) client: Client,
    log: Arc<Mutex<String>>,
}

impl Daemon {
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("nobody panics with it").clone()
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("{path}: {error:?}\n{}", self.log()));
        let good = answer.status().is_success();
        let text = answer.text().await.expect("a whole answer");
        assert!(good, "{path}: {text}");
        text
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path).await).expect("JSON")
    }

    /// Asks until the answer is as wanted.
    pub(crate) async fn wait(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.get(path).await;
            if wanted(&answer) {
                return answer;
            }
            assert!(began.elapsed() < PATIENCE, "{path} stays at {answer:#}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What `kill -9` and a power cut have in common: nothing is finished.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was started here");
    }

    /// As an administrator stops it; gives its exit code, and prints its log where that tells of a failure.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("there is a kill");
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("it was started here") {
                if !status.success() {
                    println!("{}", self.log());
                }
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not stop: {}", self.log());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Already gone where the test stopped it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
