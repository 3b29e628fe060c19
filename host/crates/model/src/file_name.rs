//! The name of a component's file within the plugins folder. A name has no separators: what it names lies in the
//! folder itself.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Serialize, Serializer};

/// What a component's file ends with.
const EXTENSION: &str = ".wasm";
/// The longest file name that Linux has, in bytes.
const MAX_BYTES: usize = 255;

/// A file of the plugins folder, like `slack.wasm`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(Arc<str>);

/// Why a text is not the name of a component's file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a component's file name must look like `slack.wasm`, without a folder")]
pub struct FileNameError;

impl FileName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileName {
    type Err = FileNameError;

    fn from_str(text: &str) -> Result<Self, FileNameError> {
        // A name that starts with a dot is somebody's temporary file.
        let sound = text.len() <= MAX_BYTES
            && text.len() > EXTENSION.len()
            && text.ends_with(EXTENSION)
            && !text.starts_with('.')
            && !text.contains(['/', '\\'])
            && !text.chars().any(char::is_control);
        if sound { Ok(Self(text.into())) } else { Err(FileNameError) }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for FileName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::FileName;

    #[test]
    fn a_name_lies_in_the_folder_itself() {
        assert!("slack.wasm".parse::<FileName>().is_ok());
        for bad in [
            "",
            ".wasm",
            ".slack.wasm",
            "slack.wasm~",
            "slack",
            "../slack.wasm",
            "a/slack.wasm",
            "a\\b.wasm",
            "a\nb.wasm",
        ] {
            assert!(bad.parse::<FileName>().is_err(), "{bad:?} was taken");
        }
    }
}
