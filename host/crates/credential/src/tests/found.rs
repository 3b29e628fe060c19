//! Credentials that no vendor owns: in URLs, in HTTP headers, JSON Web Tokens and JSON Web Keys, and random texts with a
//! telling name.

use super::*;

#[test]
fn passwords_in_urls_are_found() {
    for url in [
        "https://ann:s3cret~pass@api.example.com/",
        "postgres://u:pw~12345@db.example.com/x",
        "postgresql://ann:se~cret@[::1]:5432/app?sslmode=require",
        "mysql://root:to~or@localhost/app",
        "mongodb+srv://ann:s3~cret@cluster0.example.net/?retryWrites=true",
        "redis://:s3~cret@cache.example.com:6379/0",
        "rediss://default:s3~cret@cache.example.com",
        "amqps://ann:s3~cret@mq.example.com/vhost",
        "snowflake://ann:s3~cret@acme-account/db",
        "smtp://ann%40example.com:s3~cret@mail.example.com:587",
        "ftp://ann:s3~cret@files.example.com",
        "s3://ann:s3~cret@bucket",
        "jdbc:postgresql://ann:s3~cret@db/app",
        "git clone https://oauth2:s3~cret@git.example.com/a.git",
        "{{ inputs.a }} https://ann:s3~cret@{{ inputs.host }}/",
        "https://{{ inputs.user }}:s3~cret@api.example.com/",
        "{{ 'https://ann:s3~cret@api.example.com' }}",
        "https%3A%2F%2Fann%3As3~cret%40api.example.com%2F",
        r#"{"url":"https:\/\/ann:s3~cret@api.example.com"}"#,
    ] {
        assert_eq!(told(&json!([url.replace('~', "")])), ["a URL with a password"], "{url}");
    }
}

#[test]
fn urls_without_a_password_of_the_authors_are_none() {
    for url in [
        "https://api.example.com:8443/a@b:c",
        "https://{{ inputs.user }}:{{ inputs.password }}@api.example.com/",
        "https://{{inputs.user ~ ':' ~ inputs.password}}@api.example.com/",
        "https://ann@api.example.com/",
        "ssh://git@git.example.com:22/a.git",
        "git@git.example.com:acme/a.git",
        "https://example.com:8080 and ann@example.com",
        "https://example.com:8080,ann@example.com",
        "https://example.com?to=ann:b@example.com",
        "https://ann:***@api.example.com/",
        "https://ann:xxxx@api.example.com/",
        "https://ann:$PASSWORD@api.example.com/",
        "https://ann:<password>@api.example.com/",
        "https://ann:${PASSWORD}@api.example.com/",
        "https://ann:@api.example.com/",
        "http://[2001:db8::1]:8080/@a",
    ] {
        assert!(!is_found(url), "{url}");
    }
}

