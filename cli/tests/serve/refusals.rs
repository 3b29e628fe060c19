//! What does not start, and what is said of it: what is wrong, where, and what to do. No message has a secret in it.

use crate::{TOKEN, process::Workway};

/// Status 1, and each part is in what is said.
async fn refused(workway: Workway, parts: &[&str]) {
    let said = workway.refusal().await;
    for part in parts {
        assert!(said.contains(part), "{said:?} does not say {part:?}");
    }
    assert!(!said.contains(TOKEN), "{said:?} has the token");
}

/// Status 2, as for every command line that cannot be read.
async fn misread(workway: Workway, part: &str) {
    let ended = workway.run().await;
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    assert!(ended.stderr.contains(part), "{ended:?} does not say {part:?}");
    assert!(!ended.stderr.contains(TOKEN) && !ended.stdout.contains(TOKEN), "{ended:?} has the token");
}

#[tokio::test]
async fn production_without_a_token_does_not_start() {
    let production = || Workway::new(&["serve", "--listen", "127.0.0.1:0"]);
    refused(production(), &["WORKWAY_ADMIN_TOKEN", "--dev"]).await;
    let short = &TOKEN[..20];
    let said = production().env("WORKWAY_ADMIN_TOKEN", short).refusal().await;
    assert!(said.contains("WORKWAY_ADMIN_TOKEN") && !said.contains(short), "{said}");
}

#[tokio::test]
async fn folders_that_are_none_are_named() {
    let plugins = |name: &str| Workway::development().argument("--plugins").argument(name);
    refused(plugins("nowhere"), &["plugins folder nowhere", "--plugins"]).await;
    refused(plugins("a-file").file("a-file", ""), &["plugins folder a-file", "--plugins"]).await;
    let data = |name: &str| Workway::development().argument("--data").argument(name);
    refused(data("a-file").file("a-file", ""), &["data folder a-file", "--data"]).await;
    refused(data("a-file/below").file("a-file", ""), &["data folder a-file/below", "--data"]).await;
    refused(data("/proc/workway"), &["data folder /proc/workway", "--data"]).await;
}

#[tokio::test]
async fn a_database_that_is_none_is_left_alone() {
    let garbage = b"this was a database once ".repeat(1000);
    let header = [b"SQLite format 3\0".as_slice(), &[0xff; 4080]].concat();
    for content in [garbage, header] {
        let workway = Workway::development().file("data/workway.db", &content);
        let said = workway.refusal().await;
        assert!(said.contains("data/workway.db is damaged"), "{said}");
        let after = std::fs::read(workway.path("data/workway.db")).expect("the file is there");
        assert!(after == content, "what may be somebody's data was changed");
    }
    let folder = Workway::development().file("data/workway.db/in-the-way", "");
    refused(folder, &["data/workway.db"]).await;
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_explained() {
    let named =
        |content: &str| Workway::development().argument("--config").argument("host.toml").file("host.toml", content);
    refused(Workway::development().argument("--config").argument("nowhere.toml"), &["configuration file nowhere.toml"])
        .await;
    refused(named("listen = "), &["configuration file host.toml"]).await;
    refused(named("lisen = \"127.0.0.1:1\""), &["host.toml", "lisen"]).await;
    refused(named("[limits]\nmemory_bytes = 1"), &["limits: memory_bytes"]).await;
    refused(named("[upstreams]\n\"api.github.com\" = \"https://example.com\""), &["https://example.com", "local"])
        .await;
    // A secret has no place in a file that is shown around, and is not repeated.
    refused(named(&format!("admin_token = \"{TOKEN}\"")), &["host.toml", "admin_token"]).await;
    // Without --config the one in the folder is read.
    refused(Workway::development().file("workway.toml", "lisen = 1"), &["workway.toml", "lisen"]).await;
}

#[tokio::test]
async fn a_key_that_is_none_is_not_repeated() {
    let said = Workway::development().env("WORKWAY_KEY", "bm90IGEga2V5").refusal().await;
    assert!(said.contains("WORKWAY_KEY") && !said.contains("bm90IGEga2V5"), "{said}");
}

#[tokio::test]
async fn a_log_filter_that_is_none_is_named() {
    refused(Workway::development().env("WORKWAY_LOG", "workway=louder=still"), &["WORKWAY_LOG"]).await;
}

#[tokio::test]
async fn a_command_line_that_cannot_be_read_ends_with_status_2() {
    let with_token =
        |arguments: &[&str]| Workway::new(arguments).env("WORKWAY_ADMIN_TOKEN", TOKEN).env("WORKWAY_KEY", TOKEN);
    misread(with_token(&[]), "Usage: workway").await;
    misread(with_token(&["server"]), "serve").await;
    misread(with_token(&["serve", "--lisen", "127.0.0.1:1"]), "--lisen").await;
    misread(with_token(&["serve", "--listen", "nowhere"]), "--listen").await;
    misread(with_token(&["serve", "--plugins"]), "--plugins").await;
    misread(with_token(&["serve"]).env("WORKWAY_LISTEN", "nowhere"), "nowhere").await;
}

#[tokio::test]
async fn a_secret_is_not_taken_from_the_command_line() {
    // Every user of the machine can read it there.
    for flag in ["--admin-token", "--key"] {
        let said = Workway::development().argument(flag).argument(TOKEN).argument("--config").argument("nowhere.toml");
        misread(said, flag).await;
    }
}

#[tokio::test]
async fn help_says_how_to_start_it_and_no_secret() {
    for arguments in [["--help"].as_slice(), &["serve", "--help"], &["dev", "-h"]] {
        let ended = Workway::new(arguments).env("WORKWAY_ADMIN_TOKEN", TOKEN).env("WORKWAY_KEY", TOKEN).run().await;
        assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
        assert!(ended.stdout.contains("Usage: workway") && !ended.stdout.contains(TOKEN), "{ended:?}");
    }
    let serve = Workway::new(&["serve", "--help"]).run().await.stdout;
    for name in
        ["--dev", "--listen", "--plugins", "--data", "--config", "WORKWAY_LISTEN", "WORKWAY_ADMIN_TOKEN", "WORKWAY_KEY"]
    {
        assert!(serve.contains(name), "{name} is not explained:\n{serve}");
    }
    let version = Workway::new(&["--version"]).run().await.stdout;
    assert_eq!(version, format!("workway {}\n", env!("CARGO_PKG_VERSION")));
}
