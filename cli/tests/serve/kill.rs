//! `kill -9` while compiled code is being written: every start afterwards is good.

use std::{fs, path::Path};

use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::{guest, plugin};

use crate::process::{Running, Workway};

const KILLS: usize = 50;
/// Several, so that writing takes a while.
const GUESTS: [&str; 4] = ["hello", "counter", "failures", "storage-probe"];

/// When the process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The first file of the cache appears.
    FirstFile,
    /// Everything is loaded, and the last of it is being written.
    Loaded,
    /// So many files are there.
    Files(usize),
}

#[tokio::test]
async fn a_kill_while_the_cache_is_written_leaves_every_start_good() {
    let moments = [Moment::FirstFile, Moment::Loaded, Moment::Files(3), Moment::Files(5), Moment::Files(7)];
    let workway = components(Workway::development());
    let cache = workway.path("data/cache/artifacts");
    for (round, moment) in (0..KILLS).zip(moments.into_iter().cycle()) {
        let mut running = workway.listening().await;
        match moment {
            Moment::FirstFile => wait_for_files(&cache, 1).await,
            Moment::Files(count) => wait_for_files(&cache, count).await,
            Moment::Loaded => running.prints("ready: ").await,
        }
        running.signal("KILL").await;
        running.ended().await;

        let running = workway.ready().await;
        assert_all_answer(&running, round, moment).await;
        running.interrupt().await;
        // The next one has everything to write again.
        for entry in fs::read_dir(&cache).expect("the cache is listed") {
            fs::remove_file(entry.expect("an entry").path()).expect("the file is removed");
        }
    }
}

fn components(workway: Workway) -> Workway {
    let guests = GUESTS.iter().map(|name| guest(name).expect("the guest is built"));
    guests.chain([plugin("slack"), plugin("github")]).fold(workway, |workway, path| workway.component(&path))
}

/// Returns when so many files are in the folder. Asks again and again: nothing tells of files that come and go.
async fn wait_for_files(folder: &Path, count: usize) {
    while fs::read_dir(folder).map_or(0, Iterator::count) < count {
        tokio::task::yield_now().await;
    }
}

async fn assert_all_answer(running: &Running, round: usize, moment: Moment) {
    let stats = running.request(Method::GET, "/registry/stats").send().await.expect("an answer");
    let stats: Value = stats.json().await.expect("JSON");
    assert_eq!(stats["integrations"]["total"], 6, "round {round}, {moment:?}: {stats:#}");
    assert_eq!(stats["failures"], json!({}), "round {round}, {moment:?}");
    let input = json!({ "input": { "message": "still here" } });
    let answer = running.request(Method::POST, "/registry/actions/hello.echo/execute").json(&input).send().await;
    let answer: Value = answer.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["output"]["message"], "still here", "round {round}, {moment:?}: {answer:#}");
}
