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
        // SQLite's extended result code; its low byte is the primary one (sqlite.org/rescode.html).
        let code = source.as_database_error().and_then(|e| e.code()).and_then(|c| c.parse::<u32>().ok());
        match code.map(|c| c & 0xff) {
            Some(13) => Error::DiskFull { operation, source },
            Some(11 | 26) => Error::Corrupt { operation, source },
            Some(5 | 6) => Error::Busy { operation, source },
            _ => Error::Database { operation, source },
        }
    }
}
