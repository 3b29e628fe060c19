//! The file format of [`FunctionCache`](super::FunctionCache): many values in one file, with an index that is read when the
//! file is opened. A pack is written once and is called after its content. It knows nothing of the folder that it lies in.
//!
//! All numbers are little-endian: `WWAYPACK`, format (4 bytes), number of entries (4), checksum of these 16 bytes and the
//! index (32), the index, and the values in its order. An entry of the index is the key (32), the length of the value (4)
//! and a checksum of both (16). Where a value begins follows from the lengths before it, and so does the length of the
//! file.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sha2::{Digest, Sha256};

use super::folder::touch;

/// What a pack is called after its number.
pub(super) const PACK: &str = ".pack";
/// The bytes that a pack has before its index.
pub(super) const HEAD_BYTES: u64 = 48;
/// The bytes that an entry has in the index.
pub(super) const ENTRY_BYTES: u64 = 52;

const HEAD_LENGTH: usize = 48;
/// The part of the head that its checksum is of.
const CHECKED_HEAD: usize = 16;
const MAGIC: [u8; 8] = *b"WWAYPACK";
const FORMAT: u32 = 1;
/// The bytes of a pack's checksum that it is called after.
const NAME_BYTES: usize = 8;
/// The bytes of a SHA-256 that a value is checked by.
const SUM_BYTES: usize = 16;

/// The SHA-256 that the compiler knows a function by.
pub(super) type Key = [u8; 32];
type Sum = [u8; SUM_BYTES];

/// Where a pack has a value, and what it must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    offset: u64,
    length: u32,
    sum: Sum,
}

/// Where a pack has which values.
pub(super) type Places = Vec<(Key, Place)>;

/// An open pack.
#[derive(Debug)]
pub(super) struct Pack {
    pub(super) stem: String,
    pub(super) entries: usize,
    file: File,
    used: AtomicBool,
}

/// A pack that is not written yet: its name without the ending, and what comes before the values.
#[derive(Debug)]
pub(super) struct NewPack {
    pub(super) stem: String,
    pub(super) head: Vec<u8>,
    pub(super) places: Places,
}

/// How it shows that a pack does not hold what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum PackError {
    #[error("its size of {0} bytes does not match its index")]
    Length(u64),
    #[error("it is not a pack of format {FORMAT}")]
    Format,
    #[error("it has too many entries ({0})")]
    Entries(u32),
    #[error("the checksum of {0} is wrong")]
    Checksum(&'static str),
    #[error("its name does not match its content")]
    Name,
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
}

impl NewPack {
    /// For values in this order. `None` for more than the format can count.
    pub(super) fn of(values: &[(Key, Arc<Vec<u8>>)]) -> Option<Self> {
        let index: Option<Vec<_>> =
            values.iter().map(|(key, value)| Some((*key, u32::try_from(value.len()).ok()?, sum(key, value)))).collect();
        let index = index?;
        let count = u32::try_from(index.len()).ok()?;
        let mut entries = Vec::new();
        for (key, length, sum) in &index {
            entries.extend_from_slice(key);
            entries.extend_from_slice(&length.to_le_bytes());
            entries.extend_from_slice(sum);
        }
        let mut head = [MAGIC.as_slice(), &FORMAT.to_le_bytes(), &count.to_le_bytes()].concat();
        let checksum = Sha256::new().chain_update(&head).chain_update(&entries).finalize();
        head.extend_from_slice(&checksum);
        head.append(&mut entries);
        let (places, _) = places(u64::try_from(head.len()).ok()?, index)?;
        Some(Self { stem: hex::encode(&checksum[..NAME_BYTES]), head, places })
    }
}

impl Pack {
    /// A pack that was just written.
    pub(super) fn written(stem: String, file: File, places: &Places) -> Self {
        Self { stem, entries: places.len(), file, used: AtomicBool::new(false) }
    }

