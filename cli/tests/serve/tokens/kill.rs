//! `kill -9` between the provider's answer and the commit: what the provider still honours is not lost, and what it does
//! not honour any more is listed as that, never as a connection whose calls fail without an end.

use std::time::SystemTime;

use workway_tests::{OidcProvider, OidcRequest, skip};

use super::{
    answer, assert_works, audit, client, connect_expired, host_of, is_ours, proxy::Proxy, the_connection, whose_account,
};
use crate::process::{Ended, Running, Workway};

const KILLS: usize = 30;

/// When the host is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// It has asked, and the provider does not know yet.
    Asked,
    /// The provider has answered, and nothing of that has come.
    NothingCame,
    HalfCame,
    /// All but the last byte.
    NearlyAllCame,
    Came,
    /// It came, and a number of other things had their turn since.
    CameBefore,
    /// It came, and something was written to the database's log since, or the call was over.
    Written,
    /// The API was asked with the new token.
    Used,
    /// The call was answered.
    Answered,
}

impl Moment {
    /// What comes three times is different each time. An odd number, so that each is met after either way of being due.
    const ALL: [Self; 11] = [
        Self::Asked,
        Self::NothingCame,
        Self::HalfCame,
        Self::NearlyAllCame,
        Self::Came,
        Self::CameBefore,
        Self::CameBefore,
        Self::CameBefore,
        Self::Written,
        Self::Used,
        Self::Answered,
    ];

    /// Nobody is given a token that is not stored, and a refresh token that the provider has not seen is as good as before.
    fn must_be_kept(self) -> bool {
        matches!(self, Self::Asked | Self::Used | Self::Answered)
    }
}

/// What is left after a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Kept,
    /// The user has to connect the account again, and is told.
    Lost,
}

struct World {
    provider: OidcProvider,
    proxy: Proxy,
    workway: Workway,
    said: Vec<Ended>,
}

#[tokio::test]
async fn no_connection_is_lost_that_the_provider_still_honours() {
    let Some(provider) = client::provider().await else {
        return skip("tokens::kill::no_connection_is_lost_that_the_provider_still_honours", "oidc-provider");
    };
    let proxy = Proxy::start(&provider).await;
    let workway = host_of(proxy.origin());
    let mut world = World { provider, proxy, workway, said: Vec::new() };

    let mut running = world.workway.ready().await;
    let connected = connect_expired(&running, &client::sign_in(&world.provider).await).await;
    let mut outcomes = Vec::new();
    for (round, moment) in (0..KILLS).zip(Moment::ALL.into_iter().cycle()) {
        let what = format!("round {round}, {moment:?}");
        let refresh_token = world.kill_at(running, moment, round, &what).await;
        let asked_before = world.provider.requests().await.len();

        running = world.workway.ready().await;
        let outcome = world.outcome(&running, &what).await;
        let refreshes = world.refreshes_since(asked_before).await;
        outcomes.push(outcome);
        match outcome {
            Outcome::Kept => {
                assert!(refreshes.iter().all(|status| *status == Some(200)), "{what}: {refreshes:?}");
                // What is stored is the newest: the provider would refuse any other.
                world.provider.expire_access().await;
                assert_works(&running, &format!("{what}, a renewal later")).await;
            }
            Outcome::Lost => {
                assert!(!moment.must_be_kept(), "{what}: the provider honoured it");
                assert_eq!(refreshes, [Some(400)], "{what}: it is lost when the provider says so");
                let again = client::refresh(&world.provider, &refresh_token).await;
                assert_eq!(again, (400, "invalid_grant".to_owned()), "{what}");
            }
        }
        // Due the next time because its time is over, or because the API takes it no more.
        if outcome == Outcome::Lost || round % 2 == 0 {
            let again = connect_expired(&running, &client::sign_in(&world.provider).await).await;
            assert_eq!((&again["id"], &again["status"]), (&connected["id"], &"active".into()), "{what}: {again:#}");
        } else {
            world.provider.expire_access().await;
        }
    }
    world.said.push(running.interrupt().await);
    // Otherwise the kills came too early or too late.
    assert!(outcomes.contains(&Outcome::Kept) && outcomes.contains(&Outcome::Lost), "{outcomes:?}");
    assert!(world.said.iter().all(|ended| ended.stderr.contains("DEBUG")), "there is a log to look through");
    audit::assert_clean(&world.said, &world.provider, &world.workway).await;
}

