//! Whole components as images that can be mapped. An entry is two files: `<key>.cwasm`, the image and nothing else, since
//! it is mapped whole, and `<key>.json`, written after it, which says what the image must be. Without the second the first
//! is nothing. An image is handed out as the open file whose content was checked; a name could stand for another by then.

use std::{
    fmt,
    fs::File,
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::folder::{CacheError, CacheFolder, total_bytes, touch};

/// Of the manifest. Another one is not read.
const FORMAT: u32 = 1;
/// The largest manifest; a definition may have some MiB.
const MAX_MANIFEST_BYTES: u64 = 16 << 20;
/// The largest image. That of a JavaScript engine has 36 MiB.
const MAX_IMAGE_BYTES: u64 = 1 << 30;
/// A SHA-256 as the manifest's first line has it.
const CHECKSUM_CHARACTERS: usize = 64;
/// How much of an image is read and hashed at a time: it stays in the processor's own cache.
const READ_BYTES: usize = 128 << 10;

const MANIFEST: &str = ".json";
const IMAGE: &str = ".cwasm";
/// In the order of removal: an image that lost its manifest is nothing, a manifest without an image would be a riddle.
const ENDINGS: [&str; 2] = [MANIFEST, IMAGE];

/// Which component, for which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ArtifactKey {
    component: [u8; 32],
    engine: u64,
}

impl ArtifactKey {
    /// `component` is the SHA-256 of its bytes; `engine` differs where one engine's code would not run in the other.
    pub fn new(component: [u8; 32], engine: u64) -> Self {
        Self { component, engine }
    }
}

impl fmt::Display for ArtifactKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{:016x}", hex::encode(self.component), self.engine)
    }
}

/// An image that is byte for byte what was put, and what was put with it.
#[derive(Debug)]
pub struct Artifact<D> {
    /// At its beginning. The file is never written to again, but may lose its name at any time.
    pub file: File,
    pub definition: D,
}

/// Components by key. Bounded in bytes; what was not used for longest goes first.
#[derive(Debug)]
pub struct ArtifactCache {
    folder: CacheFolder,
    limit_bytes: u64,
}

/// The manifest as it is written. It names its key, so that no entry passes for another under that one's names.
#[derive(Serialize)]
struct NewManifest<'a, D> {
    format: u32,
    key: String,
    image: Image,
    definition: &'a D,
}

/// The same as it is read; the definition's type may be another by now.
#[derive(Deserialize)]
struct Manifest<'a> {
    format: u32,
    key: String,
    image: Image,
    #[serde(borrow)]
    definition: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
struct Image {
    /// Of the whole file. It is read at every start, and BLAKE3 takes a third of SHA-256's time.
    blake3: String,
    bytes: u64,
}

/// Which file does not hold what it should, and how that shows.
#[derive(Debug, thiserror::Error)]
#[error("`{file}`: {reason}")]
struct Damage {
    file: String,
    reason: String,
}

impl ArtifactCache {
    pub(super) fn open(folder: CacheFolder, limit_bytes: u64) -> Result<Self, CacheError> {
        let cache = Self { folder, limit_bytes };
        cache.shrink(None).map_err(|error| cache.folder.unlisted(error))?;
        Ok(cache)
    }

    /// The entry of `key`. One that is damaged is removed with a warning, and is as if it had never been.
    pub fn get<D: DeserializeOwned>(&self, key: ArtifactKey) -> Option<Artifact<D>> {
        let stem = key.to_string();
        self.find(&stem).unwrap_or_else(|damage| {
            let [manifest, image] = ENDINGS.map(|ending| format!("{stem}{ending}"));
            self.folder.discard(&[&manifest, &image], &damage);
            None
        })
    }

    fn find<D: DeserializeOwned>(&self, stem: &str) -> Result<Option<Artifact<D>>, Damage> {
        let name = format!("{stem}{MANIFEST}");
        let damaged = |reason: String| Damage { file: name.clone(), reason };
        let text = self.folder.read(&name, MAX_MANIFEST_BYTES).map_err(|error| damaged(error.to_string()))?;
        let Some(text) = text else { return Ok(None) };
        let manifest = parse(&text).map_err(damaged)?;
        if manifest.key != stem {
            return Err(damaged("it belongs to another entry".into()));
        }
        let definition = serde_json::from_str(manifest.definition.get());
        let definition = definition.map_err(|error| damaged(format!("the definition cannot be read: {error}")))?;

        let name = format!("{stem}{IMAGE}");
        let damaged = |reason: String| Damage { file: name.clone(), reason };
        let file = self.folder.open_file(&name).map_err(|error| damaged(error.to_string()))?;
        let Some(file) = file else { return Ok(None) };
        check(&file, &manifest.image).map_err(damaged)?;
        touch(&file);
        Ok(Some(Artifact { file, definition }))
    }

