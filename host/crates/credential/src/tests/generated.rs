//! Generated identifiers of all sorts: none counts as a credential, as a text, within a sentence, in a URL or as a name.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::*;

/// Of each sort.
const SAMPLES: usize = 100;

/// What the identifiers look like, as regular expressions.
const IDS: &[(&str, &str)] = &[
    ("UUID, any version", "[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    ("UUID in upper case", "\\{[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}\\}"),
    ("MD5", "[0-9a-f]{32}"),
    ("SHA-1, git object", "[0-9a-f]{40}"),
    ("SHA-256", "(sha256:)?[0-9a-f]{64}"),
    ("SHA-512", "[0-9a-f]{128}"),
    ("subresource integrity", "sha(256|384)-[A-Za-z0-9+/]{43}="),
    ("short commit", "[0-9a-f]{7,12}"),
    ("MongoDB ObjectId", "6[0-9a-f]{23}"),
    ("Slack", "[CUTBDGWFE]0[0-9A-Z]{8,10}"),
    ("Slack time stamp", "1[0-9]{9}\\.[0-9]{6}"),
    ("Notion", "[0-9a-f]{32}"),
    ("Stripe object", "(cus|pi|price|prod|sub|in|ch|evt|acct|seti|pm|re|txn|cs_live|cs_test)_[A-Za-z0-9]{14,24}"),
    ("Stripe publishable key", "pk_(live|test)_[A-Za-z0-9]{24,99}"),
    ("Stripe checkout session", "cs_live_[A-Za-z0-9]{58}"),
    ("Salesforce, 15 characters", "(001|003|005|006|00D|00Q|500|701)[A-Za-z0-9]{12}"),
    ("Salesforce, 18 characters", "(001|003|005|006|00D|00Q|500|701)[A-Za-z0-9]{15}"),
    ("Gmail message", "1[0-9a-f]{15}"),
    ("mail's Message-ID", "<[A-Za-z0-9+=_-]{20,40}@mail\\.example\\.com>"),
    ("GitHub node id", "(U|R|I|PR|MDQ|IC|PRR)_kw?[DB][A-Za-z0-9_-]{8,24}"),
    ("GitHub node id in base64", "MD[EQ][A-Za-z0-9]{14,26}={0,2}"),
    ("ULID", "01[0-9A-HJKMNP-TV-Z]{24}"),
    ("KSUID", "[0-9A-Za-z]{27}"),
    ("nanoid", "[A-Za-z0-9_-]{21}"),
    ("cuid", "c[a-z0-9]{24}"),
    ("Google Drive", "1[A-Za-z0-9_-]{32,43}"),
    ("YouTube", "[A-Za-z0-9_-]{11}"),
    ("Airtable", "(rec|app|tbl|fld|viw)[A-Za-z0-9]{14}"),
    ("Twilio SID", "(AC|SM|CA|MG|PN)[0-9a-f]{32}"),
    ("HubSpot, Asana, Discord, numbers", "[1-9][0-9]{5,18}"),
    ("Linear, Jira", "[A-Z]{2,5}-[1-9][0-9]{0,4}"),
    ("Shopify GraphQL id", "gid://shopify/(Product|Order)/[0-9]{10,14}"),
    ("base64 image", "(data:image/png;base64,)?iVBORw0KGgo[A-Za-z0-9+/]{1000,4000}={0,2}"),
    ("base64 image, JPEG", "(data:image/jpeg;base64,)?/9j/4AAQSkZJRgABAQ[A-Za-z0-9+/]{1000,4000}={0,2}"),
    ("base64 in lines", "([A-Za-z0-9+/]{76}\n){4,30}"),
    ("base64url", "[A-Za-z0-9_-]{86}"),
    ("mail address", "[a-z]{1,10}[.+_-][a-z0-9]{1,12}@[a-z0-9-]{3,12}\\.(com|de|io)"),
    ("phone number", "\\+[1-9][0-9]{1,2} [0-9]{3} [0-9]{4,8}"),
    ("file name", "[A-Za-z0-9_ -]{3,30}(_v[0-9]| \\([0-9]\\))?\\.(pdf|tar\\.gz|csv|jpeg)"),
    ("slug", "[a-z]{2,10}(-[a-z0-9]{1,12}){1,8}"),
    (
        "time",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{3,9})?(Z|\\+[0-9]{2}:[0-9]{2})",
    ),
    ("colour", "#[0-9a-fA-F]{3,8}"),
    ("semantic version", "v?[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}(-(alpha|beta|rc)\\.[0-9]{1,2})?(\\+[0-9a-f]{7})?"),
    ("host name", "[a-z0-9-]{1,20}\\.[a-z0-9-]{1,20}\\.(example|eu-west-1\\.amazonaws)\\.com(:[0-9]{4})?"),
    ("ARN", "arn:aws:(s3:::[a-z-]{3,20}/[a-z0-9/]{1,40}|lambda:us-east-1:[0-9]{12}:function:[A-Za-z0-9_-]{3,30})"),
    ("IPv6 address", "[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}"),
    ("MAC address", "[0-9A-F]{2}(:[0-9A-F]{2}){5}"),
    ("IBAN", "DE[0-9]{20}"),
    ("CSS class", "[a-z]{2,8}(__[a-z]{2,8})?(--[a-z]{2,8})?_[A-Za-z0-9]{5}"),
    ("TypeScript identifier", "(get|set|is)([A-Z][a-z]{2,9}){1,5}(V[0-9])?"),
    ("words", "([A-Z]?[a-z]{1,14}[,.]? ){10,60}"),
    ("long German words", "[A-ZÄÖÜ][a-zäöüß]{20,60}"),
    ("Docker image", "ghcr\\.io/[a-z]{3,9}/[a-z]{3,9}:[0-9a-f]{12}@sha256:[0-9a-f]{64}"),
    ("trace parent", "00-[0-9a-f]{32}-[0-9a-f]{16}-01"),
    ("ETag", "W/\"[0-9a-f]{16,40}\""),
];

#[test]
fn identifiers_are_no_credentials() {
    let mut runner = TestRunner::deterministic();
    for (sort, shape) in IDS {
        let ids = proptest::string::string_regex(shape).expect("is a regular expression");
        for _ in 0..SAMPLES {
            let id = ids.new_tree(&mut runner).expect("can be made").current();
            let value = json!({"id": id, "text": format!("see {id} (or {id}), please"), "url": format!("https://example.com/a/{id}?b={id}"),
                               "list": [id], id.clone(): 1});
            assert_eq!(told(&value), [""; 0], "{sort}: {id}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn base64_of_any_bytes_is_no_credential(bytes in prop::collection::vec(any::<u8>(), 0..3_000)) {
        let text = STANDARD.encode(bytes);
        let url = format!("data:image/webp;base64,{text}");
        prop_assert!(!is_found(&text) && !is_found(&url));
    }

    #[test]
    fn no_text_makes_the_search_panic(text in "\\PC{0,60}", unit in "[ -~é\u{200b}]{0,9}") {
        for text in [text.clone(), format!("token={text}"), format!("{unit}{text}{unit}").repeat(3), format!("https://a:{text}@b"), format!("ghp_{unit} {text}")] {
            let _ = find(&json!({"token": text}), MOST);
        }
    }
}
