//! What single functions were compiled to, for the compiler to ask before it compiles one. What is new stays in memory
//! until [`FunctionCache::flush`] writes all of it as one file, a pack; no pack is ever changed.
//!
//! A pack that was used is younger than one that was not, and the oldest make room. Functions that live on are found in
//! old packs, which therefore stay; those of a pack that went are compiled again and lie in the newest one. So the folder
//! ends up with what is in use, without anything being moved. A second host with the same folder does not see new packs
//! before it starts again, and reads a pack that the first one removed until it flushes itself.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt, io,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use wasmtime::CacheStore;

use super::{
    folder::{CacheEntry, CacheError, CacheFolder, total_bytes, touch},
    pack::{ENTRY_BYTES, HEAD_BYTES, Key, NewPack, PACK, Pack, PackError, Place, Places},
};

/// The most that waits in memory to be written, in bytes with its part of the index. A JavaScript component compiles to
/// 35 MiB.
const PENDING_BYTES: u64 = 128 << 20;
/// The most packs. Each is an open file.
const MAX_PACKS: usize = 64;
/// The most functions in all packs, and the most that wait to be written. Each of the first takes 72 bytes of memory.
const MAX_ENTRIES: usize = 400_000;

/// Compiled functions by key. Never hands out anything but what was inserted under the key.
pub struct FunctionCache {
    folder: CacheFolder,
    bounds: Bounds,
    /// Held for moments only, never while something is read, written or hashed.
    index: RwLock<Index>,
    /// Held by the one that writes a pack.
    flushing: Mutex<()>,
}

/// The constants above and the limit that the operator sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes: u64,
    pub(super) packs: usize,
    pub(super) entries: usize,
    pub(super) pending_bytes: u64,
}

#[derive(Default)]
struct Index {
    packs: Vec<Arc<Pack>>,
    stored: HashMap<Key, Stored>,
    pending: HashMap<Key, Pending>,
    pending_bytes: u64,
    /// Counts inserts.
    inserted: u64,
}

#[derive(Clone)]
struct Stored {
    pack: Arc<Pack>,
    place: Place,
}

struct Pending {
    /// A pack has its values in the order in which the compiler made them: it asks for them in nearly the same order,
    /// and a disk is read from front to back.
    order: u64,
    value: Arc<Vec<u8>>,
}

impl FunctionCache {
    pub(super) fn open(folder: CacheFolder, limit_bytes: u64) -> Result<Self, CacheError> {
        let bounds =
            Bounds { bytes: limit_bytes, packs: MAX_PACKS, entries: MAX_ENTRIES, pending_bytes: PENDING_BYTES };
        Self::with_bounds(folder, bounds)
    }

    pub(super) fn with_bounds(folder: CacheFolder, mut bounds: Bounds) -> Result<Self, CacheError> {
        // So that every pack fits by itself.
        bounds.pending_bytes = bounds.pending_bytes.min(bounds.bytes.saturating_sub(HEAD_BYTES));
        let fits = |rest: &[_]| rest.len() <= bounds.packs && total_bytes(rest) <= bounds.bytes;
        let files = folder.shrink(&[PACK], None, fits).map_err(|error| folder.unlisted(error))?;
        let mut index = Index::default();
        let mut room = bounds.entries;
        // The last used pack first: what it has of a function is what the compiler took or made last.
        for CacheEntry { stem, .. } in files {
            let name = format!("{stem}{PACK}");
            match open_pack(&folder, &stem, bounds.entries) {
                Ok(None) => {}
                Ok(Some((pack, _))) if pack.entries > room => {
                    room = 0;
                    folder.remove_or_warn(&name);
                }
                Ok(Some((pack, places))) => {
                    room -= pack.entries;
                    let pack = Arc::new(pack);
                    for (key, place) in places {
                        index.stored.entry(key).or_insert_with(|| Stored { pack: Arc::clone(&pack), place });
                    }
                    index.packs.push(pack);
                }
                Err(error) => folder.discard(&[&name], &format_args!("`{name}`: {error}")),
            }
        }
        Ok(Self { folder, bounds, index: RwLock::new(index), flushing: Mutex::new(()) })
    }

    /// Writes what was inserted since the last time, notes which packs were used, and removes what is over the bounds
    /// then. Call it after every compile, also one that came to nothing: until then its functions are in memory.
    ///
    /// # Errors
    /// The disk does not take it. The functions are forgotten, and compiled again when they are needed.
    pub fn flush(&self) -> io::Result<()> {
        let _one_at_a_time = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let (pending, packs) = {
            let index = self.read();
            let mut pending: Vec<_> = index
                .pending
                .iter()
                .map(|(key, pending)| (pending.order, (*key, Arc::clone(&pending.value))))
                .collect();
            pending.sort_unstable_by_key(|(order, _)| *order);
            let pending: Vec<_> = pending.into_iter().map(|(_, value)| value).collect();
            (pending, index.packs.clone())
        };
        for pack in &packs {
            pack.note_use();
        }
        if pending.is_empty() {
            return Ok(());
        }
        let written = self.write_pack(&pending);
        self.finish_write(&pending, written.as_ref().ok());
        let (newest, _) = written?;
        self.shrink(&newest)
    }

