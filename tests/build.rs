//! A guest without a test does not build: for each guest a reference to a test function of the same name is generated,
//! and `tests/end_to_end/guests.rs` includes them.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=guests/examples");
    let mut names = Vec::new();
    for entry in fs::read_dir("guests/examples")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".rs") {
            names.push(stem.to_owned());
        }
    }
    names.sort();
    let uses: String = names.iter().map(|name| format!("use self::{name} as _;\n")).collect();
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script where to write in no other way")]
    let folder = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&folder).join("every_guest_has_a_test.rs"), uses)
}
