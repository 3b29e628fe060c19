//! What can happen to a file between two starts. Each kind leaves something that is not what the host wrote.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::Path,
};

use super::make_pipe;

pub(super) struct Damage {
    pub(super) name: String,
    act: Box<dyn Fn(&Path)>,
}

impl Damage {
    fn new(name: impl Into<String>, act: impl Fn(&Path) + 'static) -> Self {
        Self { name: name.into(), act: Box::new(act) }
    }

    fn to_content(name: impl Into<String>, change: impl Fn(&mut Vec<u8>) + 'static) -> Self {
        Self::new(name, move |path| {
            let mut content = fs::read(path).unwrap();
            change(&mut content);
            fs::write(path, content).unwrap();
        })
    }

    pub(super) fn apply(&self, path: &Path) {
        (self.act)(path);
    }
}

/// Everything that can become of a file, with cuts at these lengths beside the general ones.
pub(super) fn kinds(cuts: &[usize]) -> Vec<Damage> {
    let mut kinds = vec![
        Damage::to_content("empty", Vec::clear),
        Damage::to_content("the last byte is gone", |content| content.truncate(content.len() - 1)),
        Damage::to_content("half is gone", |content| content.truncate(content.len() / 2)),
        Damage::to_content("a byte more", |content| content.push(0)),
        Damage::to_content("twice", |content| content.extend_from_within(..)),
        Damage::to_content("zeros of the same length", |content| content.fill(0)),
        Damage::to_content("a hole at the end", |content| {
            let half = content.len() / 2;
            content[half..].fill(0);
        }),
        Damage::to_content("garbage", |content| *content = b"{\"garbage\": true}\n".repeat(100)),
        Damage::to_content("the first bit", |content| content[0] ^= 1),
        Damage::to_content("the last bit", |content| {
            if let Some(last) = content.last_mut() {
                *last ^= 0x80;
            }
        }),
        Damage::new("a link to the intact file", |path| {
            let aside = path.with_extension("aside");
            fs::rename(path, &aside).unwrap();
            symlink(aside, path).unwrap();
        }),
        Damage::new("a link to nothing", |path| {
            fs::remove_file(path).unwrap();
            symlink("nothing", path).unwrap();
        }),
        Damage::new("a pipe", |path| {
            fs::remove_file(path).unwrap();
            make_pipe(path);
        }),
        Damage::new("a folder", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
            fs::write(path.join("inner"), "text").unwrap();
        }),
        Damage::new("others can write to it", |path| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o622)).unwrap();
        }),
    ];
    kinds.extend(cuts.iter().map(|cut| {
        let cut = *cut;
        Damage::to_content(format!("cut to {cut} bytes"), move |content| content.truncate(cut))
    }));
    if may_give_away() {
        kinds.push(Damage::new("it belongs to another user", |path| chown(path, Some(65_534), None).unwrap()));
    }
    kinds
}

/// Whether tests run as a user that can give files to another one: root.
pub(super) fn may_give_away() -> bool {
    let file = tempfile::NamedTempFile::new().unwrap();
    chown(file.path(), Some(65_534), None).is_ok()
}

/// Changes one bit, counted from the beginning and round the end.
pub(super) fn flip(path: &Path, bit: usize) {
    let mut content = fs::read(path).unwrap();
    let bit = bit % (content.len() * 8);
    content[bit / 8] ^= 1 << (bit % 8);
    fs::write(path, content).unwrap();
}
