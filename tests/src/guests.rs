//! Where the components are that `cargo xtask` has built.

use std::path::{Path, PathBuf};

/// A guest of `tests/guests`, by its name. `None` for one in another language whose tools are absent here.
pub fn guest(name: &str) -> Option<PathBuf> {
    let path = root().join("target/guests").join(format!("{name}.wasm"));
    if path.exists() {
        return Some(path);
    }
    assert!(
        ["javascript", "python"].contains(&name),
        "guest {name} is not built: run `cargo xtask build-guests` ({} is missing)",
        path.display()
    );
    None
}

/// An integration of `plugins/`, by its name.
pub fn plugin(name: &str) -> PathBuf {
    let path = root().join("plugins").join(format!("{name}.wasm"));
    assert!(path.exists(), "integration {name} is not built: run `cargo xtask build` ({} is missing)", path.display());
    path
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace")
}