    fn write_pack(&self, values: &[(Key, Arc<Vec<u8>>)]) -> io::Result<(Arc<Pack>, Places)> {
        let NewPack { stem, head, places } = NewPack::of(values).ok_or(io::ErrorKind::FileTooLarge)?;
        let name = format!("{stem}{PACK}");
        let parts: Vec<&[u8]> =
            std::iter::once(head.as_slice()).chain(values.iter().map(|(_, value)| value.as_slice())).collect();
        self.folder.write(&name, &parts)?;
        let file = self.folder.open_file(&name)?.ok_or(io::ErrorKind::NotFound)?;
        // The system's own times of new files lag behind by some milliseconds, and packs in use were just noted.
        touch(&file);
        Ok((Arc::new(Pack::written(stem, file, &places)), places))
    }

    /// Replaces values in memory by their places on disk. Without a pack they go as well, or a disk that stays full would
    /// fill the memory.
    fn finish_write(&self, values: &[(Key, Arc<Vec<u8>>)], written: Option<&(Arc<Pack>, Places)>) {
        let mut index = self.write();
        for (key, value) in values {
            // What was inserted again meanwhile is for the next pack.
            if index.pending.get(key).is_some_and(|pending| Arc::ptr_eq(&pending.value, value)) {
                index.pending.remove(key);
                index.pending_bytes -= cost(value);
            }
        }
        index.pending.shrink_to_fit();
        let Some((pack, places)) = written else { return };
        // The same values again have the same name.
        index.packs.retain(|older| older.stem != pack.stem);
        index.packs.push(Arc::clone(pack));
        for (key, place) in places {
            index.stored.insert(*key, Stored { pack: Arc::clone(pack), place: *place });
        }
    }

    fn shrink(&self, newest: &Pack) -> io::Result<()> {
        let Bounds { bytes, packs, entries, .. } = self.bounds;
        let counts: HashMap<String, usize> =
            self.read().packs.iter().map(|pack| (pack.stem.clone(), pack.entries)).collect();
        let rest = self.folder.shrink(&[PACK], Some(&newest.stem), |rest| {
            let indexed = rest.iter().filter_map(|file| counts.get(&file.stem)).sum::<usize>();
            rest.len() <= packs && indexed <= entries && total_bytes(rest) <= bytes
        })?;
        // Also what another host or somebody's hand removed: open files of which there is no trace have no bound.
        let rest: HashSet<String> = rest.into_iter().map(|file| file.stem).collect();
        self.forget(|pack| !rest.contains(&pack.stem));
        Ok(())
    }

    /// Removes packs from the index, and says how many.
    fn forget(&self, gone: impl Fn(&Arc<Pack>) -> bool) -> usize {
        let mut index = self.write();
        let before = index.packs.len();
        index.packs.retain(|pack| !gone(pack));
        let forgotten = before - index.packs.len();
        if forgotten > 0 {
            index.stored.retain(|_, stored| !gone(&stored.pack));
        }
        forgotten
    }

    /// A disk that changed one value is not to be trusted with the pack's others.
    fn discard(&self, damaged: &Arc<Pack>, error: &PackError) {
        let name = format!("{}{PACK}", damaged.stem);
        // Of several threads that find damage at once, one says so.
        if self.forget(|pack| Arc::ptr_eq(pack, damaged)) > 0 {
            self.folder.discard(&[&name], &format_args!("`{name}`: {error}"));
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CacheStore for FunctionCache {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let key = Key::try_from(key).ok()?;
        let index = self.read();
        if let Some(pending) = index.pending.get(&key) {
            let value = Arc::clone(&pending.value);
            drop(index);
            return Some(Cow::Owned(value.to_vec()));
        }
        let stored = index.stored.get(&key).cloned();
        drop(index);
        let Stored { pack, place } = stored?;
        pack.value(&key, &place).map(Cow::Owned).inspect_err(|error| self.discard(&pack, error)).ok()
    }

    /// `false` for a key that is none of the compiler's, and when there is no more room in memory.
    fn insert(&self, key: &[u8], mut value: Vec<u8>) -> bool {
        let Ok(key) = Key::try_from(key) else { return false };
        // The bound is on what is taken.
        value.shrink_to_fit();
        let value = Arc::new(value);
        let mut index = self.write();
        let replaced = index.pending.get(&key).map(|pending| cost(&pending.value));
        let pending_bytes = index.pending_bytes - replaced.unwrap_or(0) + cost(&value);
        let entries = index.pending.len() + usize::from(replaced.is_none());
        if pending_bytes > self.bounds.pending_bytes || entries > self.bounds.entries {
            return false;
        }
        index.pending_bytes = pending_bytes;
        index.inserted += 1;
        let order = index.inserted;
        index.pending.insert(key, Pending { order, value });
        true
    }
}

impl fmt::Debug for FunctionCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FunctionCache").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn open_pack(folder: &CacheFolder, stem: &str, most_entries: usize) -> Result<Option<(Pack, Places)>, PackError> {
    let file = folder.open_file(&format!("{stem}{PACK}"))?;
    file.map(|file| Pack::open(stem, file, most_entries)).transpose()
}

/// The bytes that a value takes in a pack.
fn cost(value: &[u8]) -> u64 {
    u64::try_from(value.len()).unwrap_or(u64::MAX).saturating_add(ENTRY_BYTES)
}
