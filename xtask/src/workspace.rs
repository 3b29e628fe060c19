//! Where files are, and how to install them whole or not at all. It never runs a program.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository's root. Commands run here, from whatever folder cargo was called.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

/// Where components are built: always the repository's own `target`, because tests and benches look for them there even
/// if `CARGO_TARGET_DIR` is set.
pub fn target() -> PathBuf {
    root().join("target")
}

/// The components that the tests load.
pub fn guests() -> PathBuf {
    target().join("guests")
}

/// Programs that are installed for this checkout only.
pub fn tools() -> PathBuf {
    target().join("tools")
}

/// Copies `from` to `to` through a temporary file beside it, so that a watcher of `to` never sees half a file. Returns
/// whether anything changed: an equal file is not written again, so that it wakes no watcher.
pub fn install(from: &Path, to: &Path) -> Result<bool> {
    let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if fs::read(to).is_ok_and(|present| present == content) {
        return Ok(false);
    }
    let folder = to.parent().context("a file to install lies in a folder")?;
    let name = to.file_name().context("a file to install has a name")?;
    let temporary = folder.join(format!(".{}.tmp", name.to_string_lossy()));
    fs::create_dir_all(folder)?;
    fs::write(&temporary, content).with_context(|| format!("cannot write {}", temporary.display()))?;
    fs::rename(&temporary, to).with_context(|| format!("cannot put {} in place", to.display()))?;
    Ok(true)
}

/// A hash of the inputs of a finished step, kept in a file so that the step does not run again.
pub struct Stamp {
    file: PathBuf,
    value: String,
}

impl Stamp {
    /// Hashes the contents of `inputs` and the text of `settings`. The hash only has to tell versions of one checkout
    /// apart.
    pub fn of(file: PathBuf, inputs: &[PathBuf], settings: &str) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        settings.hash(&mut hasher);
        for input in inputs {
            let content = fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
            content.hash(&mut hasher);
        }
        Ok(Self { file, value: format!("{:016x}", hasher.finish()) })
    }

    pub fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|value| value == self.value)
    }

    pub fn write(&self) -> Result<()> {
        fs::write(&self.file, &self.value).with_context(|| format!("cannot write {}", self.file.display()))
    }
}
