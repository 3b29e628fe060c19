//! Where settings come from: a flag wins over the environment, which wins over the file.

use std::net::Ipv4Addr;

use reqwest::Method;
use tokio::net::TcpListener;
use workway_tests::guest;

use crate::{TOKEN, process::Workway};

#[tokio::test]
async fn the_environment_says_what_flags_say() {
    let workway = Workway::new(&["serve"])
        .env("ENVIRONMENT", "development")
        .env("WORKWAY_LISTEN", "127.0.0.1:0")
        .env("WORKWAY_PLUGINS", "elsewhere")
        .env("WORKWAY_DATA", "state")
        .env("WORKWAY_CONFIG", "host.toml")
        .file("host.toml", "[admission]\ncalls = 7\n")
        .file("elsewhere/hello.wasm", std::fs::read(guest("hello").expect("hello is built")).expect("a component"));
    let running = workway.ready().await;
    let stats = running.request(Method::GET, "/registry/stats").send().await.expect("an answer");
    let stats: serde_json::Value = stats.json().await.expect("JSON");
    assert_eq!((&stats["integrations"]["active"], &stats["calls"]["limit"]), (&1.into(), &7.into()), "{stats:#}");
    running.interrupt().await;
    assert!(workway.path("state/workway.db").exists() && !workway.path("data").exists());
}

#[tokio::test]
async fn a_flag_wins_over_the_environment_and_both_over_the_file() {
    let file = "mode = \"development\"\nlisten = \"127.0.0.1:1\"\nplugins = \"nowhere\"\ndata = \"from-file\"\n";
    let workway = Workway::new(&["serve", "--listen", "127.0.0.1:0"])
        .env("WORKWAY_LISTEN", "127.0.0.1:2")
        .env("WORKWAY_PLUGINS", "plugins")
        .file("workway.toml", file);
    workway.ready().await.interrupt().await;
    assert!(workway.path("from-file/workway.db").exists());
}

#[tokio::test]
async fn an_environment_of_another_name_is_production() {
    for name in ["production", "staging", "dev", ""] {
        let said = Workway::new(&["serve", "--listen", "127.0.0.1:0"]).env("ENVIRONMENT", name).refusal().await;
        assert!(said.contains("WORKWAY_ADMIN_TOKEN"), "ENVIRONMENT={name:?}: {said}");
    }
}

#[tokio::test]
async fn development_is_for_this_machine_alone() {
    let said = Workway::new(&["serve", "--dev", "--listen", "0.0.0.0:0"]).refusal().await;
    assert!(said.contains("loopback"), "{said}");
    let upstreams = "[upstreams]\n\"api.github.com\" = \"http://127.0.0.1:1\"\n";
    let production = Workway::new(&["serve", "--listen", "127.0.0.1:0"]).env("WORKWAY_ADMIN_TOKEN", TOKEN);
    let said = production.file("workway.toml", upstreams).refusal().await;
    assert!(said.contains("[upstreams]") && !said.contains(TOKEN), "{said}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let said = Workway::new(&["serve", "--dev", "--listen", &address]).refusal().await;
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
}
