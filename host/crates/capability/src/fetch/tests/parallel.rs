//! `send_all`: side by side, in order, within shared bounds.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Barrier;

use super::{
    client, get, policy, request,
    server::{Server, answer, text},
};
use crate::fetch::{FetchError, FetchLimits, FetchRequest};

const URL: &str = "https://a.example.com/";

#[tokio::test]
async fn requests_run_side_by_side_and_answers_keep_their_order() {
    // The server answers nobody until all eight have asked: one after another would never end.
    let barrier = Arc::new(Barrier::new(8));
    let server = Server::start(move |seen| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            text(&seen.target)
        }
    })
    .await;
    let client = client(&[("a.example.com", server.origin())]);
    let requests = (0..8).map(|number| Ok(get(&format!("{URL}{number}")))).collect();
    let answers = client.send_all(&policy(&["a.example.com"]), &FetchLimits::default(), requests, None).await;
    let bodies: Vec<_> = answers
        .into_iter()
        .map(|answer| String::from_utf8(answer.expect("is answered").body).expect("is text"))
        .collect();
    assert_eq!(bodies, ["/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7"]);
}

#[tokio::test]
async fn no_more_than_the_limit_run_at_a_time() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let server = Server::start(move |_| {
        let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            text("")
        }
    })
    .await;
    let client = client(&[("a.example.com", server.origin())]);
    let limits = FetchLimits { max_parallel: 3, ..FetchLimits::default() };
    let requests = (0..50).map(|_| Ok(get(URL))).collect();
    let answers = client.send_all(&policy(&["a.example.com"]), &limits, requests, None).await;
    assert!(answers.len() == 50 && answers.iter().all(Result::is_ok));
    assert!(most.load(Ordering::SeqCst) <= 3);
}

#[tokio::test]
async fn each_request_fails_for_itself() {
    let server = Server::start(|_| async { text("fine") }).await;
    let client = client(&[("a.example.com", server.origin())]);
    let requests = vec![
        Ok(get(URL)),
        FetchRequest::parse("TRACE", URL, &[], None, None),
        Ok(get("https://b.example.com/")),
        Ok(get(URL)),
    ];
    let answers = client.send_all(&policy(&["a.example.com"]), &FetchLimits::default(), requests, None).await;
    assert!(
        matches!(&answers[..], [Ok(_), Err(FetchError::InvalidRequest(_)), Err(FetchError::Denied(_)), Ok(_)]),
        "{answers:?}"
    );
}

#[tokio::test]
async fn too_many_requests_are_all_refused() {
    let client = client(&[]);
    let limits = FetchLimits { max_requests_per_send_all: 2, ..FetchLimits::default() };
    let requests = (0..3).map(|_| Ok(get(URL))).collect();
    let answers = client.send_all(&policy(&["a.example.com"]), &limits, requests, None).await;
    assert!(answers.len() == 3 && answers.iter().all(|answer| matches!(answer, Err(FetchError::InvalidRequest(_)))));
    assert!(client.send_all(&policy(&[]), &limits, Vec::new(), None).await.is_empty());
}

#[tokio::test]
async fn bodies_together_stay_within_the_limit() {
    let server = Server::start(|_| async { answer(200, &[], &[b'x'; 400]) }).await;
    let client = client(&[("a.example.com", server.origin())]);
    // One at a time, so that it is known which of them no longer fits.
    let limits = FetchLimits { max_body_bytes: 1000, max_parallel: 1, ..FetchLimits::default() };
    let policy = policy(&["a.example.com"]);
    let answers = client.send_all(&policy, &limits, (0..3).map(|_| Ok(get(URL))).collect(), None).await;
    assert!(matches!(&answers[..], [Ok(_), Ok(_), Err(FetchError::TooLarge(1000))]), "{answers:?}");
    let post = || Ok(request("POST", "https://a.example.com/post", &[], Some(&[b'y'; 600])));
    let answers = client.send_all(&policy, &limits, vec![post(), post()], None).await;
    assert!(matches!(&answers[..], [Ok(_), Err(FetchError::TooLarge(1000))]), "{answers:?}");
    assert_eq!(server.seen().iter().filter(|seen| seen.target == "/post").count(), 1);
}
