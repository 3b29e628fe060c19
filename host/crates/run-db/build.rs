//! Builds again when a migration changes: the files are compiled in.

fn main() {
    println!("cargo:rerun-if-changed=../../../migrations/runs");
}
