//! Who else can change the folders that the host trusts. What the host owns and nobody else needs, it closes; the rest it
//! reports, with the command that repairs it. It never refuses to start: only the operator knows who may be trusted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use cap_std::{
    ambient_authority,
    fs::{Dir, MetadataExt as _, Permissions, PermissionsExt},
};
use rustix::process::geteuid;
use workway_model::{FileName, Mode};

/// What nobody but the owner may do with the data folder.
const OTHERS: u32 = 0o077;
/// In a folder with this bit only an entry's owner may rename or delete it (inode(7)).
const STICKY: u32 = 0o1000;
/// Permissions in a file's mode.
const PERMISSIONS: u32 = 0o7777;
/// Warnings about one folder at a start. A folder of a thousand open files would fill the log.
const MAX_WARNINGS: usize = 10;

const PLUGINS_HARM: &str = "they can replace integrations and use the accounts that those were granted";
const KEY_HARM: &str = "they can replace the key";
const DATA_HARM: &str = "they can read or replace the database and the key";

/// Who may change the folders that the host trusts: root and the user of this process. The write permissions in `writers` are
/// reported.
#[derive(Clone, Copy, Debug)]
pub struct Trust {
    user: u32,
    /// The write permissions that are reported.
    writers: u32,
}

/// A file or folder that others can change.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Exposure {
    path: PathBuf,
    owner: u32,
    mode: u32,
    harm: &'static str,
    repair: String,
}

impl fmt::Display for Exposure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, owner, mode, harm, repair } = self;
        let path = path.display();
        write!(formatter, "other users can change {path} (owner {owner}, mode {mode:04o}); {harm}: run `{repair}`")
    }
}

impl Trust {
    /// In development a group may write: many systems give each user a group of their own and the umask 002.
    pub fn of(mode: Mode) -> Self {
        let writers = match mode {
            Mode::Production => 0o022,
            Mode::Development => 0o002,
        };
        Self { user: geteuid().as_raw(), writers }
    }

    /// Warns of everybody else who can replace an integration.
    pub fn check_plugins(self, plugins: &Dir, path: &Path) {
        warn(path, self.exposed_plugins(plugins, path));
    }

    fn exposed_plugins(self, plugins: &Dir, path: &Path) -> io::Result<Vec<Exposure>> {
        let folder = plugins.dir_metadata()?;
        // Others who may add a file in a sticky folder may bring an integration, so the bit does not help here.
        let mut found = Vec::from_iter(self.exposure(path, owner_and_mode(&folder), self.writers, PLUGINS_HARM));
        found.extend(self.exposed_parents(path, PLUGINS_HARM)?);
        for entry in plugins.entries()? {
            let name = entry?.file_name();
            // What the host does not load does no harm, and what it cannot look at it cannot load.
            let is_component = name.to_str().is_some_and(|name| name.parse::<FileName>().is_ok());
            if let (true, Ok(file)) = (is_component, plugins.metadata(&name)) {
                let file = owner_and_mode(&file);
                found.extend(self.exposure(&path.join(&name), file, self.writers, PLUGINS_HARM));
            }
        }
        Ok(found)
    }

