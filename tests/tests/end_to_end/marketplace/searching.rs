//! Search over HTTP: what is found, what comes first, and that no text is ever an error.

use reqwest::Method;
use serde_json::json;
use workway_tests::{Answer, TestHost, TestUser};

use super::{market, pointers, published, texts, whole, with};

/// The names that a text finds, in order.
async fn found(host: &TestHost, text: &str) -> Vec<String> {
    let answer = search(host, text).await;
    assert_eq!(answer.status, 200, "{text:?}: {:#}", answer.body);
    let names = texts(&answer, "name");
    assert_eq!(answer.body["total"], names.len(), "{text:?}");
    assert_eq!(answer.body["totalIsLowerBound"], false, "{text:?}");
    names
}

async fn search(host: &TestHost, text: &str) -> Answer {
    host.send(host.anonymous(Method::GET, "/marketplace").query(&[("q", text), ("limit", "100")])).await
}

async fn add(developer: &TestUser<'_>, name: &str, tagline: &str, description: &str, tags: &[&str]) {
    let texts = json!({ "tagline": tagline, "description": description, "tags": tags });
    published(developer, with(whole(name), texts)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_best_field_and_whole_words_come_first() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    add(&ann, "Fourth", "Plain", "A quartz in the text", &[]).await;
    add(&ann, "Third", "A quartz in the tagline", "Text", &[]).await;
    add(&ann, "Second", "Plain", "Text", &["Quartz"]).await;
    add(&ann, "First quartz", "Plain", "Text", &[]).await;
    add(&ann, "Quartzite", "Plain", "Text", &[]).await;
    add(&ann, "Else", "Plain", "Text", &["other"]).await;
    let all = found(&host, "quartz").await;
    assert_eq!(all[0], "First quartz");
    assert_eq!(all[all.len() - 2..], ["Third", "Fourth"], "{all:?}");
    assert_eq!(all[1..3], ["Quartzite", "Second"], "the beginning of a name comes before a tag");
    let mut begun = found(&host, "quar").await;
    begun.sort();
    assert_eq!(begun, ["First quartz", "Fourth", "Quartzite", "Second", "Third"]);
    assert_eq!(found(&host, "quartz text first").await, ["First quartz"], "every word has to be there");
    assert_eq!(found(&host, "quartz nowhere").await, [""; 0]);
    add(&ann, "Quartz", "Plain", "Text", &[]).await;
    assert_eq!(found(&host, "QUARTZ").await[..2], ["Quartz", "First quartz"], "the exact name comes first");
    assert_eq!(found(&host, "q").await, [""; 0], "a single letter is found as a word alone");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_accents_and_typography_do_not_count() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    add(&ann, "Café Crème", "Zürich’s best", "Straße, ﬁle, İstanbul", &["Łódź"]).await;
    for text in [
        "cafe",
        "CAFÉ",
        "cre\u{301}me",
        "cafe creme",
        "zurich",
        "zurichs",
        "strasse",
        "file",
        "istanbul",
        "lodz",
        "CAFÉ-crème!",
    ] {
        assert_eq!(found(&host, text).await, ["Café Crème"], "{text}");
    }
    assert_eq!(found(&host, "東京").await, [""; 0]);
    let unnamed = ann.post("/marketplace", &whole("東京の天気")).await;
    assert_eq!(pointers(&unnamed), ["/slug"], "a name without Latin letters gives no slug");
    published(&ann, with(whole("東京の天気"), json!({ "slug": "tokyo-weather" }))).await;
    for text in ["東京", "京の天", "天", "東京 天気"] {
        assert_eq!(found(&host, text).await, ["東京の天気"], "{text}");
    }
    assert_eq!(found(&host, "京東").await, [""; 0]);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slips_in_a_name_are_forgiven_where_nothing_else_is_found() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    add(&ann, "Invoice reminder", "Plain", "A spreadsheet", &[]).await;
    for text in ["invioce", "invoic", "invoise", "inoice", "reminnder", "remaindr", "invioce remindr"] {
        assert_eq!(found(&host, text).await, ["Invoice reminder"], "{text}");
    }
    for text in ["spraedsheet", "invo1ec", "xyminderr", "inv0ice nowhere"] {
        assert_eq!(found(&host, text).await, [""; 0], "{text}");
    }
    add(&ann, "Invioce", "Plain", "Text", &[]).await;
    assert_eq!(found(&host, "invioce").await, ["Invioce"], "what is there is meant");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_is_an_error() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    add(&ann, "Echo", "Plain", "Text", &[]).await;
    let long = |part: &str| part.repeat(200 / part.chars().count());
    for text in [
        "\"",
        "\"\"\"",
        "'",
        "''",
        "echo\"",
        "\"echo",
        "echo AND",
        "AND",
        "OR",
        "NOT",
        "NEAR",
        "NEAR(",
        "NEAR(a b, 3)",
        "echo*",
        "*",
        "**",
        "^echo",
        "name:echo",
        "name : echo",
        "{name}:echo",
        "-echo",
        "echo -plain",
        "+",
        "(",
        ")",
        "(()",
        "echo)",
        "a:b:c",
        ":",
        "--",
        "; DROP TABLE users",
        "' OR 1=1 --",
        "%",
        "_",
        "\\",
        "\0",
        "echo\0",
        "\u{feff}",
        "\u{202e}ohce",
        "\u{1F600}",
        "👩‍👩‍👧‍👦",
        "e\u{301}\u{301}\u{301}",
        "{{ 7*7 }}",
        "<script>",
        "\r\n",
        "\t",
        "[[",
        "?",
        "&",
        "#",
        "..",
        "//",
        "%00",
        "null",
    ] {
        assert_eq!(search(&host, text).await.status, 200, "{text:?}");
    }
    for text in [
        long("a"),
        long("\""),
        long("a "),
        long("* "),
        long("\u{1F600}"),
        long("e\u{301}"),
        long("\u{301}"),
        long("東"),
        long("("),
    ] {
        assert_eq!(search(&host, &text).await.status, 200, "{text:?}");
    }
    for text in ["", " ", "\t\n", "\u{a0}"] {
        assert_eq!(found(&host, text).await, ["Echo"], "{text:?} asks for nothing");
    }
    for text in ["!!!", "***", "\u{1F600}", "\"\""] {
        assert_eq!(found(&host, text).await, [""; 0], "{text:?} has no word");
    }
    let refused = search(&host, &"a".repeat(201)).await;
    assert_eq!((refused.status, refused.code()), (400, "invalid-query"));
    host.finish().await;
}