    /// Reads the index and checks it against itself, the name and the length of the file. The values are checked when
    /// they are read.
    pub(super) fn open(stem: &str, file: File, most_entries: usize) -> Result<(Self, Places), PackError> {
        let bytes = file.metadata()?.len();
        let mut head = [0; HEAD_LENGTH];
        read_at(&file, &mut head, 0, bytes)?;
        let mut rest = head.as_slice();
        if take(&mut rest) != Some(MAGIC) || take(&mut rest) != Some(FORMAT.to_le_bytes()) {
            return Err(PackError::Format);
        }
        let count = take(&mut rest).map_or(0, u32::from_le_bytes);
        let too_many = PackError::Entries(count);
        let Some(entries) = usize::try_from(count).ok().filter(|entries| *entries <= most_entries) else {
            return Err(too_many);
        };
        let index_bytes = u64::from(count) * ENTRY_BYTES;
        // Before anything of that size is asked for.
        if bytes < HEAD_BYTES + index_bytes {
            return Err(PackError::Length(bytes));
        }
        let mut index = vec![0; usize::try_from(index_bytes).map_err(|_| too_many)?];
        read_at(&file, &mut index, HEAD_BYTES, bytes)?;
        let checksum = Sha256::new().chain_update(&head[..CHECKED_HEAD]).chain_update(&index).finalize();
        if checksum[..] != *rest {
            return Err(PackError::Checksum("the index"));
        }
        if hex::encode(&checksum[..NAME_BYTES]) != stem {
            return Err(PackError::Name);
        }
        let mut rest = index.as_slice();
        let index =
            std::iter::from_fn(|| Some((take(&mut rest)?, take(&mut rest).map(u32::from_le_bytes)?, take(&mut rest)?)));
        match places(HEAD_BYTES + index_bytes, index) {
            Some((places, end)) if end == bytes => {
                Ok((Self { stem: stem.to_owned(), entries, file, used: AtomicBool::new(false) }, places))
            }
            _ => Err(PackError::Length(bytes)),
        }
    }

    /// The value of `key`, which this pack has at `place`, exactly as it was written. The pack counts as used.
    pub(super) fn value(&self, key: &Key, place: &Place) -> Result<Vec<u8>, PackError> {
        let length = usize::try_from(place.length).map_err(io::Error::other)?;
        let mut value = vec![0; length];
        self.file.read_exact_at(&mut value, place.offset)?;
        if sum(key, &value) != place.sum {
            return Err(PackError::Checksum("a value"));
        }
        // Written once, or every thread would take the mark away from the others.
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
        Ok(value)
    }

    /// Notes on disk that it was used, if it was since this was last asked.
    pub(super) fn note_use(&self) {
        if self.used.swap(false, Ordering::Relaxed) {
            touch(&self.file);
        }
    }
}

/// Values lie one after the other from `start`: where each lies, and where the last one ends.
fn places(start: u64, index: impl IntoIterator<Item = (Key, u32, Sum)>) -> Option<(Places, u64)> {
    let mut offset = start;
    let mut places = Vec::new();
    for (key, length, sum) in index {
        places.push((key, Place { offset, length, sum }));
        offset = offset.checked_add(u64::from(length))?;
    }
    Some((places, offset))
}

/// A value that was moved to another key is as wrong as one that was changed.
fn sum(key: &Key, value: &[u8]) -> Sum {
    let digest = Sha256::new().chain_update(key).chain_update(value).finalize();
    let mut sum = Sum::default();
    sum.copy_from_slice(&digest[..SUM_BYTES]);
    sum
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64, file_bytes: u64) -> Result<(), PackError> {
    file.read_exact_at(buffer, offset).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => PackError::Length(file_bytes),
        _ => PackError::Read(error),
    })
}

/// The next bytes of a record.
fn take<const LENGTH: usize>(bytes: &mut &[u8]) -> Option<[u8; LENGTH]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}
