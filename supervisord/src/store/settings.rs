//! The settings file: read at the start of day and by `apply`, never written.

use std::io::{self, Read as _};
use std::path::Path;

use protocol::definition::{Fault, SIZE_MAX, Settings, read_settings};
use protocol::message::Rejected;

/// Reads the settings; a file that is not there says nothing.
///
/// # Errors
/// All faults, for which none of it is taken.
pub fn read(path: &Path) -> Result<Settings, Rejected> {
    let rejected = |faults| Rejected { file: path.display().to_string(), faults };
    let bytes = match bytes(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Settings::default()),
        Err(error) => return Err(rejected(vec![error.to_string()])),
    };
    let (settings, faults) = read_settings(&bytes);
    match settings {
        Some(settings) => {
            for fault in faults {
                log::warn!("{}: {fault}", path.display());
            }
            Ok(settings)
        }
        None => Err(rejected(
            faults.iter().filter(|fault| fault.is_error()).map(Fault::to_string).collect(),
        )),
    }
}

/// One byte more than settings may have is enough to have them refused.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    super::open_file(path)?.take(SIZE_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
