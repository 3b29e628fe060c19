//! Which names say that their value is secret.

use super::{super::named::Named, *};

#[test]
fn the_last_words_of_a_name_decide() {
    for name in [
        "token",
        "accessToken",
        "ACCESS_TOKEN",
        "Access-Token",
        "access.token",
        "slackBotToken",
        "token_2",
        "secret",
        "client_secret",
        "clientsecret",
        "SIGNING_SECRET",
        "secretKey",
        "secret-id",
        "apikey",
        "APIKey",
        "X-Api-Key",
        "x-apikey",
        "api_keys",
        "privateKey",
        "sharedAccessKey",
        "Ocp-Apim-Subscription-Key",
        "routing_key",
        "Authorization",
        "proxy-authorization",
        "auth",
        "credentials",
        "cookie",
        "Set-Cookie",
        "token_value",
        "default_token_value",
        "webhookSecret",
        "encryption_key",
        "jwtToken",
        "inputs.token",
    ] {
        assert_eq!(Named::by(name), Some(Named::Secret), "{name}");
    }
    for name in [
        "password",
        "dbPassword",
        "DB_PASSWORD",
        "passwd",
        "userpasswd",
        "PGPASSWORD",
        "passphrase",
        "pwd",
        "Passwort",
        "contraseña",
    ] {
        assert_eq!(Named::by(name), Some(Named::Password), "{name}");
    }
    for name in [
        "",
        "-",
        "default",
        "value",
        "key",
        "keys",
        "tokenizer",
        "token_type",
        "token_url",
        "tokenId",
        "secretary",
        "secret_name",
        "passwordPolicy",
        "password_hint",
        "author",
        "authors",
        "compass",
        "bypass",
        "public_key",
        "publicToken",
        "publishable_key",
        "primary_key",
        "partitionKey",
        "idempotency_key",
        "cache_key",
        "issueKey",
        "project_key",
        "keyboard",
        "monkey",
        "max_tokens",
        "next_page_token",
        "nextPageToken",
        "nextToken",
        "sync_token",
        "csrf_token",
        "continuation-token",
        "nextpagetoken",
        "api_key_id",
        "authorization_url",
    ] {
        assert_eq!(Named::by(name), None, "{name}");
    }
}

/// A name in a text, and a value, are found up to their bounds; what is longer is judged by its beginning or not at all.
#[test]
fn long_names_and_values_are_bounded() {
    let secret = made("<a24>");
    assert!(is_found(&format!("{}_token={secret}", "a".repeat(40))));
    assert!(is_found(&format!("token={}", made("<a20000>"))));
    assert!(is_found(&format!("token={secret}{}", "é".repeat(1_000))));
    assert!(!is_found(&format!("token={}", "-".repeat(20_000))));
    assert!(!is_found(&format!("token{}={secret}", " ".repeat(9))), "blanks between a name and a value are bounded");
    assert!(!is_found(&format!("token={}", made("<a15>"))), "what is short is no token");
    assert!(is_found(&format!("token={}", made("<a16>"))));
    assert!(!is_found(&format!("token{}={secret}", "_a".repeat(40))), "a name is bounded");
    assert!(!is_found(&format!("token={}", "ab12".repeat(8))), "what repeats is not random");
    assert!(is_found("password=aB345678") && !is_found("password=aB34567"), "what is short is no password");
    assert!(is_found(&base64(&format!("xoxb-{}", "12345678"))), "the shortest base64 is decoded");
    assert!(!told(&json!({"token": format!("a b c {secret}")})).is_empty());
    assert!(told(&json!({"token": format!("a b c d {secret}")})).is_empty(), "so many words are prose");
}
