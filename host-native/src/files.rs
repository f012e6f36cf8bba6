//! The user's configuration files.

use std::{fs, io, path::Path};

use lugger_core::effect::file::{CONFIG_FILE_MAX, Entry, FileError, SaveFile};

/// What is at a path.
pub(crate) fn look(path: &str) -> Result<Entry, FileError> {
    let failed = |error: &io::Error| FileError { path: path.to_owned(), detail: error.to_string() };
    match entry(Path::new(path)) {
        Ok(entry) => Ok(entry),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Entry::Absent)
        }
        Err(error) => Err(failed(&error)),
    }
}

fn entry(path: &Path) -> io::Result<Entry> {
    use io::Read;
    let about = fs::metadata(path)?;
    if about.is_dir() {
        let names = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort();
        return Ok(Entry::Dir(names));
    }
    if !about.is_file() {
        return Err(io::Error::other("neither a file nor a directory"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(CONFIG_FILE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > CONFIG_FILE_MAX {
        return Err(io::Error::other(format!("more than {CONFIG_FILE_MAX} bytes")));
    }
    Ok(Entry::File(bytes))
}

/// Replaces a file.
pub(crate) fn save(save: &SaveFile) -> Result<(), FileError> {
    Err(FileError { path: save.path.clone(), detail: "saving is not there yet".to_owned() })
}