#[test]
fn what_http_sends_is_found() {
    let pair = base64(&format!("ann:{}", "s3cretpassword"));
    for (text, what) in [
        (format!("Basic {pair}"), "a user name and password in base64"),
        (format!("Authorization: basic {pair}"), "a user name and password in base64"),
        (format!("Proxy-Authorization: Basic {}", base64("ann:geheim")), "a user name and password in base64"),
        (format!("Basic {}", base64(&format!(":{}", made("<l52>")))), "a user name and password in base64"),
        (token_of(r#"{"alg":"HS256","typ":"JWT"}"#), "a JSON Web Token"),
        (token_of(r#"{"typ":"JWT","kid":"1","alg":"ES256"}"#), "a JSON Web Token"),
        (token_of("{\n  \"alg\": \"RS256\"\n}"), "a JSON Web Token"),
        (format!("https://example.com/?jwt={}", token_of(r#"{"alg":"none"}"#)), "a JSON Web Token"),
    ] {
        assert_eq!(told(&json!([text])), [what], "{text}");
    }
    for text in [
        "Basic {{ (inputs.user ~ ':' ~ inputs.password)|base64 }}".to_owned(),
        "Basic information about internationalisation".to_owned(),
        "basic aGVsbG8gd29ybGQ=".to_owned(),
        "Bearer {{ inputs.token }}".to_owned(),
        "the bearer of news".to_owned(),
        "Bearer of internationalisation-and-localisation-2026".to_owned(),
        token_of(r#"{"typ":"JWT"}"#),
        token_of("no head"),
        token_of(r#"["alg"]"#),
    ] {
        assert!(!is_found(&text), "{text}");
    }
}

#[test]
fn a_json_web_key_with_its_private_part_is_found() {
    for (key, is_private) in [
        (json!({"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "c"}), true),
        (json!({"kty": "oct", "k": "c"}), true),
        (json!({"kty": "RSA", "n": "a", "e": "AQAB"}), false),
        (json!({"kty": "EC", "d": {"title": "a field"}}), false),
    ] {
        assert_eq!(told(&json!({"keys": [key]})).len(), usize::from(is_private), "{key}");
    }
}

#[test]
fn a_service_account_of_google_is_found() {
    let key = format!("-----BEGIN {} KEY-----\nMIIE\n-----END {} KEY-----\n", "PRIVATE", "PRIVATE");
    let account = json!({"type": "service_account", "private_key_id": made("<h40>"), "private_key": key});
    let pointers: Vec<_> = find(&account, MOST).into_iter().map(|found| found.pointer).collect();
    assert_eq!(pointers, ["/private_key"]);
    assert!(is_found(&account.to_string()), "as a text");
    assert!(is_found(&base64(&account.to_string())), "in base64");
}

#[test]
fn a_random_text_counts_where_its_name_says_so() {
    for secret in [
        "<h32>",
        "<h40>",
        "<h64>",
        "<a20>",
        "<a40>",
        "<u24>",
        "<h8>-<h4>-<h4>-<h4>-<h12>",
        "<a20>/<a10>+<a9>=",
        "abcdefghij1234567890",
        "<l26>",
    ] {
        let secret = made(secret);
        for found in [
            json!({"api_key": secret}),
            json!({"apiKey": secret}),
            json!({"X-API-Key": secret}),
            json!({"DD-APPLICATION-KEY": secret}),
            json!({"password": secret}),
            json!({"clientSecret": secret}),
            json!({"AWS_SECRET_ACCESS_KEY": secret}),
            json!({"access_token": [secret]}),
            json!({"Authorization": format!("Token {secret}")}),
            json!({"authorization": format!("{secret} {{{{ inputs.a }}}}")}),
            json!({"token": format!("{{{{ inputs.token|default('{secret}') }}}}")}),
            json!({"properties": {"token": {"type": "string", "default": secret}}}),
            json!({"properties": {"token": {"type": "string", "examples": [secret]}}}),
            json!({"headers": [{"name": "Authorization", "value": secret}]}),
            json!({"headers": [{"key": "x-auth-token", "value": secret}]}),
            json!({"text": format!("password={secret}")}),
            json!({"text": format!("API_KEY: \"{secret}\"")}),
            json!({"text": format!(r#"{{"client_secret": "{secret}"}}"#)}),
            json!({"text": format!(r#"{{\"client_secret\":\"{secret}\"}}"#)}),
            json!({"url": format!("https://api.example.com/?limit=5&access_token={secret}")}),
            json!({"url": format!("https%3A%2F%2Fapi.example.com%2F%3Fapi_key%3D{secret}")}),
            json!({"run": format!("deploy --token {secret} --force")}),
            json!({"xml": format!("<config><secret>{secret}</secret></config>")}),
            json!({"if": format!("trigger.headers.authorization == '{secret}'")}),
            json!({"description": format!("Send the header Authorization: ApiKey {secret}")}),
        ] {
            assert_eq!(told(&found), [named::WHAT], "{found}");
        }
        for other in [
            json!({"channel": secret}),
            json!({"id": secret}),
            json!({"checksum": secret}),
            json!({"public_key": secret}),
            json!({"next_page_token": secret}),
            json!({"nextToken": secret}),
            json!({"idempotency_key": secret}),
            json!({"token_url": secret}),
            json!({"secret_name": secret}),
            json!({"password_policy_id": secret}),
            json!({"text": format!("sha={secret}")}),
            json!({"text": format!("https://example.com/?page_token={secret}")}),
        ] {
            assert_eq!(told(&other), [""; 0], "{other}");
        }
    }
    for value in ["wJalrXUtnFEMI/K7~MDENG/bPxRfiCYEXAMPLEKEY", "dXNlcjpw~YXNz", "MDk6cGFz~c3dvcmQ="] {
        assert_eq!(told(&json!({"auth": value.replace('~', "")})).len(), 1, "{value}");
    }
    for password in ["Tr0ub4dor&3", "hunter2!A", "Pa$$w0rd", "s3cretpass", "Correct-Horse-7"] {
        for found in [json!({"db_password": password}), json!({"text": format!("Server=a;Password={password};")})] {
            assert_eq!(told(&found).len(), 1, "{found}");
        }
        assert_eq!(told(&json!({"text": password})), [""; 0]);
    }
}

#[test]
fn what_only_names_a_secret_is_none() {
    for value in [
        "{{ inputs.token }}",
        "Bearer {{ inputs.token }}",
        "{{ steps.hmac_sha256.output.v1 }}",
        "{{ 'Bearer ' ~ inputs.token }}",
        "{{ trigger.headers['x-hub-signature-256'] }}",
        "{{ inputs.user }}:{{ inputs.password }}",
        "inputs.token",
        "client_credentials",
        "my-secret-name-2026-11",
        "required",
        "https://auth.example.com/oauth2/v2.0/token",
        "op://vault/item/field",
        "projects/acme/secrets/db-password/versions/3",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db",
        "application/x-www-form-urlencoded",
        "2026-11-29T10:00:00.000Z",
        "20261129T100000Z",
        "ann@example.com",
        "The token of the bot, which ann made in 2026",
        "Passwort*",
        "your_api_key_here",
        "xxxxxxxxxxxxxxxxxxxxxxxx",
        "0000000000000000000000",
        "********************",
        "<token>",
        "$API_TOKEN",
        "+49 170 1234567",
        "C0123ABCD",
        "",
    ] {
        for name in ["token", "secret", "api_key", "password", "authorization", "client_secret", "auth", "credentials"]
        {
            assert_eq!(told(&json!({name: value})), [""; 0], "{name}: {value}");
            assert!(!is_found(&format!("{name}: {value}")) && !is_found(&format!("{name}={value}")), "{name}: {value}");
        }
    }
}

#[test]
fn a_short_password_counts_only_under_the_name_of_one() {
    for value in ["OAuth2ClientCredentials", "Tr0ub4dor&3"] {
        assert_eq!(
            told(&json!({"client_secret": value, "token": value, "text": format!("secret: {value}")})),
            [""; 0],
            "{value}"
        );
        assert_eq!(told(&json!({"password": value})).len(), 1, "{value}");
    }
}
