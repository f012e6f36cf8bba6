//! What the system and SQLite say, as the core's [`StoreError`].

use std::{io, path::Path};

use lugger_core::effect::store::{StoreError, StoreErrorKind};
use rusqlite::ErrorCode;
use rustix::io::Errno;

/// An error of this kind at this path.
pub(super) fn error(kind: StoreErrorKind, path: &Path, detail: impl Into<String>) -> StoreError {
    StoreError { kind, path: path.display().to_string(), detail: detail.into() }
}

/// Of no particular kind.
pub(super) fn failed(path: &Path, detail: impl Into<String>) -> StoreError {
    error(StoreErrorKind::Failed, path, detail)
}

/// What a system call said.
pub(super) fn system(path: &Path, cause: impl Into<io::Error>) -> StoreError {
    let cause = cause.into();
    let kind = match cause.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOSPC | Errno::DQUOT) => StoreErrorKind::Full,
        Some(Errno::ROFS | Errno::ACCESS | Errno::PERM) => StoreErrorKind::ReadOnly,
        _ => StoreErrorKind::Failed,
    };
    error(kind, path, cause.to_string())
}

/// What SQLite said.
pub(super) fn database(path: &Path, cause: &rusqlite::Error) -> StoreError {
    let kind = match cause.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreErrorKind::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreErrorKind::ReadOnly,
        _ => StoreErrorKind::Failed,
    };
    // The extended code tells what the system refused: "disk I/O error" alone may be anything.
    let detail = match cause {
        rusqlite::Error::SqliteFailure(code, _) => format!("{cause} (SQLite code {})", code.extended_code),
        _ => cause.to_string(),
    };
    error(kind, path, detail)
}
