//! What can be wrong with a database file, told apart where a person or the daemon would act differently.

/// What failed, with the operation in the message and SQLite's own words as the source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No room left on the disk (SQLITE_FULL).
    #[error("could not {operation}: the disk is full")]
    DiskFull {
        /// What was being done.
        operation: String,
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// The file is damaged, or isn't a database (SQLITE_CORRUPT, SQLITE_NOTADB).
    #[error("could not {operation}: the file is damaged or not a database")]
    Corrupt {
        /// What was being done.
        operation: String,
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// Somebody else holds the file's lock (SQLITE_BUSY, SQLITE_LOCKED); worth another try.
    #[error("could not {operation}: the file is in use")]
    Busy {
        /// What was being done.
        operation: String,
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// The disk failed while it was read, written or synced (SQLITE_IOERR): nothing that follows can be believed.
    #[error("could not {operation}: the disk failed, and what was written last may not be on it")]
    Disk {
        /// What was being done.
        operation: String,
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// A later version of the program made the file.
    #[error("could not {operation}: it has version {found}, and this program knows up to {known}")]
    Newer {
        /// What was being done.
        operation: String,
        /// The file's version.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// Everything else.
    #[error("could not {operation}")]
    Database {
        /// What was being done.
        operation: String,
        /// What sqlx or SQLite said.
        source: sqlx::Error,
    },
}

/// What a store operation gives.
pub type Result<T> = std::result::Result<T, Error>;

/// For `map_err`: names the operation that failed, in words that follow "could not", and finds its kind.
pub fn failed(operation: impl FnOnce() -> String) -> impl FnOnce(sqlx::Error) -> Error {
    move |source| {
        let operation = operation();
        match code(&source).map(|code| (code, code & 0xff)) {
            Some((IOERR_SHMSIZE, _) | (_, 13)) => Error::DiskFull { operation, source },
            Some((_, 11 | 26)) => Error::Corrupt { operation, source },
            Some((_, 5 | 6)) => Error::Busy { operation, source },
            Some((_, 10)) => Error::Disk { operation, source },
            _ => Error::Database { operation, source },
        }
    }
}

impl Error {
    /// Whether it may pass, so that the same is worth trying again; see [`may_pass`].
    pub fn may_pass(&self) -> bool {
        match self {
            Error::DiskFull { .. } | Error::Busy { .. } => true,
            Error::Corrupt { source, .. } | Error::Disk { source, .. } | Error::Database { source, .. } => {
                may_pass(source)
            }
            Error::Newer { .. } => false,
        }
    }
}

/// Whether what SQLite said may pass by itself: no room on the disk, or the file in use. All else ends the watch. Of
/// these a failed sync matters most: the system reports it once and then calls the lost pages clean, so that trying again
/// would acknowledge what is not on the disk (as PostgreSQL learned; sqlite.org/rescode.html for the numbers).
pub fn may_pass(source: &sqlx::Error) -> bool {
    const FULL: u32 = 13;
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    // A full disk also has no room for a file's name; nothing has been written.
    const CANTOPEN: u32 = 14;
    code(source)
        .is_some_and(|code| code == IOERR_SHMSIZE || matches!(code & 0xff, FULL | BUSY | LOCKED | CANTOPEN))
}

/// No room for the index of the write-ahead log, which is made anew at every start and holds nothing of its own.
const IOERR_SHMSIZE: u32 = 10 | 19 << 8;

/// SQLite's extended result code; its low byte is the primary one (sqlite.org/rescode.html).
fn code(source: &sqlx::Error) -> Option<u32> {
    source.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse().ok())
}
