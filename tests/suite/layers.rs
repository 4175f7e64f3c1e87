//! The shape of the code: data moves down the module lists, and the core can reach nothing but its input.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What the core and the decoding half of `sensors` may not name: waiting, databases, clocks, chance, the outside.
const KEPT_OUT: [&str; 14] = [
    "tokio",
    "sqlx",
    "async fn",
    ".await",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "rand::",
    "getrandom",
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
];

/// One crate's source: its folder and the modules of its `lib.rs`, in order, each with its group.
struct Source {
    folder: PathBuf,
    modules: Vec<Module>,
    /// Names that `lib.rs` shows at the root, and the module each comes from.
    shown: BTreeMap<String, String>,
}

struct Module {
    name: String,
    /// The comment above the group of `mod` lines that it stands in.
    group: String,
}

impl Source {
    fn read(folder: &str) -> Source {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let text = fs::read_to_string(folder.join("lib.rs")).expect("there is a lib.rs");
        let (mut modules, mut shown, mut group) = (Vec::new(), BTreeMap::new(), String::new());
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("// ") {
                group = comment.to_owned();
            }
            if let Some(name) = line.strip_prefix("pub mod ").or(line.strip_prefix("mod ")) {
                let name = name.trim_end_matches(';').to_owned();
                modules.push(Module { name, group: group.clone() });
            }
            if let Some((module, names)) =
                line.strip_prefix("pub use ").and_then(|rest| rest.trim_end_matches(';').split_once("::"))
            {
                for name in names.trim_matches(['{', '}']).split(", ") {
                    shown.insert(name.to_owned(), module.to_owned());
                }
            }
        }
        assert!(modules.len() > 3, "{} has no list of modules", folder.display());
        Source { folder, modules, shown }
    }

    /// A module's files, with what is in them.
    fn files(&self, module: &str) -> Vec<(String, String)> {
        let mut paths = vec![self.folder.join(format!("{module}.rs"))];
        paths.retain(|path| path.exists());
        let mut folders = vec![self.folder.join(module)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.expect("it can be listed").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    paths.push(path);
                }
            }
        }
        assert!(!paths.is_empty(), "{module} has no file");
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).expect("it can be read");
            let name = path.strip_prefix(&self.folder).expect("it is in the folder").display().to_string();
            (name, text)
        };
        paths.into_iter().map(read).collect()
    }

    /// The modules that a file names through `crate::`, directly or by a name shown at the root.
    fn named(&self, text: &str) -> Vec<String> {
        let mut named = Vec::new();
        for (at, _) in text.match_indices("crate::") {
            let rest = &text[at + "crate::".len()..];
            let list = rest.strip_prefix('{').map_or(rest, |list| list.split(';').next().unwrap_or(list));
            let mut depth = 0;
            let mut words = vec![String::new()];
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 && rest.starts_with('{') => words.push(String::new()),
                    c if c.is_alphanumeric() || c == '_' || c == ':' || depth > 0 || c.is_whitespace() => {
                        words.last_mut().expect("never empty").push(c);
                    }
                    _ => break,
                }
            }
            for word in words {
                let first = word.trim().split([':', ' ', '\n']).next().unwrap_or_default();
                named.push(self.shown.get(first).cloned().unwrap_or_else(|| first.to_owned()));
            }
        }
        named
    }

    fn place(&self, module: &str) -> Option<usize> {
        self.modules.iter().position(|known| known.name == module)
    }

    fn back_edges(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (place, module) in self.modules.iter().enumerate() {
            for (file, text) in self.files(&module.name) {
                for named in self.named(&text) {
                    if self.place(&named).is_some_and(|other| other > place) {
                        found.push(format!("{file} uses crate::{named}, which comes after {}", module.name));
                    }
                }
            }
        }
        found
    }

    fn kept_out(&self, modules: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for module in modules {
            for (file, text) in self.files(module) {
                let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
                for (number, line) in code {
                    for word in KEPT_OUT.iter().filter(|word| line.contains(**word)) {
                        found.push(format!("{file}:{} says `{word}`", number + 1));
                    }
                }
            }
        }
        found
    }
}

fn none(found: &[String]) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn data_moves_down_the_module_lists_and_never_back_up() {
    none(&Source::read("src").back_edges());
    none(&Source::read("sensors/src").back_edges());
}

#[test]
fn a_back_edge_would_be_found() {
    let source = Source::read("sensors/src");
    let text = "use crate::{Time, report::{Counts, self}, Decoder};\nlet a = crate::receiver::Batch::new();";
    assert_eq!(source.named(text), ["time", "report", "report", "receiver"]);
}

#[test]
fn the_core_has_no_clock_no_chance_and_nothing_to_wait_for() {
    let source = Source::read("src");
    let core: Vec<&str> =
        source.modules.iter().filter(|m| m.group.starts_with("The core")).map(|m| m.name.as_str()).collect();
    assert!(core.len() >= 9 && core.contains(&"watch"), "{core:?}");
    none(&source.kept_out(&core));
}

#[test]
fn decoding_has_no_clock_no_chance_and_nothing_to_wait_for() {
    let source = Source::read("sensors/src");
    let all = source.modules.iter().map(|module| module.name.as_str());
    none(&source.kept_out(&all.filter(|name| *name != "receiver").collect::<Vec<_>>()));
}

#[test]
fn rules_never_use_each_other() {
    let rules: Vec<&str> = watchkeeper::detector::RULES.iter().map(|card| card.name).collect();
    for (file, text) in Source::read("src").files("detector") {
        let own = rules.iter().find(|rule| {
            file == format!("detector/{rule}.rs") || file.starts_with(&format!("detector/{rule}/"))
        });
        // `detector/mod.rs` is the registry.
        let Some(own) = own else { continue };
        for other in rules.iter().filter(|rule| *rule != own) {
            assert!(!text.contains(&format!("{other}::")), "{file} uses {other}");
        }
    }
}

#[test]
fn only_the_daemon_knows_both_the_pipeline_and_the_console() {
    let source = Source::read("src");
    for module in &source.modules {
        for (file, text) in source.files(&module.name) {
            let named = source.named(&text);
            let both = ["pipeline", "web"].iter().all(|stage| named.iter().any(|name| name == stage));
            assert!(!both || module.name == "daemon", "{file} knows every stage");
        }
    }
}

/// One TLS and one source of its cryptography: what is in the lock file can come to be built.
#[test]
fn tls_is_rustls_with_ring() {
    let lock = include_str!("../../Cargo.lock");
    for unwanted in ["aws-lc-rs", "aws-lc-sys", "openssl", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{unwanted}\"\n")), "{unwanted} has come in");
    }
    assert!(lock.contains("name = \"ring\"\n"));
}
