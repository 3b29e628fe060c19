//! Writes recordings. They were redacted before; nothing here knows a token.

use std::{
    fs::{self, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use workway_document::Document;

use super::{
    Case, Fixture, MAX_FILE_BYTES, recorded_path,
    suite::{MAX_NESTING, parse_recorded},
};

/// Recordings lie in a repository, for everybody to read. The process's mask takes away from this.
const FILE_MODE: u32 = 0o644;
const HEADER: &str =
    "# Recorded by `--live --save`. Secrets are redacted: \"[redacted]\" in a request matches anything.\n";

/// Writes a case's fixtures to where [`Suite::read`](super::Suite::read) looks for them, and answers the path. What was
/// there before is replaced as a whole, or stays as a whole. Blocks on the disk.
///
/// # Errors
/// The folder cannot be made or written, or there is more than a file of fixtures may hold.
pub fn write_recorded(case: &Case, fixtures: &[Fixture]) -> io::Result<PathBuf> {
    let path = recorded_path(case);
    let text = format!("{HEADER}{}", as_yaml(fixtures)?);
    if text.len() > MAX_FILE_BYTES {
        return Err(io::Error::other(format!(
            "the fixtures must have at most {MAX_FILE_BYTES} bytes: record fewer requests"
        )));
    }
    if let Err(problems) = parse_recorded(&text) {
        // A file that no run can read would be in the way of the next recording too.
        return Err(io::Error::other(format!("the recorded fixtures are invalid: {}", problems.join("; "))));
    }
    let folder = path.parent().ok_or_else(|| io::Error::other("the case's file has no folder"))?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".recording-")
        .permissions(Permissions::from_mode(FILE_MODE))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(path)
}

/// YAML that reads as the very same fixtures, or JSON, which is YAML too.
fn as_yaml(fixtures: &[Fixture]) -> io::Result<String> {
    let value = serde_json::to_value(fixtures)?;
    let reads_back = |text: &String| Document::from_yaml(text, MAX_NESTING).is_ok_and(|read| read.value == value);
    match serde_saphyr::to_string(&fixtures).ok().filter(reads_back) {
        Some(text) => Ok(text),
        None => Ok(serde_json::to_string_pretty(fixtures)?),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Suite;

    #[test]
    fn what_was_written_is_read_again_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("channels.yaml");
        fs::write(&file, "cases:\n  - { name: Lists channels, action: x }\n").expect("is written");
        let case = Suite::read(&file).expect("is a suite").cases.remove(0);
        let odd = json!({"a": "yes", "b": "1", "c": "null", "d": null, "e": "~", "f": "- x: y\n\n#z ", "g": [], "h": {}, "i": 1.0, "j": "0x1F",
                         "k": "\u{1f600}\t", "l": "", "m": " x", "n": "true", "o": 18_446_744_073_709_551_615_u64, "p": "'\"", "q": "[redacted]"});
        for count in [2, 1] {
            let fixture = json!({"request": {"url": "https://a.example/*"}, "response": {"json": odd}});
            let fixtures: Vec<Fixture> = serde_json::from_value(vec![fixture; count].into()).expect("are fixtures");
            let path = write_recorded(&case, &fixtures).expect("is written");
            assert_eq!(path, folder.path().join("recorded/channels/lists-channels.yaml"));
            let read = Suite::read(&file).expect("is a suite").cases.remove(0);
            let read = serde_json::to_value(read.fixtures.expect("were read")).expect("is JSON");
            assert_eq!(read, serde_json::to_value(&fixtures).expect("is JSON"));
        }
        let left = fs::read_dir(folder.path().join("recorded/channels")).expect("a folder").count();
        assert_eq!(left, 1, "a temporary file was left");
    }
}
