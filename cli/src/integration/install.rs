//! Puts a component into the plugins folder, whole or not at all. It touches no other file there.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;

/// Where components go.
pub struct Place {
    folder: PathBuf,
    file: String,
}

/// What happened to the file in the plugins folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    Written {
        bytes: usize,
    },
    /// The same lies there already: nobody who watches is woken.
    Unchanged,
}

impl Place {
    pub fn new(folder: &Path, file: String) -> anyhow::Result<Self> {
        let is_folder = fs::metadata(folder).is_ok_and(|metadata| metadata.is_dir());
        anyhow::ensure!(
            is_folder,
            "no plugins folder at `{}`: start a host with `workway dev` and pass its plugins folder with --plugins",
            folder.display()
        );
        Ok(Self { folder: folder.to_owned(), file })
    }

    /// The component's path there, as the user would write it.
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.file)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn file(&self) -> &str {
        &self.file
    }

    /// Copies a component there by way of a temporary file, whose name a host does not look at.
    pub fn install(&self, component: &Path) -> anyhow::Result<Installed> {
        let content = fs::read(component).with_context(|| format!("cannot read {}", component.display()))?;
        let path = self.path();
        if fs::read(&path).is_ok_and(|present| present == content) {
            return Ok(Installed::Unchanged);
        }
        replace(&path, &content)?;
        Ok(Installed::Written { bytes: content.len() })
    }
}

/// Writes a file by way of a temporary one beside it: whoever looks sees what was there, or the whole of what is new.
pub fn replace(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let file = path.file_name().with_context(|| format!("{} is not the path of a file", path.display()))?;
    let name = format!(".{}.{}.tmp", file.to_string_lossy(), std::process::id());
    let temporary = path.with_file_name(name);
    // A file of that name, or a link that somebody has put there, is not written through.
    let created = fs::File::create_new(&temporary);
    let mut created = created.with_context(|| format!("cannot write {}", temporary.display()))?;
    let temporary = Temporary(temporary);
    created.write_all(content).with_context(|| format!("cannot write {}", temporary.0.display()))?;
    fs::rename(&temporary.0, path).with_context(|| format!("cannot replace {}", path.display()))
}

/// A file that is gone when this is.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the renaming there is none.
        let _: io::Result<()> = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::{Installed, Place};

    fn place() -> (TempDir, Place) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("plugins")).expect("a folder");
        let place = Place::new(&folder.path().join("plugins"), "slack.wasm".to_owned()).expect("a place");
        (folder, place)
    }

    fn names(place: &Place) -> Vec<String> {
        let entries = fs::read_dir(place.folder()).expect("the folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_component_is_written_once() {
        let (folder, place) = place();
        let built = folder.path().join("built.wasm");
        fs::write(&built, "one").expect("a file");
        assert_eq!(place.install(&built).expect("installed"), Installed::Written { bytes: 3 });
        assert_eq!(place.install(&built).expect("installed"), Installed::Unchanged);
        fs::write(&built, "three").expect("a file");
        assert_eq!(place.install(&built).expect("installed"), Installed::Written { bytes: 5 });
        assert_eq!(fs::read(place.path()).expect("the component"), b"three");
        assert_eq!(names(&place), ["slack.wasm"]);
    }

    #[test]
    fn what_cannot_be_put_in_place_leaves_nothing_behind() {
        let (folder, place) = place();
        let built = folder.path().join("built.wasm");
        place.install(&built).expect_err("nothing was built");
        assert!(names(&place).is_empty());
        fs::write(&built, "one").expect("a file");
        fs::create_dir_all(place.path().join("in-the-way")).expect("a folder");
        let error = place.install(&built).expect_err("a folder is in the way").to_string();
        assert!(error.contains("slack.wasm"), "{error}");
        assert_eq!(names(&place), ["slack.wasm"]);
    }

    #[test]
    fn a_plugins_folder_that_is_none_is_named() {
        let (folder, _) = place();
        fs::write(folder.path().join("file"), "").expect("a file");
        for name in ["nowhere", "file"] {
            let error = Place::new(&folder.path().join(name), "slack.wasm".to_owned()).err().expect("no folder");
            assert!(error.to_string().contains(name) && error.to_string().contains("--plugins"), "{error}");
        }
    }
}
