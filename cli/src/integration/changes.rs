//! New and changed files of a project, written all or none: what was begun is taken back when one of them cannot be
//! written. It never writes over a file that it does not know.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;

/// What is to be written.
#[derive(Default)]
pub struct Changes {
    files: Vec<File>,
}

struct File {
    path: PathBuf,
    content: String,
    /// What is there now; nothing yet where the file is new.
    before: Option<String>,
}

impl Changes {
    /// Adds a file that is not there yet.
    pub fn create(&mut self, path: PathBuf, content: String) {
        self.files.push(File { path, content, before: None });
    }

    /// Adds a file that was read as `before`.
    pub fn edit(&mut self, path: PathBuf, before: String, content: String) {
        self.files.push(File { path, content, before: Some(before) });
    }

    /// Writes them, in the order in which they were added.
    ///
    /// # Errors
    /// The file that could not be written. Nothing is changed then.
    pub fn apply(&self) -> anyhow::Result<()> {
        let mut done = Done::default();
        for file in &self.files {
            let nothing = || format!("cannot write {}; nothing was changed", file.path.display());
            done.write(file).with_context(nothing)?;
        }
        done.is_whole = true;
        Ok(())
    }
}

/// What was written so far, and is taken back unless it is the whole.
#[derive(Default)]
struct Done<'changes> {
    is_whole: bool,
    folders: Vec<PathBuf>,
    files: Vec<&'changes File>,
}

impl<'changes> Done<'changes> {
    fn write(&mut self, file: &'changes File) -> io::Result<()> {
        match &file.before {
            None => {
                if let Some(folder) = file.path.parent() {
                    self.make(folder)?;
                }
                let mut created = OpenOptions::new().write(true).create_new(true).open(&file.path)?;
                self.files.push(file);
                created.write_all(file.content.as_bytes())
            }
            Some(before) => {
                if fs::read_to_string(&file.path)? != *before {
                    return Err(io::Error::other("another program changed the file"));
                }
                self.files.push(file);
                fs::write(&file.path, &file.content)
            }
        }
    }

    fn make(&mut self, folder: &Path) -> io::Result<()> {
        if folder.as_os_str().is_empty() || folder.is_dir() {
            return Ok(());
        }
        if let Some(parent) = folder.parent() {
            self.make(parent)?;
        }
        fs::create_dir(folder)?;
        self.folders.push(folder.to_owned());
        Ok(())
    }
}

impl Drop for Done<'_> {
    fn drop(&mut self) {
        if self.is_whole {
            return;
        }
        // Where this fails too nobody can do more.
        for file in self.files.iter().rev() {
            let _: io::Result<()> = match &file.before {
                None => fs::remove_file(&file.path),
                Some(before) => fs::write(&file.path, before),
            };
        }
        for folder in self.folders.iter().rev() {
            let _: io::Result<()> = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_written_or_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("old.rs"), "old").expect("a file");
        fs::write(path("in-the-way"), "kept").expect("a file");
        let changes = |last: &str| {
            let mut changes = Changes::default();
            changes.create(path("src/deep/new.rs"), "new".to_owned());
            changes.edit(path("old.rs"), "old".to_owned(), "changed".to_owned());
            changes.create(path(last), "more".to_owned());
            changes
        };
        for impossible in ["in-the-way", "in-the-way/below"] {
            let error = changes(impossible).apply().expect_err("it is there").to_string();
            assert!(error.contains(impossible) && error.contains("nothing was changed"), "{error}");
            assert!(!path("src").exists());
            assert_eq!(fs::read_to_string(path("old.rs")).expect("a file"), "old");
            assert_eq!(fs::read_to_string(path("in-the-way")).expect("a file"), "kept");
        }
        changes("src/last.rs").apply().expect("it is written");
        assert_eq!(fs::read_to_string(path("old.rs")).expect("a file"), "changed");
        assert_eq!(fs::read_to_string(path("src/deep/new.rs")).expect("a file"), "new");
    }

    #[test]
    fn what_somebody_else_changed_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lib.rs");
        fs::write(&path, "theirs").expect("a file");
        let mut changes = Changes::default();
        changes.edit(path.clone(), "old".to_owned(), "ours".to_owned());
        changes.apply().expect_err("it is another");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "theirs");
    }
}
