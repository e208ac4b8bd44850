//! Which rotated logs stay: so many, so many bytes of each log, so many bytes of all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::bounds::Bounds;
use super::log::Log;
use super::stamp::{self, COMPRESSED};

/// Removes the oldest rotated ones of a log that are beyond its bounds.
///
/// # Errors
/// What the system says about removing.
pub(super) fn retain(log: &Log, bounds: &Bounds) -> io::Result<()> {
    let pieces = log.pieces();
    let size = |stamp: &str| {
        let path = log.path.with_file_name(log.name_of(stamp));
        let mut compressed = path.clone().into_os_string();
        compressed.push(COMPRESSED);
        let size = |path: &Path| fs::metadata(path).map(|found| found.len());
        size(&path).or_else(|_| size(Path::new(&compressed))).unwrap_or_default()
    };
    let mut total = 0_u64;
    let kept = pieces.iter().rev().take(bounds.keep).take_while(|piece| {
        total += size(&piece.stamp);
        bounds.max_total.is_none_or(|max_total| total <= max_total)
    });
    let surplus = pieces.len() - kept.count();
    for piece in &pieces[..surplus] {
        let folder = log.folder()?;
        let name = log.name_of(&piece.stamp);
        let mut compressed = name.clone();
        compressed.push(COMPRESSED);
        folder.remove(&name)?;
        folder.remove(&compressed)?;
        log.with(|state| state.pieces.retain(|other| other.stamp != piece.stamp));
    }
    Ok(())
}

/// Removes the oldest rotated logs of the folder until everything in it is within the quota.
///
/// # Errors
/// What the system says about reading or removing.
pub(super) fn keep_quota(folder: &Path, quota: u64) -> io::Result<()> {
    let mut rotated: Vec<(String, PathBuf, u64)> = Vec::new();
    let mut total = 0_u64;
    for entry in fs::read_dir(folder)?.flatten() {
        let Ok(found) = entry.metadata() else { continue };
        if !found.is_file() {
            continue;
        }
        total += found.len();
        let name = entry.file_name();
        if let Some((_, stamp)) = name.to_str().and_then(stamp::split) {
            rotated.push((stamp.to_owned(), entry.path(), found.len()));
        }
    }
    rotated.sort();
    for (_, path, size) in rotated {
        if total <= quota {
            return Ok(());
        }
        fs::remove_file(&path)?;
        log::info!("{}: removed, all logs have {total} bytes, more than Quota", path.display());
        total -= size;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_of_all_go_first_and_live_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, size: usize| {
            fs::write(folder.path().join(name), vec![b'x'; size]).unwrap();
        };
        put("web.log", 500);
        put("web.log.20261123T000001.000000Z.gz", 100);
        put("db.log.20261123T000002.000000Z", 100);
        put("web.log.20261123T000003.000000Z", 100);
        put("db.log.1", 100);
        let left = |quota| {
            keep_quota(folder.path(), quota).unwrap();
            let entries = fs::read_dir(folder.path()).unwrap().flatten();
            let mut names: Vec<String> =
                entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
            names.sort();
            names.join(" ")
        };
        let newest = "db.log db.log.1 web.log".replace("db.log ", "");
        assert_eq!(left(900).split(' ').count(), 5);
        assert_eq!(
            left(899),
            "db.log.1 db.log.20261123T000002.000000Z web.log web.log.20261123T000003.000000Z"
        );
        assert_eq!(left(1), newest, "what is not a rotated log is nobody's to remove");
    }
}
