//! `strace` as the tests use it: to record what a program writes, and to make its disk fail.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

/// Why nothing can be traced here, where that is so.
static REFUSED: LazyLock<Option<String>> = LazyLock::new(|| {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    match tried {
        Err(error) => Some(format!("strace is missing ({error}): `make packages` installs it")),
        Ok(done) if !done.status.success() => Some(format!(
            "strace can't trace here, which takes the right to ptrace (in a container: --cap-add SYS_PTRACE): {}",
            String::from_utf8_lossy(&done.stderr)
        )),
        Ok(_) => None,
    }
});

/// A program under strace, with all its threads; what strace says goes to `log`.
///
/// Where strace is missing or may not trace, the test fails and says so: what it would show is then unknown.
pub(crate) fn strace(log: &Path, options: &[&str], program: &Command) -> Command {
    if let Some(why) = &*REFUSED {
        panic!("{why}");
    }
    let mut command = Command::new("strace");
    command.args(["-f", "--seccomp-bpf", "-o"]).arg(log).args(options).arg("--");
    command.arg(program.get_program()).args(program.get_args());
    command
}

/// Sends a signal; to nobody, where the process has ended meanwhile.
pub(crate) fn signal(name: &str, pid: u32) {
    Command::new("kill").args([name, &pid.to_string()]).output().expect("there is a kill");
}
