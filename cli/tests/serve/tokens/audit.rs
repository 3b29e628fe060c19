//! What a process says and writes holds no secret. A failure names the place and does not repeat the secret.

use std::{fs, path::Path};

use workway_tests::OidcProvider;

use super::client;
use crate::process::{Ended, Workway};

/// Looks through what hosts have said that had this provider, and what is on the disk.
pub async fn assert_clean(said: &[Ended], provider: &OidcProvider, workway: &Workway) {
    let mut secrets = provider.tokens().await;
    assert!(secrets.len() >= 4, "tokens were issued and renewed");
    secrets.push(client::SECRET.to_owned());
    assert_unwritten(&workway.path("data"), &secrets);
    secrets.extend(keys(workway));
    assert_unsaid(said, &secrets);
}

/// Looks through standard output and standard error.
pub fn assert_unsaid(said: &[Ended], secrets: &[String]) {
    for (number, ended) in said.iter().enumerate() {
        for (name, text) in [("output", &ended.stdout), ("error", &ended.stderr)] {
            if let Some(secret) = secrets.iter().find(|secret| text.contains(secret.as_str())) {
                let line = text.lines().find(|line| line.contains(secret.as_str())).unwrap_or_default();
                panic!("process {number}, standard {name}: {}", line.replace(secret.as_str(), "[a secret]"));
            }
        }
    }
}

/// Looks through every file of a folder, the database's among them. A key is a secret, but not on the disk.
pub fn assert_unwritten(folder: &Path, secrets: &[String]) {
    let entries = fs::read_dir(folder).expect("the folder is listed").map(|entry| entry.expect("an entry").path());
    // The folders in there hold compiled code and locks.
    for path in entries.filter(|path| path.is_file()) {
        let content = fs::read(&path).expect("the file is read");
        // Every secret is plain ASCII, which is itself whatever stands around it.
        let content = String::from_utf8_lossy(&content);
        let found = secrets.iter().filter(|secret| content.contains(secret.as_str())).count();
        assert_eq!(found, 0, "{} holds secrets in the clear", path.display());
    }
}

/// The keys in the key file.
pub fn keys(workway: &Workway) -> Vec<String> {
    let text = fs::read_to_string(workway.path("data/key")).expect("a key file");
    text.split_whitespace().map(str::to_owned).collect()
}
