//! Opens all sockets of one definition, or none.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::definition::{Definition, Socket};

use crate::launch;
use crate::os::{self, Bound};

/// The open sockets of one definition.
#[derive(Debug, Clone, Default)]
pub struct Opened(Vec<Entry>);

/// One entry of its `Sockets`.
#[derive(Debug, Clone)]
struct Entry {
    name: Arc<str>,
    socket: Socket,
    bounds: Vec<Arc<Bound>>,
    _folder: Option<Arc<Private>>,
}

/// The folder of a private socket; it goes with it.
#[derive(Debug)]
struct Private(PathBuf);

impl Drop for Private {
    fn drop(&mut self) {
        // What is in it is the socket's own affair.
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// Why a definition's sockets could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unopened {
    /// What failed, at which address, of which entry.
    pub cause: String,
    /// Something was lacking that comes back by itself, like memory or descriptors.
    pub is_passing: bool,
}

impl fmt::Display for Unopened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.cause)
    }
}

impl Opened {
    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each socket, in the order a process finds them.
    pub fn bounds(&self) -> impl Iterator<Item = &Arc<Bound>> {
        self.0.iter().flat_map(|entry| &entry.bounds)
    }

    /// Each socket with its name.
    pub(super) fn named(&self) -> impl Iterator<Item = (&str, &Arc<Bound>)> {
        self.0.iter().flat_map(move |entry| {
            let (name, bounds) = (&*entry.name, &entry.bounds);
            bounds.iter().map(move |bound| (name, bound))
        })
    }

    /// Variables that tell where private sockets are.
    pub(super) fn private(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().filter_map(|entry| {
            let variable = entry.socket.secure_socket_with_key.clone()?;
            Some((variable, entry.bounds.first()?.address.clone()))
        })
    }
}

/// Opening them asks no name server and waits for nobody.
#[must_use]
pub fn is_quick(definition: &Definition) -> bool {
    definition.rare.sockets.iter().flat_map(|(_, sockets)| sockets).all(os::is_quick)
}

/// Opens the sockets of a definition; what `before` has at the same addresses is taken over.
///
/// # Errors
/// What failed; then none is left open.
pub fn open(
    definition: &Definition,
    before: &[Arc<Bound>],
    run: &Path,
) -> Result<Opened, Unopened> {
    let mut opened = Opened::default();
    for (name, sockets) in &definition.rare.sockets {
        for socket in sockets {
            let unopened = |error: &dyn fmt::Display, is_passing| Unopened {
                cause: format!("Sockets.{name}: {error}"),
                is_passing,
            };
            let (path, _folder) =
                place(definition, name, socket, run).map_err(|error| unopened(&error, false))?;
            let bounds = os::open(socket, path.as_deref(), before)
                .map_err(|error| unopened(&error, error.is_passing()))?;
            let (name, socket) = (name.as_str().into(), socket.clone());
            opened.0.push(Entry { name, socket, bounds, _folder });
        }
    }
    Ok(opened)
}

/// The path of an entry, if it is to have one, in a folder of its own where it is private.
fn place(
    definition: &Definition,
    name: &str,
    socket: &Socket,
    run: &Path,
) -> Result<(Option<PathBuf>, Option<Arc<Private>>), String> {
    if let Some(path) = &socket.path_name {
        return Ok((Some(launch::directory(definition).join(path)), None));
    }
    if socket.secure_socket_with_key.is_none() {
        return Ok((None, None));
    }
    let folder = run.join(format!("private-{:016x}", hash(&definition.label, name)));
    os::create_folder(&folder, true)
        .map_err(|error| format!("cannot create folder {}: {error}", folder.display()))?;
    Ok((Some(folder.join("socket")), Some(Arc::new(Private(folder)))))
}

/// FNV-1a: short, since a socket's path must be, and the same for every daemon.
fn hash(label: &str, name: &str) -> u64 {
    let bytes = label.bytes().chain([0]).chain(name.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
