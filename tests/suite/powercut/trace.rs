//! What a program did to the files of one folder, in order, read from the record that strace made of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The calls that change files or make changes durable.
pub(crate) const CALLS: &str = "trace=openat,open,creat,close,dup,dup2,dup3,fcntl,lseek,write,writev,pwrite64,pwritev,ftruncate,\
     truncate,fallocate,copy_file_range,sendfile,fsync,fdatasync,sync_file_range,unlink,unlinkat,rename,renameat,\
     renameat2,link,linkat,symlink,mkdir,mkdirat,rmdir";

/// One file, whatever it is called.
pub(crate) type Inode = usize;

/// One thing done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    Create {
        path: PathBuf,
        inode: Inode,
    },
    Folder {
        path: PathBuf,
    },
    Unlink {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
        inode: Inode,
    },
    Write {
        inode: Inode,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        inode: Inode,
        length: usize,
    },
    Sync {
        inode: Inode,
    },
    SyncFolder {
        path: PathBuf,
    },
    /// The program told somebody, by a line in the file of acknowledgements.
    Told {
        text: String,
    },
}

/// An act, and the lines of the record between which it happened.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) begun: usize,
    pub(crate) done: usize,
    pub(crate) act: Act,
}

#[derive(Debug, Clone)]
enum Open {
    File { inode: Inode, at: usize },
    Folder(PathBuf),
    Told,
}

/// Reads a record. `told` is the file of acknowledgements.
pub(crate) struct Recorder {
    folder: PathBuf,
    told: PathBuf,
    open: HashMap<i64, Open>,
    names: HashMap<PathBuf, Inode>,
    inodes: usize,
    unfinished: HashMap<String, (usize, String)>,
    pub(crate) events: Vec<Event>,
}

impl Recorder {
    pub(crate) fn new(folder: &Path, told: &Path) -> Recorder {
        Recorder {
            folder: folder.to_owned(),
            told: told.to_owned(),
            open: HashMap::new(),
            names: HashMap::new(),
            inodes: 0,
            unfinished: HashMap::new(),
            events: Vec::new(),
        }
    }

    /// All that the record tells, in the order in which it began.
    pub(crate) fn read(mut self, record: &str) -> Vec<Event> {
        for (number, line) in record.lines().enumerate() {
            self.line(number, line);
        }
        self.events.sort_by_key(|event| event.begun);
        self.events
    }

    fn line(&mut self, number: usize, line: &str) {
        let Some((pid, rest)) = line.split_once(char::is_whitespace) else { return };
        let rest = rest.trim_start();
        if rest.starts_with("+++") || rest.starts_with("---") {
            return;
        }
        if let Some(first_half) = rest.strip_suffix(" <unfinished ...>") {
            self.unfinished.insert(pid.to_owned(), (number, first_half.to_owned()));
            return;
        }
        let (begun, whole) = match rest.strip_prefix("<... ") {
            Some(resumed) => {
                let (begun, first) = self.unfinished.remove(pid).expect("it began before it was resumed");
                let second = resumed.split_once("resumed>").expect("so strace words it").1;
                (begun, first + second)
            }
            None => (number, rest.to_owned()),
        };
        let Some((call, result)) = whole.rsplit_once(" = ") else { return };
        let result: i64 = result.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(-1);
        if result < 0 {
            return;
        }
        let (name, arguments) = call.trim_end().split_once('(').expect("so strace words it");
        let arguments = split(arguments.strip_suffix(')').expect("so strace words it"));
        self.call(begun, number, name, &arguments, result);
    }