    /// Keeps an image and what belongs to it, in the place of what the key had, and removes what is over the limit then.
    ///
    /// # Errors
    /// It alone is over a limit, and nothing changed; or the disk does not take it, and the key has no entry.
    pub fn put(&self, key: ArtifactKey, image: &[u8], definition: &impl Serialize) -> io::Result<()> {
        let stem = key.to_string();
        let blake3 = blake3::hash(image).to_hex().to_string();
        let image_bytes = u64::try_from(image.len()).unwrap_or(u64::MAX);
        let manifest =
            NewManifest { format: FORMAT, key: stem.clone(), image: Image { blake3, bytes: image_bytes }, definition };
        let body = serde_json::to_vec(&manifest)?;
        let checksum = checksum(&body);
        let parts: [&[u8]; 3] = [checksum.as_bytes(), b"\n", &body];
        let manifest_bytes: usize = parts.iter().map(|part| part.len()).sum();
        let manifest_bytes = u64::try_from(manifest_bytes).unwrap_or(u64::MAX);
        within("the definition", manifest_bytes, MAX_MANIFEST_BYTES)?;
        within("the code", image_bytes, MAX_IMAGE_BYTES)?;
        within("the code", image_bytes.saturating_add(manifest_bytes), self.limit_bytes)?;

        let (manifest_name, image_name) = (format!("{stem}{MANIFEST}"), format!("{stem}{IMAGE}"));
        // Nobody shall meet the old manifest beside the new image and take it for damage.
        self.folder.remove(&manifest_name)?;
        self.folder.write(&image_name, &[image])?;
        if let Err(error) = self.folder.write(&manifest_name, &parts) {
            // What the disk is full with for nothing.
            self.folder.remove(&image_name)?;
            return Err(error);
        }
        self.shrink(Some(&stem))
    }

    fn shrink(&self, newest: Option<&str>) -> io::Result<()> {
        self.folder.shrink(&ENDINGS, newest, |rest| total_bytes(rest) <= self.limit_bytes).map(drop)
    }
}

fn within(what: &str, bytes: u64, most: u64) -> io::Result<()> {
    let error =
        || io::Error::new(ErrorKind::FileTooLarge, format!("{what} must have at most {most} bytes (got {bytes})"));
    if bytes <= most { Ok(()) } else { Err(error()) }
}

/// As the first line has it: compared as text, so that not even the case of a letter may change.
fn checksum(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

fn parse(text: &[u8]) -> Result<Manifest<'_>, String> {
    let body = text.split_at_checked(CHECKSUM_CHARACTERS).and_then(|(first, rest)| {
        let body = rest.strip_prefix(b"\n")?;
        (checksum(body).as_bytes() == first).then_some(body)
    });
    let body = body.ok_or("its checksum is wrong")?;
    let manifest: Manifest<'_> = serde_json::from_slice(body).map_err(|error| format!("it cannot be read: {error}"))?;
    if manifest.format == FORMAT {
        Ok(manifest)
    } else {
        Err(format!("it has format {}, but this host reads {FORMAT}", manifest.format))
    }
}

/// Whether a file is this image, by all of its bytes. Leaves the file at its beginning.
fn check(file: &File, image: &Image) -> Result<(), String> {
    let bytes = file.metadata().map_err(|error| error.to_string())?.len();
    if bytes != image.bytes || bytes > MAX_IMAGE_BYTES {
        return Err(format!("it has {bytes} bytes, but {} were written", image.bytes));
    }
    let mut hash = blake3::Hasher::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut at = 0;
    while at < bytes {
        let length = usize::try_from(bytes - at).map_or(READ_BYTES, |rest| rest.min(READ_BYTES));
        let chunk = &mut buffer[..length];
        file.read_exact_at(chunk, at).map_err(|error| format!("it cannot be read: {error}"))?;
        hash.update(chunk);
        at += u64::try_from(length).map_err(|error| error.to_string())?;
    }
    if hash.finalize().to_hex().as_str() == image.blake3 { Ok(()) } else { Err("its checksum is wrong".into()) }
}
