//! An artifact is what was put, byte for byte, or it is not there.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use proptest::prelude::{any, proptest};
use serde::{Deserialize, Serialize};

use super::{
    Data,
    damage::{flip, kinds},
    set_used, warnings,
};
use crate::cache::artifacts::{Artifact, ArtifactCache, ArtifactKey};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Definition {
    name: String,
    actions: Vec<(String, Option<u32>)>,
}

fn definition() -> Definition {
    Definition { name: "slack \"\n\u{1f980}".into(), actions: vec![("send".into(), Some(3)), ("read".into(), None)] }
}

fn key(number: u8) -> ArtifactKey {
    ArtifactKey::new([number; 32], 7)
}

/// As long as several reads and a bit, and different for each number.
fn image(number: u8) -> Vec<u8> {
    let mut image: Vec<u8> = (0..=250).map(|byte: u8| byte ^ number).collect();
    image = image.repeat(1_200);
    image.truncate(300_001);
    image
}

fn open(data: &Data) -> ArtifactCache {
    ArtifactCache::open(data.folder(), 1 << 20).unwrap()
}

/// A cache with an entry of the number 1.
fn filled(data: &Data) -> ArtifactCache {
    let cache = open(data);
    cache.put(key(1), &image(1), &definition()).unwrap();
    cache
}

fn get(cache: &ArtifactCache, number: u8) -> Option<Vec<u8>> {
    let Artifact { file, definition: found } = cache.get::<Definition>(key(number))?;
    assert_eq!(found, definition());
    Some(content(file))
}

fn content(mut file: File) -> Vec<u8> {
    let mut content = Vec::new();
    file.read_to_end(&mut content).unwrap();
    content
}

fn manifest(data: &Data, number: u8) -> std::path::PathBuf {
    data.file(&format!("{}.json", key(number)))
}

fn code(data: &Data, number: u8) -> std::path::PathBuf {
    data.file(&format!("{}.cwasm", key(number)))
}

/// Whatever became of the files: nothing is handed out, nothing is left, and the next put makes it good.
fn is_found_out(cache: &ArtifactCache, data: &Data, damaged: &Path, name: &str) {
    let (found, warned) = warnings(|| get(cache, 1));
    assert!(found.is_none(), "{name}: it was used");
    let file = damaged.file_name().unwrap().to_str().unwrap();
    assert!(warned.len() == 1 && warned[0].contains(file), "{name}: {warned:?}");
    assert!(!manifest(data, 1).exists() && !code(data, 1).exists(), "{name}: {:?}", data.files());
    assert!(damaged.symlink_metadata().is_err(), "{name}: it lies there still");
    let (found, warned) = warnings(|| get(cache, 1));
    assert!(found.is_none() && warned.is_empty(), "{name}: {warned:?}");
    cache.put(key(1), &image(1), &definition()).unwrap();
    assert!(get(cache, 1).unwrap() == image(1), "{name}: it cannot be put again");
}

#[test]
fn what_was_put_is_found_also_after_a_restart() {
    let data = Data::new();
    let cache = filled(&data);
    let (found, warned) = warnings(|| get(&cache, 1));
    assert!(found.unwrap() == image(1));
    assert!(get(&cache, 2).is_none());
    assert!(get(&open(&data), 1).unwrap() == image(1));
    assert_eq!(warned, [""; 0]);
    assert_eq!(data.files(), [format!("{}.cwasm", key(1)), format!("{}.json", key(1))]);
    assert!(fs::read(code(&data, 1)).unwrap() == image(1), "the image is mapped whole");
}

#[test]
fn an_entry_is_for_one_component_and_one_engine() {
    let data = Data::new();
    let cache = filled(&data);
    for other in [ArtifactKey::new([2; 32], 7), ArtifactKey::new([1; 32], 8)] {
        assert!(cache.get::<Definition>(other).is_none());
        assert_ne!(other.to_string(), key(1).to_string());
    }
    assert_eq!(ArtifactKey::new([0xab; 32], 0x1f).to_string(), format!("{}-000000000000001f", "ab".repeat(32)));
}