    fn call(&mut self, begun: usize, done: usize, name: &str, arguments: &[String], result: i64) {
        let number = |n: usize| arguments[n].parse::<i64>().expect("a number");
        let mut push = |act| self.events.push(Event { begun, done, act });
        let known = |open: &HashMap<i64, Open>| open.get(&number(0)).cloned();
        match name {
            "openat" => self.opened(begun, done, &text(&arguments[1]), &arguments[2], result),
            "close" => {
                self.open.remove(&number(0));
            }
            "dup" | "dup2" | "dup3" => {
                assert!(known(&self.open).is_none(), "a file's second descriptor: {name}");
            }
            "fcntl" if arguments[1].starts_with("F_DUPFD") => {
                assert!(known(&self.open).is_none(), "a file's second descriptor");
            }
            "fcntl" => {}
            "lseek" => {
                if let Some(Open::File { at, .. }) = self.open.get_mut(&number(0)) {
                    *at = result as usize;
                }
            }
            "pwrite64" => {
                if let Some(Open::File { inode, .. }) = known(&self.open) {
                    let mut bytes = bytes(&arguments[1]);
                    bytes.truncate(result as usize);
                    push(Act::Write { inode, at: number(3) as usize, bytes });
                }
            }
            "write" => match self.open.get_mut(&number(0)) {
                Some(Open::File { inode, at }) => {
                    let mut bytes = bytes(&arguments[1]);
                    bytes.truncate(result as usize);
                    push(Act::Write { inode: *inode, at: *at, bytes });
                    *at += result as usize;
                }
                Some(Open::Told) => push(Act::Told { text: text(&arguments[1]) }),
                _ => {}
            },
            "ftruncate" => {
                if let Some(Open::File { inode, .. }) = known(&self.open) {
                    push(Act::Truncate { inode, length: number(1) as usize });
                }
            }
            "fsync" | "fdatasync" => match known(&self.open) {
                Some(Open::File { inode, .. }) => push(Act::Sync { inode }),
                Some(Open::Folder(path)) => push(Act::SyncFolder { path }),
                _ => {}
            },
            "unlink" => self.unlinked(begun, done, text(&arguments[0])),
            "unlinkat" => self.unlinked(begun, done, text(&arguments[1])),
            "rename" => {
                let (from, to) = (PathBuf::from(text(&arguments[0])), PathBuf::from(text(&arguments[1])));
                if let Some(inode) = self.names.remove(&from) {
                    self.names.insert(to.clone(), inode);
                    push(Act::Rename { from, to, inode });
                }
            }
            "mkdir" => {
                let path = PathBuf::from(text(&arguments[0]));
                if path.starts_with(&self.folder) {
                    push(Act::Folder { path });
                }
            }
            // The others are listed so that a store which begins to use one is noticed here, and not misread.
            other => {
                let touched = known_or_named(&self.open, &self.folder, arguments);
                assert!(!touched, "{other} is used on the stores, and the record's reader doesn't know it");
            }
        }
    }

    fn opened(&mut self, begun: usize, done: usize, path: &str, flags: &str, descriptor: i64) {
        let path = PathBuf::from(path);
        let open = if path == self.told {
            Open::Told
        } else if !path.starts_with(&self.folder) || path.to_string_lossy().ends_with("-shm") {
            // The log's index (`-shm`) is made anew at every start.
            self.open.remove(&descriptor);
            return;
        } else if let Some(&inode) = self.names.get(&path) {
            if flags.contains("O_TRUNC") {
                self.events.push(Event { begun, done, act: Act::Truncate { inode, length: 0 } });
            }
            Open::File { inode, at: 0 }
        } else if flags.contains("O_CREAT") {
            self.inodes += 1;
            let inode = self.inodes;
            self.names.insert(path.clone(), inode);
            self.events.push(Event { begun, done, act: Act::Create { path, inode } });
            Open::File { inode, at: 0 }
        } else {
            Open::Folder(path)
        };
        self.open.insert(descriptor, open);
    }

    fn unlinked(&mut self, begun: usize, done: usize, path: String) {
        let path = PathBuf::from(path);
        if self.names.remove(&path).is_some() {
            self.events.push(Event { begun, done, act: Act::Unlink { path } });
        }
    }
}

fn known_or_named(open: &HashMap<i64, Open>, folder: &Path, arguments: &[String]) -> bool {
    arguments.iter().any(|argument| match argument.parse::<i64>() {
        Ok(descriptor) => matches!(open.get(&descriptor), Some(Open::File { .. })),
        Err(_) => argument.starts_with('"') && Path::new(&text(argument)).starts_with(folder),
    })
}

/// The arguments of a call. Strings are hexadecimal, so that no comma is in them.
fn split(arguments: &str) -> Vec<String> {
    arguments.split(',').map(|argument| argument.trim().to_owned()).collect()
}

/// The bytes of a string such as `"\x2f\x74"`.
fn bytes(argument: &str) -> Vec<u8> {
    let inside = argument.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let inside = inside.unwrap_or_else(|| panic!("a whole string: {argument:.80}"));
    let digit = |byte: u8| (byte as char).to_digit(16).expect("hexadecimal") as u8;
    inside.as_bytes().chunks(4).map(|four| digit(four[2]) << 4 | digit(four[3])).collect()
}

fn text(argument: &str) -> String {
    if argument.starts_with('"') {
        String::from_utf8_lossy(&bytes(argument)).into_owned()
    } else {
        String::new()
    }
}
