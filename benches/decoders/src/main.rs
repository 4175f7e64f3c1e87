//! One decoder at a time, over one file: `decoders speed NAME FILE` reads it as fast as it can,
//! `decoders fields NAME < MESSAGES` prints what it makes of each message.

mod fields;
mod speed;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["speed", name, file] => speed::run(name, Path::new(file)),
        ["fields", name] => fields::run(name),
        _ => Err("usage: decoders speed NAME FILE, or decoders fields NAME < MESSAGES".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("decoders: {error}");
            ExitCode::FAILURE
        }
    }
}