#[test]
fn an_artifact_in_use_stays_what_it_was() {
    let data = Data::new();
    let cache = filled(&data);
    let artifact = cache.get::<Definition>(key(1)).unwrap();
    cache.put(key(1), &image(2), &definition()).unwrap();
    assert!(get(&cache, 1).unwrap() == image(2));
    fs::remove_file(code(&data, 1)).unwrap();
    assert!(content(artifact.file) == image(1));
}

#[test]
fn any_damage_to_the_image_is_found_out() {
    for damage in kinds(&[1, 4_096, 131_072, 262_144]) {
        let data = Data::new();
        let cache = filled(&data);
        damage.apply(&code(&data, 1));
        is_found_out(&cache, &data, &code(&data, 1), &damage.name);
    }
}

#[test]
fn any_damage_to_the_manifest_is_found_out() {
    for damage in kinds(&[1, 63, 64, 65, 66, 100]) {
        let data = Data::new();
        let cache = filled(&data);
        damage.apply(&manifest(&data, 1));
        is_found_out(&cache, &data, &manifest(&data, 1), &damage.name);
    }
}

proptest! {
    #[test]
    fn one_changed_bit_anywhere_is_found_out(bit in any::<usize>(), in_the_image in any::<bool>()) {
        let data = Data::new();
        let cache = filled(&data);
        let damaged = if in_the_image { code(&data, 1) } else { manifest(&data, 1) };
        flip(&damaged, bit);
        is_found_out(&cache, &data, &damaged, &format!("bit {bit}"));
    }
}

#[test]
fn another_entrys_files_do_not_pass_for_this_ones() {
    type Act = fn(&Data);
    let swaps: [(&str, Act); 3] = [
        ("image", |data| fs::rename(code(data, 2), code(data, 1)).unwrap()),
        ("manifest", |data| fs::rename(manifest(data, 2), manifest(data, 1)).unwrap()),
        ("both", |data| {
            fs::rename(code(data, 2), code(data, 1)).unwrap();
            fs::rename(manifest(data, 2), manifest(data, 1)).unwrap();
        }),
    ];
    for (name, swap) in swaps {
        let data = Data::new();
        let cache = filled(&data);
        cache.put(key(2), &image(2), &definition()).unwrap();
        swap(&data);
        let blamed = if name == "image" { code(&data, 1) } else { manifest(&data, 1) };
        is_found_out(&cache, &data, &blamed, name);
    }
}

#[test]
fn half_an_entry_is_none_and_nobody_is_warned() {
    for missing in [manifest, code] {
        let data = Data::new();
        let cache = filled(&data);
        fs::remove_file(missing(&data, 1)).unwrap();
        let (found, warned) = warnings(|| get(&cache, 1));
        assert!(found.is_none() && warned.is_empty(), "{warned:?}");
        cache.put(key(1), &image(1), &definition()).unwrap();
        assert!(get(&cache, 1).unwrap() == image(1));
    }
}

/// Writes a manifest whose checksum is right, changed by `change`.
fn rewrite(data: &Data, change: fn(String) -> String) {
    use sha2::{Digest, Sha256};

    let text = fs::read_to_string(manifest(data, 1)).unwrap();
    let (_, body) = text.split_once('\n').unwrap();
    let body = change(body.to_owned());
    fs::write(manifest(data, 1), format!("{}\n{body}", hex::encode(Sha256::digest(&body)))).unwrap();
}

