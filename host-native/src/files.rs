//! The user's configuration files.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process,
};

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

/// Replaces a file as a whole, for its owner alone.
pub(crate) fn save(save: &SaveFile) -> Result<(), FileError> {
    let failed = |error: io::Error| FileError { path: save.path.clone(), detail: error.to_string() };
    // What a symbolic link leads to is replaced, and the link stays.
    let path = fs::canonicalize(&save.path).unwrap_or_else(|_| save.path.clone().into());
    replace(&path, &save.bytes).map_err(failed)
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let name = path.file_name().ok_or_else(|| io::Error::other("this is no name of a file"))?;
    let (mut file, beside) = beside(dir, &name.to_string_lossy())?;
    let written =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written?;
    fs::File::open(dir)?.sync_all()
}

/// A new file in the directory that nobody else can read.
fn beside(dir: &Path, name: &str) -> io::Result<(fs::File, PathBuf)> {
    /// Left over by killed processes of our own number, or by someone who wants us not to save.
    const TRIES: u32 = 100;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut last = io::Error::other("no name is free");
    for number in 0..TRIES {
        let path = dir.join(format!(".{name}.{}-{number}", process::id()));
        match options.open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use tempfile::TempDir;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn put(path: &Path, text: &str) {
        let path = path.to_str().unwrap().to_owned();
        save(&SaveFile { path, bytes: text.into() }).unwrap();
    }

    #[test]
    fn files_are_replaced_whole_and_for_their_owner_alone() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("a/b/config.json");
        put(&path, "one");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        put(&path, "two");
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(
            (mode(&path), mode(&dir.path().join("a")), mode(&dir.path().join("a/b"))),
            (0o600, 0o700, 0o700)
        );
        assert_eq!(fs::read_dir(dir.path().join("a/b")).unwrap().count(), 1, "nothing stays beside it");
    }

    #[test]
    fn a_link_stays_a_link() {
        let dir = TempDir::new().unwrap();
        let (real, link) = (dir.path().join("real.json"), dir.path().join("config.json"));
        fs::write(&real, "one").unwrap();
        symlink("real.json", &link).unwrap();
        put(&link, "two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "two");
    }

    #[test]
    fn what_cannot_be_written_says_why() {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let path = dir.path().join("file/config.json").to_str().unwrap().to_owned();
        assert!(
            save(&SaveFile { path: path.clone(), bytes: Vec::new() })
                .unwrap_err()
                .to_string()
                .contains(&path)
        );
    }
}
