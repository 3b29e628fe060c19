//! Where integrations come from, and what a grant is bound to.

use std::{fmt, path::PathBuf};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};
use workway_registry::Pin;

/// The setting `plugins`: a folder, or the section `[plugins]`.
// `remote` makes the derived function an inherent one, for the section; the trait's also reads a folder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct PluginSettings {
    /// The folder into which components are dropped.
    pub folder: PathBuf,
    /// What a grant is bound to. Without effect in development, where everything that is declared is granted.
    pub pin: Pin,
}

impl Default for PluginSettings {
    fn default() -> Self {
        Self { folder: "plugins".into(), pin: Pin::default() }
    }
}

impl<'de> Deserialize<'de> for PluginSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FolderOrSection)
    }
}

struct FolderOrSection;

impl<'de> Visitor<'de> for FolderOrSection {
    type Value = PluginSettings;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a folder, or a table with `folder` and `pin`")
    }

    fn visit_str<E: Error>(self, folder: &str) -> Result<Self::Value, E> {
        Ok(PluginSettings { folder: folder.into(), ..PluginSettings::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, section: A) -> Result<Self::Value, A::Error> {
        PluginSettings::deserialize(MapAccessDeserializer::new(section))
    }
}