    /// Opens the data folder, closed to other users, and makes it where it is missing. Warns of everybody else who can
    /// read or replace it.
    ///
    /// # Errors
    /// The folder cannot be made or opened.
    pub fn open_data(self, path: &Path) -> io::Result<Dir> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let data = Dir::open_ambient_dir(path, ambient_authority())?;
        let (owner, mode) = owner_and_mode(&data.dir_metadata()?);
        if owner == self.user && mode & OTHERS != 0 {
            let (shown, closed) = (path.display(), mode & !OTHERS);
            match data.set_permissions(".", Permissions::from_mode(closed)) {
                Ok(()) => tracing::warn!(
                    "the data folder {shown} was open to other users (mode {mode:04o}): its mode is {closed:04o} now"
                ),
                Err(error) => tracing::warn!("the mode {mode:04o} of the data folder {shown} stays: {error}"),
            }
        }
        warn(path, self.exposed_data(&data, path));
        Ok(data)
    }

    fn exposed_data(self, data: &Dir, path: &Path) -> io::Result<Vec<Exposure>> {
        let folder = data.dir_metadata()?;
        // Nobody else has business in the folder, not even to read.
        let mut found = Vec::from_iter(self.exposure(path, owner_and_mode(&folder), OTHERS, DATA_HARM));
        found.extend(self.exposed_parents(path, DATA_HARM)?);
        Ok(found)
    }

    /// Warns of everybody else who can replace a key file that is not in the data folder.
    pub fn check_key_file(self, path: &Path) {
        warn(path, self.exposed_parents(path, KEY_HARM));
    }

    /// The folders and links on the way to a file or folder, through which others can put another one in its place.
    fn exposed_parents(self, path: &Path, harm: &'static str) -> io::Result<Vec<Exposure>> {
        let identity = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
        let itself = identity(&fs::metadata(path)?);
        let mut on_the_way = BTreeSet::new();
        collect(&std::path::absolute(path)?, &mut on_the_way);
        // Several spellings may name one folder.
        let mut found = BTreeMap::new();
        for entry in on_the_way {
            let Ok(metadata) = fs::symlink_metadata(&entry) else { continue };
            let (owner, mode) = (metadata.uid(), metadata.mode());
            // A link has no permissions of its own. In a sticky folder others may add entries, but not replace one.
            let writers = if metadata.is_symlink() || mode & STICKY != 0 { 0 } else { self.writers };
            let exposure = self.exposure(&entry, (owner, mode), writers, harm);
            if let Some(exposure) = exposure.filter(|_| identity(&metadata) != itself) {
                found.entry(identity(&metadata)).or_insert(exposure);
            }
        }
        Ok(found.into_values().collect())
    }

    /// What is wrong with a file or folder that only root and this user may own, and to which nobody may have one of
    /// these permissions.
    fn exposure(
        self,
        path: &Path,
        (owner, mode): (u32, u32),
        permissions: u32,
        harm: &'static str,
    ) -> Option<Exposure> {
        let shown = path.display();
        let mut repairs = Vec::new();
        if owner != 0 && owner != self.user {
            repairs.push(format!("chown -h {} {shown}", self.user));
        }
        if mode & permissions != 0 {
            let closed = if permissions == OTHERS { "go=" } else { "go-w" };
            repairs.push(format!("chmod {closed} {shown}"));
        }
        let repair = repairs.join(" && ");
        (!repair.is_empty()).then(|| Exposure { path: path.into(), owner, mode: mode & PERMISSIONS, harm, repair })
    }
}

fn owner_and_mode(metadata: &cap_std::fs::Metadata) -> (u32, u32) {
    (metadata.uid(), metadata.mode() & PERMISSIONS)
}

/// Collects a path, its parents, and the same of each link among them.
fn collect(path: &Path, found: &mut BTreeSet<PathBuf>) {
    for part in path.ancestors() {
        if !found.insert(part.into()) {
            return;
        }
        if let (Ok(target), Some(parent)) = (fs::read_link(part), part.parent()) {
            collect(&parent.join(target), found);
        }
    }
}