#[test]
fn a_manifest_of_another_host_is_not_read() {
    type Change = fn(String) -> String;
    let changes: [(&str, Change); 4] = [
        ("format", |body| body.replace("\"format\":1", "\"format\":2")),
        ("definition", |body| body.replace("actions", "deeds")),
        ("no JSON", |body| body.replace('{', "[")),
        ("a length over the image's", |body| body.replace("300001", "300002")),
    ];
    for (name, change) in changes {
        let data = Data::new();
        let cache = filled(&data);
        rewrite(&data, |body| body);
        assert!(get(&cache, 1).is_some(), "the manifest itself was not rewritten well");
        rewrite(&data, change);
        let blamed = if name.starts_with("a length") { code(&data, 1) } else { manifest(&data, 1) };
        is_found_out(&cache, &data, &blamed, name);
    }
}

#[test]
fn a_manifest_over_its_bound_is_neither_written_nor_read() {
    let data = Data::new();
    let cache = ArtifactCache::open(data.folder(), 1 << 30).unwrap();
    let error = cache.put(key(1), b"code", &"x".repeat(16 << 20)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
    assert_eq!(data.files(), [""; 0]);
    cache.put(key(1), b"code", &"x").unwrap();
    File::options().write(true).open(manifest(&data, 1)).unwrap().set_len((16 << 20) + 1).unwrap();
    let (found, warned) = warnings(|| cache.get::<String>(key(1)));
    assert!(found.is_none() && warned[0].contains("(got 16777217)"), "{warned:?}");
}

#[test]
fn an_image_over_its_bound_is_not_read() {
    let data = Data::new();
    let cache = filled(&data);
    // A file that takes no room: reading it would take seconds.
    File::options().write(true).open(code(&data, 1)).unwrap().set_len((1 << 30) + 1).unwrap();
    rewrite(&data, |body| body.replace("300001", "1073741825"));
    is_found_out(&cache, &data, &code(&data, 1), "an image of more than 1 GiB");
}

#[test]
fn what_was_not_used_for_longest_makes_room() {
    let data = Data::new();
    let cache = ArtifactCache::open(data.folder(), 1_000_000).unwrap();
    for number in 1..=3 {
        cache.put(key(number), &image(number), &definition()).unwrap();
    }
    for number in 1..=3 {
        set_used(&code(&data, number), u64::from(number));
        set_used(&manifest(&data, number), u64::from(number));
    }
    assert!(get(&cache, 1).is_some(), "this is a use");
    cache.put(key(4), &image(4), &definition()).unwrap();
    assert!(get(&cache, 2).is_none(), "the second was not used for longest");
    for number in [1, 3, 4] {
        assert!(get(&cache, number).unwrap() == image(number), "{number}");
    }
    assert_eq!(data.files().len(), 6);
}

#[test]
fn a_lower_limit_holds_from_the_start() {
    let data = Data::new();
    let cache = filled(&data);
    cache.put(key(2), &image(2), &definition()).unwrap();
    set_used(&code(&data, 1), 1);
    set_used(&manifest(&data, 1), 1);
    let cache = ArtifactCache::open(data.folder(), 400_000).unwrap();
    assert!(get(&cache, 1).is_none() && get(&cache, 2).is_some());
    assert_eq!(data.files().len(), 2);
}

#[test]
fn an_entry_that_alone_is_over_the_limit_is_not_written() {
    let data = Data::new();
    let cache = ArtifactCache::open(data.folder(), 400_000).unwrap();
    cache.put(key(1), &image(1), &definition()).unwrap();
    let before = data.files();
    let error = cache.put(key(2), &[0; 400_000], &definition()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
    assert!(error.to_string().contains("400000"), "{error}");
    assert_eq!(data.files(), before);
    assert!(get(&cache, 1).is_some());
}

#[test]
fn a_folder_that_is_gone_costs_the_entry_alone() {
    let data = Data::new();
    let cache = filled(&data);
    fs::remove_dir_all(data.path("cache")).unwrap();
    let (found, warned) = warnings(|| get(&cache, 1));
    assert!(found.is_none() && warned.is_empty(), "{warned:?}");
    assert!(cache.put(key(1), &image(1), &definition()).is_err());
}
