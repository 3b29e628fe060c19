//! Servers that are slow, broken or many, and how long their answers are believed.

use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;

use super::{
    Etc, HASTY, HOUR, NameServer, ONE_SERVER, PATIENT, Patience, Question, Reply, ResolveError, asking, look_up,
    name_server::TTL, partly_silent,
};

async fn silent() -> NameServer {
    NameServer::start(|_| Reply::Silence).await
}

async fn good() -> NameServer {
    NameServer::start(|question| question.addresses(&["1.1.1.1"]).into()).await
}

#[tokio::test]
async fn a_lookup_that_nobody_answers_is_given_up() {
    let servers = [silent().await, silent().await, silent().await];
    let soon = Duration::from_millis(30);
    // By the bound of a question, when every server had its turn.
    let resolver = asking(&[&servers[0], &servers[1], &servers[2]], Patience { lookup: HOUR, question: soon });
    assert_eq!(look_up(&resolver, "a.example.com").await, Err(ResolveError::NoAnswer));
    assert!(servers.iter().all(|server| server.names().contains("a.example.com")), "a server had no turn");
    // By the bound of a lookup, whatever resolv.conf says.
    let etc = Etc::new(ONE_SERVER, "");
    let resolver = etc.resolver(&servers[0], Patience { lookup: soon, question: HOUR });
    assert_eq!(look_up(&resolver, "b.example.com").await, Err(ResolveError::NoAnswer));
}

#[tokio::test]
async fn the_next_server_is_asked_where_one_is_of_no_use() {
    let codes = [ResponseCode::ServFail, ResponseCode::Refused, ResponseCode::NotImp, ResponseCode::FormErr];
    let mut useless = vec![silent().await, NameServer::start(|_| Reply::Bytes(vec![0; 3])).await];
    useless.push(NameServer::start(|question| question.truncated().into()).await);
    for code in codes {
        useless.push(NameServer::start(move |question| question.failure(code).into()).await);
    }
    let good = good().await;
    for first in &useless {
        assert_eq!(look_up(&asking(&[first, &good], HASTY), "a.example.com").await, Ok(vec!["1.1.1.1".into()]));
    }
    let closed = silent().await;
    let resolver = asking(&[&closed, &good], HASTY);
    drop(closed);
    assert_eq!(look_up(&resolver, "a.example.com").await, Ok(vec!["1.1.1.1".into()]));
}

#[tokio::test]
async fn servers_are_asked_in_their_order_and_the_first_answer_counts() {
    let absent = NameServer::start(|question| question.absent().into()).await;
    let good = good().await;
    assert_eq!(look_up(&asking(&[&good, &absent], PATIENT), "a.example.com").await, Ok(vec!["1.1.1.1".into()]));
    assert!(absent.asked().is_empty());
    assert_eq!(look_up(&asking(&[&absent, &good], PATIENT), "a.example.com").await, Err(ResolveError::NoAddress));
}

#[tokio::test]
async fn failures_are_told_apart() {
    let refusing = NameServer::start(|question| question.failure(ResponseCode::Refused).into()).await;
    let empty = NameServer::start(|question| question.message().into()).await;
    for (server, expected) in [
        (&refusing, ResolveError::Failed),
        (&empty, ResolveError::NoAddress),
        (&silent().await, ResolveError::NoAnswer),
    ] {
        assert_eq!(look_up(&asking(&[server], HASTY), "a.example.com").await, Err(expected));
    }
}

#[tokio::test]
async fn a_lost_packet_is_sent_again() {
    let sends = std::sync::Mutex::new(std::collections::HashMap::<bool, u32>::new());
    let server = NameServer::start(move |question| {
        let mut sends = sends.lock().expect("no test panicked");
        let count = sends.entry(question.is_for_ipv4()).or_default();
        *count += 1;
        if *count == 1 { Reply::Silence } else { question.addresses(&["1.1.1.1"]).into() }
    })
    .await;
    assert_eq!(look_up(&asking(&[&server], HASTY), "a.example.com").await, Ok(vec!["1.1.1.1".into()]));
}

#[tokio::test]
async fn one_family_suffices_and_both_are_tried_early() {
    let deaf = NameServer::start(|question| match question.is_for_ipv4() {
        true => question.addresses(&["1.1.1.1"]).into(),
        false => Reply::Silence,
    });
    assert_eq!(look_up(&asking(&[&deaf.await], HASTY), "a.example.com").await, Ok(vec!["1.1.1.1".into()]));
    let both = NameServer::start(|question| {
        question.addresses(&["2620:fe::1", "2620:fe::2", "2620:fe::3", "1.1.1.1", "8.8.8.8"]).into()
    });
    let found = look_up(&asking(&[&both.await], PATIENT), "a.example.com").await.expect("is resolved");
    assert_eq!(found, ["2620:fe::1", "1.1.1.1", "2620:fe::2", "8.8.8.8", "2620:fe::3"]);
}

#[tokio::test]
async fn answers_are_cached_as_long_as_they_say() {
    let server = NameServer::start(|question: &Question| match question.name().as_str() {
        "kept.example.com" => question.addresses(&["1.1.1.1"]).into(),
        "unkept.example.com" => question.addresses_for(0, &["1.1.1.1"]).into(),
        "broken.example.com" => question.failure(ResponseCode::ServFail).into(),
        _ => question.absent().into(),
    })
    .await;
    let resolver = asking(&[&server], PATIENT);
    assert_ne!(TTL, 0);
    for (host, questions) in
        [("kept.example.com", 2), ("unkept.example.com", 4), ("absent.example.com", 2), ("broken.example.com", 4)]
    {
        let first = look_up(&resolver, host).await;
        assert_eq!(look_up(&resolver, host).await, first, "{host}");
        let asked = server.asked().iter().filter(|question| question.name() == host).count();
        assert_eq!(asked, questions, "{host}");
    }
}

#[tokio::test]
async fn a_failure_is_not_remembered_as_absence() {
    let server = NameServer::start(|question| match question.is_for_ipv4() {
        true => question.failure(ResponseCode::ServFail).into(),
        false => question.absent().into(),
    })
    .await;
    let resolver = asking(&[&server], PATIENT);
    for _ in 0..2 {
        assert_eq!(look_up(&resolver, "a.example.com").await, Err(ResolveError::Failed));
    }
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn one_question_answers_everybody_who_waits_for_it() {
    let server = NameServer::start(partly_silent).await;
    let resolver = asking(&[&server], PATIENT);
    let lookups = (0..50).map(|_| look_up(&resolver, "a.example.com"));
    let found = futures_util::future::join_all(lookups).await;
    assert!(found.iter().all(|found| found.as_deref() == Ok(&["1.1.1.1".to_owned()])), "{found:?}");
    assert_eq!(server.asked().len(), 2, "one for IPv4 and one for IPv6");
}
