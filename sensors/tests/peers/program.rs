//! Programs of Debian's packages that tests start and stop.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// A running program; it ends with this value.
pub(crate) struct Program(Child);

impl Program {
    /// Starts `name` of `package`, and waits until it listens at `at`.
    pub(crate) async fn start(name: &str, package: &str, arguments: &[&str], at: SocketAddr) -> Program {
        let found = ["/usr/sbin/", "/usr/bin/", ""].map(|folder| format!("{folder}{name}"));
        let found = found.iter().find(|path| std::path::Path::new(path).exists());
        let Some(path) = found else {
            panic!("{name} is missing: `make packages`, or apt-get install {package}");
        };
        let child = Command::new(path)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{path} does not start: {error}"));
        let program = Program(child);
        let listens = timeout(super::listening::PATIENCE, async {
            while TcpStream::connect(at).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        });
        listens.await.unwrap_or_else(|_| panic!("{name} does not listen at {at}"));
        program
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
