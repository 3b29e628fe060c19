//! The guides in `docs/`, followed to the letter: every block that names a file is written, every command is run in a
//! shell, and what it prints is compared. A block of any other kind is an error, so that nothing in a guide goes untested.

mod guide;
mod reader;

use reader::Reader;

#[test]
fn adding_an_integration() {
    Reader::new().follow("adding-an-integration.md");
}

#[test]
fn plugin_architecture() {
    Reader::new().follow("plugin-architecture.md");
}

#[test]
fn testing() {
    Reader::new().follow("testing.md");
}