fn warn(folder: &Path, found: io::Result<Vec<Exposure>>) {
    match found {
        Ok(found) => {
            for exposure in found.iter().take(MAX_WARNINGS) {
                tracing::warn!("{exposure}");
            }
            if found.len() > MAX_WARNINGS {
                let more = found.len() - MAX_WARNINGS;
                tracing::warn!("other users can change {more} more files in {}", folder.display());
            }
        }
        Err(error) => tracing::warn!("who can change {} cannot be checked: {error}", folder.display()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const NOBODY: u32 = 65_534;

    fn place(path: &Path, mode: u32) {
        if path.extension().is_some() {
            fs::write(path, "").unwrap()
        } else {
            fs::create_dir_all(path).unwrap()
        }
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn open(path: &Path) -> Dir {
        Dir::open_ambient_dir(path, ambient_authority()).unwrap()
    }

    /// The names of what is exposed, below a folder that only this user can write to.
    fn exposed(trust: Trust, root: &Path, plugins: &Path) -> Vec<(String, u32)> {
        let found = trust.exposed_plugins(&open(plugins), plugins).unwrap();
        let mut found: Vec<_> = found
            .into_iter()
            .filter_map(|found| Some((found.path.strip_prefix(root).ok()?.display().to_string(), found.mode)))
            .collect();
        found.sort();
        found
    }

    fn named(names: &[(&str, u32)]) -> Vec<(String, u32)> {
        names.iter().map(|(name, mode)| ((*name).to_owned(), *mode)).collect()
    }

    #[test]
    fn finds_every_way_to_replace_a_component() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let plugins = root.join("a/plugins");
        for (name, mode) in [("a", 0o755), ("a/plugins", 0o755), ("a/plugins/sound.wasm", 0o644)] {
            place(&root.join(name), mode);
        }
        assert_eq!(exposed(Trust::of(Mode::Production), root, &plugins), []);
        place(&plugins.join("notes.txt"), 0o666);
        place(&plugins.join("group.wasm"), 0o664);
        place(&plugins.join("all.wasm"), 0o666);
        assert_eq!(
            exposed(Trust::of(Mode::Production), root, &plugins),
            named(&[("a/plugins/all.wasm", 0o666), ("a/plugins/group.wasm", 0o664)])
        );
        assert_eq!(exposed(Trust::of(Mode::Development), root, &plugins), named(&[("a/plugins/all.wasm", 0o666)]));
        for (parent, folder, expected) in [
            (0o777, 0o755, &[("a", 0o777)][..]),
            // In a sticky folder nobody replaces another's entry, but anybody adds one.
            (0o1777, 0o755, &[]),
            (0o755, 0o1777, &[("a/plugins", 0o1777)]),
            (0o775, 0o775, &[("a", 0o775), ("a/plugins", 0o775)]),
        ] {
            place(&root.join("a"), parent);
            place(&plugins, folder);
            let found = exposed(Trust::of(Mode::Production), root, &plugins);
            let found: Vec<_> = found.into_iter().filter(|(name, _)| !name.ends_with(".wasm")).collect();
            assert_eq!(found, named(expected), "{parent:o} {folder:o}");
        }
    }

    #[test]
    fn follows_links_and_looks_at_where_they_lie() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        for (name, mode) in [("open", 0o777), ("real", 0o755), ("real/plugins", 0o777), ("shut", 0o755)] {
            place(&root.join(name), mode);
        }
        // shut/plugins -> open/link -> real/plugins
        symlink("../real/plugins", root.join("open/link")).unwrap();
        symlink(root.join("open/link"), root.join("shut/plugins")).unwrap();
        let plugins = root.join("shut/plugins");
        assert_eq!(
            exposed(Trust::of(Mode::Production), root, &plugins),
            named(&[("open", 0o777), ("shut/plugins", 0o777)]),
            "the second link can be replaced, and the folder itself is open"
        );
    }

    #[test]
    fn another_owner_is_reported_with_the_repair() {
        let trust = Trust { user: 1_000, writers: 0o022 };
        let path = Path::new("/srv/plugins");
        let exposure = |owner, mode| trust.exposure(path, (owner, mode), trust.writers, PLUGINS_HARM);
        assert_eq!(exposure(0, 0o755), None);
        assert_eq!(exposure(1_000, 0o700), None);
        let foreign = exposure(NOBODY, 0o777).unwrap();
        assert_eq!(foreign.repair, "chown -h 1000 /srv/plugins && chmod go-w /srv/plugins");
        let text = foreign.to_string();
        assert!(text.contains("/srv/plugins (owner 65534, mode 0777)") && text.contains("accounts"), "{text}");
    }

    #[test]
    fn closes_the_data_folder_that_it_owns() {
        for mode in [0o755, 0o777, 0o710, 0o704] {
            let root = tempfile::tempdir().unwrap();
            place(&root.path().join("data"), mode);
            symlink("data", root.path().join("link")).unwrap();
            let trust = Trust::of(Mode::Production);
            let data = trust.open_data(&root.path().join("link")).unwrap();
            assert_eq!(data.dir_metadata().unwrap().mode() & PERMISSIONS, 0o700, "{mode:o}");
            assert_eq!(trust.exposed_data(&data, &root.path().join("link")).unwrap(), []);
        }
        let root = tempfile::tempdir().unwrap();
        let made = root.path().join("new/data");
        let data = Trust::of(Mode::Production).open_data(&made).unwrap();
        assert_eq!(data.dir_metadata().unwrap().mode() & PERMISSIONS, 0o700);
    }

    #[test]
    fn leaves_a_data_folder_of_others_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("data");
        place(&path, 0o750);
        let somebody = Trust { user: NOBODY, writers: 0o022 };
        let data = somebody.open_data(&path).unwrap();
        assert_eq!(data.dir_metadata().unwrap().mode() & PERMISSIONS, 0o750);
        let found = somebody.exposed_data(&data, &path).unwrap();
        let repair = &found.first().expect("it is reported").repair;
        assert!(repair.ends_with(&format!("chmod go= {}", path.display())), "{repair}");
    }
}
