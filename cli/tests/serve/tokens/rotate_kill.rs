//! `kill -9` of `workway keys rotate`: hosts that run and hosts that start read and write everything meanwhile, and the next
//! rotation completes it.

use std::fs;

use reqwest::{Method, RequestBuilder};
use tokio::task::JoinSet;

use super::{
    answer, audit,
    rotate::{ROTATE, TOKEN, connect, connections, host, reveal, sealed, token_of},
};
use crate::{
    TOKEN as OPERATOR,
    process::{Running, Workway},
};

/// Of each of two users: one has at most 200.
const ACCOUNTS: usize = 150;
/// Calls at once, well below what an integration may have.
const AT_ONCE: usize = 32;
/// In rounds one of so many connections is read, at the end each.
const SAMPLE: usize = 5;

/// When the rotation is killed; where it is faster, it was done.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Started,
    /// The new keys lie beside the key file.
    Prepared,
    /// The key file has both keys.
    Begun,
    /// The database's log has grown by so many pages.
    Written(u64),
    /// The key file has the new key alone.
    Done,
}

const MOMENTS: [Moment; 10] = [
    Moment::Started,
    Moment::Prepared,
    Moment::Begun,
    Moment::Written(1),
    Moment::Written(20),
    Moment::Written(80),
    Moment::Written(160),
    Moment::Written(320),
    Moment::Written(640),
    Moment::Done,
];
const PAGE_BYTES: u64 = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Dev,
    Operator,
}

impl User {
    const ALL: [Self; 2] = [Self::Dev, Self::Operator];

    fn request(self, running: &Running, method: Method, path: &str) -> RequestBuilder {
        let request = running.request(method, path);
        if self == Self::Operator { request.bearer_auth(OPERATOR) } else { request }
    }

    fn account(self, number: usize) -> String {
        format!("{self:?}-{number:03}")
    }
}

#[tokio::test]
async fn a_rotation_that_is_killed_loses_nothing_and_the_next_one_completes_it() {
    let workway = host().env("WORKWAY_ADMIN_TOKEN", OPERATOR);
    let running = workway.ready().await;
    for user in User::ALL {
        for number in 0..ACCOUNTS {
            connect(user.request(&running, Method::POST, "/oauth/connections"), &user.account(number)).await;
        }
    }
    let (mut said, mut keys, mut unfinished) = (Vec::new(), audit::keys(&workway), 0);
    for (round, moment) in MOMENTS.into_iter().enumerate() {
        let what = format!("round {round}, {moment:?}");
        let before = audit::keys(&workway);
        assert_eq!(before.len(), 1, "{what}: the last rotation is not complete");
        said.push(kill_at(&workway, moment).await);
        unfinished += usize::from(audit::keys(&workway).len() > 1);
        keys.extend(audit::keys(&workway));

        // The one that runs may know no key but the oldest.
        connect(User::Dev.request(&running, Method::POST, "/oauth/connections"), &User::Dev.account(round)).await;
        let fresh = workway.ready().await;
        assert_readable(&fresh, SAMPLE, round % SAMPLE, &what).await;
        said.push(fresh.interrupt().await);

        let completed = workway.beside(&ROTATE).ended().await;
        // Each rotation, also one that was killed, may have added a key of the runs.
        let data_keys = 2 * (round + 1);
        assert!(sealed(&completed).0 <= 2 * ACCOUNTS + data_keys, "{what}: {completed:?}");
        said.push(completed);
        let after = audit::keys(&workway);
        assert!(after.len() == 1 && after != before, "{what}: the old key is still there");
        assert_eq!(beside_the_key(&workway), 0, "{what}: keys are left beside the key file");
        keys.extend(after);
    }
    assert!(unfinished > 0, "no rotation was killed half-way");
    said.push(running.interrupt().await);
    let running = workway.ready().await;
    assert_readable(&running, 1, 0, "in the end").await;
    said.push(running.interrupt().await);
    keys.sort();
    keys.dedup();
    audit::assert_unsaid(&said, &[keys, vec!["s3cr3t".to_owned(), OPERATOR.to_owned()]].concat());
    audit::assert_unwritten(&workway.path("data"), &["s3cr3t".to_owned()]);
}

/// Begins a rotation and kills it. Asks again and again whether it is time: nothing tells of files.
async fn kill_at(workway: &Workway, moment: Moment) -> crate::process::Ended {
    let log = || fs::metadata(workway.path("data/workway.db-wal")).map_or(0, |log| log.len());
    let (keys_before, log_before) = (audit::keys(workway), log());
    let mut rotating = workway.beside(&ROTATE);
    let is_time = || match moment {
        Moment::Started => true,
        Moment::Prepared => beside_the_key(workway) > 0,
        Moment::Begun => audit::keys(workway).len() > 1,
        Moment::Written(pages) => log() >= log_before + pages * PAGE_BYTES,
        Moment::Done => matches!(&audit::keys(workway)[..], [key] if *key != keys_before[0]),
    };
    while !rotating.is_over() && !is_time() {
        tokio::task::yield_now().await;
    }
    rotating.kill().await
}

/// Files that were to take the key file's place.
fn beside_the_key(workway: &Workway) -> usize {
    let entries = fs::read_dir(workway.path("data")).expect("the folder is listed");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names.filter(|name| name.to_str().is_some_and(|name| name.starts_with("key."))).count()
}

/// All connections are there and active, and one of so many has its token.
async fn assert_readable(running: &Running, of: usize, first: usize, when: &str) {
    for user in User::ALL {
        let ids = connections(user.request(running, Method::GET, "/oauth/connections")).await;
        assert_eq!(ids.len(), ACCOUNTS, "{when}");
        let some: Vec<_> = ids.into_iter().skip(first).step_by(of).collect();
        for chunk in some.chunks(AT_ONCE) {
            let mut calls = JoinSet::new();
            for (account, id) in chunk {
                let call = answer(reveal(user.request(running, Method::POST, TOKEN), id));
                let account = account.clone();
                calls.spawn(async move { (account, call.await) });
            }
            for (account, (status, answer)) in calls.join_all().await {
                let token = &answer["output"]["token"];
                assert_eq!((status, token), (200, &token_of(&account).into()), "{when}, {account}: {answer:#}");
            }
        }
    }
}
