//! `workway integration init`: a new project that builds and passes its tests as it is. It never writes into a folder
//! that has something in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use super::{
    changes::Changes,
    name::Name,
    template::{PROJECT, fill},
};
use crate::{arguments::InitArguments, terminal::say};

/// The SDK of the checkout that this program was built from.
const OWN_SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk-guest");

pub fn run(arguments: &InitArguments) -> anyhow::Result<()> {
    let name = &arguments.name;
    let folder = Path::new(name.as_str());
    refuse_content(folder)?;
    let sdk = sdk(arguments.sdk.as_deref(), Path::new(OWN_SDK))?;
    plan(folder, name, &sdk)?.apply()?;
    say(&format!("created {name}, an integration with one action"));
    for (file, _) in PROJECT {
        say(&format!("  {name}/{file}"));
    }
    say(&format!("next:\n  cd {name}\n  cargo test\n  workway integration test"));
    Ok(())
}

fn refuse_content(folder: &Path) -> anyhow::Result<()> {
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            let is_empty = entries.next().is_none();
            ensure!(
                is_empty,
                "the folder {} is not empty: choose another name or run this in another folder",
                folder.display()
            );
            Ok(())
        }
        // A link that leads nowhere is in the way too.
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(folder).is_err() => Ok(()),
        Err(error) => {
            Err(error).with_context(|| format!("cannot create the folder {}: choose another name", folder.display()))
        }
    }
}

/// The SDK's folder: the one that was named, or else this program's own, if it is still there.
fn sdk(named: Option<&Path>, own: &Path) -> anyhow::Result<PathBuf> {
    match named {
        Some(folder) => {
            ensure!(is_sdk(folder), "--sdk {}: this is not the folder of workway-sdk", folder.display());
            absolute(folder)
        }
        None if is_sdk(own) => absolute(own),
        None => bail!(
            "the SDK that this program was built with no longer exists: pass the folder of workway-sdk with --sdk"
        ),
    }
}

fn is_sdk(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    manifest.lines().any(|line| line.trim() == "name = \"workway-sdk\"")
}

fn absolute(folder: &Path) -> anyhow::Result<PathBuf> {
    folder.canonicalize().with_context(|| format!("cannot resolve the SDK's folder {}", folder.display()))
}

fn plan(folder: &Path, name: &Name, sdk: &Path) -> anyhow::Result<Changes> {
    let sdk = sdk.to_str().with_context(|| format!("the SDK's path {} is not UTF-8", sdk.display()))?;
    // Texts of JSON are texts of TOML.
    let sdk = serde_json::to_string(sdk).context("cannot write the SDK's path as TOML")?;
    let values = [("name", name.as_str()), ("words", &name.words()), ("label", &name.label()), ("sdk", &sdk)];
    let mut changes = Changes::default();
    for (file, template) in PROJECT {
        changes.create(folder.join(file), fill(template, &values));
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_empty_folder_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        refuse_content(&path("nowhere")).expect("nothing is there");
        fs::create_dir(path("empty")).expect("a folder");
        refuse_content(&path("empty")).expect("nothing is in it");
        fs::write(path("file"), "").expect("a file");
        refuse_content(&path("file")).expect_err("a file is there");
        let error = refuse_content(folder.path()).expect_err("something is in it").to_string();
        assert!(error.contains("is not empty"), "{error}");
        std::os::unix::fs::symlink(path("gone"), path("link")).expect("a link");
        refuse_content(&path("link")).expect_err("a link is there");
    }

    #[test]
    fn the_sdk_is_the_named_one_or_this_programs_own() {
        let own = Path::new(OWN_SDK);
        let found = sdk(None, own).expect("the SDK");
        assert!(found.is_absolute() && is_sdk(&found), "{}", found.display());
        assert_eq!(sdk(Some(own), Path::new("/nowhere")).expect("the SDK"), found);
        let error = sdk(Some(Path::new("/")), own).expect_err("no SDK").to_string();
        assert!(error.contains("--sdk /"), "{error}");
        let error = sdk(None, Path::new("/nowhere")).expect_err("no SDK").to_string();
        assert!(error.contains("pass the folder of workway-sdk with --sdk"), "{error}");
    }

    #[test]
    fn a_path_with_quotes_is_written_as_toml_reads_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = "top-10".parse().expect("a name");
        plan(folder.path(), &name, Path::new("/a \"b\\c")).expect("a plan").apply().expect("it is written");
        let manifest = fs::read_to_string(folder.path().join("Cargo.toml")).expect("a file");
        assert!(manifest.contains(r#"workway-sdk = { path = "/a \"b\\c" }"#), "{manifest}");
        assert!(manifest.contains("package = \"top10:integration\""), "{manifest}");
    }
}