impl World {
    /// Has a host renew its connection and kills it meanwhile. Answers the refresh token that it asked with.
    async fn kill_at(&mut self, running: Running, moment: Moment, round: usize, what: &str) -> String {
        let asking = self.proxy.hold("/token");
        let mut call = tokio::spawn(answer_or_end(&running));
        let mut exchange = tokio::select! {
            exchange = asking => exchange.expect("the proxy runs"),
            answer = &mut call => panic!("{what}: the provider was not asked: {answer:?}"),
        };
        let refresh_token = client::refresh_token_of(exchange.body());
        // For as long as the host lives.
        let mut _used = None;
        if moment != Moment::Asked {
            let answer = exchange.served().await.expect("the provider answers");
            assert!(answer.starts_with(b"HTTP/1.1 200 "), "{what}: the stored refresh token is not the newest");
            let log = self.workway.path("data/workway.db-wal");
            let log = || std::fs::metadata(&log).map_or((0, SystemTime::UNIX_EPOCH), |log| (log.len(), changed(&log)));
            let before = log();
            let using = (moment == Moment::Used).then(|| self.proxy.hold("/me"));
            exchange.give(&answer[..given(moment, answer.len())]).await;
            match moment {
                Moment::CameBefore => {
                    // From the arrival to beyond the commit, as far as a machine's pace allows.
                    for _ in 0..60 * round {
                        tokio::task::yield_now().await;
                    }
                }
                Moment::Written => {
                    // Nothing tells of it.
                    while log() == before && !call.is_finished() {
                        tokio::task::yield_now().await;
                    }
                }
                Moment::Used => {
                    _used = Some(tokio::select! {
                        exchange = using.expect("it is held") => exchange.expect("the proxy runs"),
                        answer = &mut call => panic!("{what}: the token was not used: {answer:?}"),
                    });
                }
                Moment::Answered => {
                    let answer = (&mut call).await.expect("the call ends");
                    assert!(answer.is_some_and(|(status, answer)| is_ours(status, &answer)), "{what}");
                }
                _ => {}
            }
        }
        self.said.push(running.kill().await);
        refresh_token
    }

    /// What a call comes to, and what the connection is listed as. Anything else than these two is a fault.
    async fn outcome(&self, running: &Running, what: &str) -> Outcome {
        let (status, answer) = answer(whose_account(running)).await;
        let connection = the_connection(running).await;
        match connection["status"].as_str() {
            Some("active") if is_ours(status, &answer) => Outcome::Kept,
            Some("needs-reconnect") if status == 401 && answer["code"] == "auth-required" => Outcome::Lost,
            _ => panic!("{what}: {status} {answer:#}\n{connection:#}"),
        }
    }

    /// The statuses of refreshes after the first so many requests.
    async fn refreshes_since(&self, first: usize) -> Vec<Option<u16>> {
        let requests = self.provider.requests().await;
        requests[first..].iter().filter(|request| is_refresh(request)).map(|request| request.status).collect()
    }
}

/// How much of an answer the host gets.
fn given(moment: Moment, length: usize) -> usize {
    match moment {
        Moment::Asked | Moment::NothingCame => 0,
        Moment::HalfCame => length / 2,
        Moment::NearlyAllCame => length - 1,
        _ => length,
    }
}

fn is_refresh(request: &OidcRequest) -> bool {
    request.grant_type.as_deref() == Some("refresh_token")
}

fn changed(file: &std::fs::Metadata) -> SystemTime {
    file.modified().expect("files have a time")
}

/// Calls; `None` where the host ends before it has answered.
fn answer_or_end(running: &Running) -> impl Future<Output = Option<(u16, serde_json::Value)>> + Send + 'static {
    let request = whose_account(running);
    async move {
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.json().await.ok()?))
    }
}
