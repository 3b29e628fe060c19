//! Texts that are no credentials: what people write in definitions.

use super::*;

#[test]
fn ordinary_texts_are_no_credentials() {
    for text in [
        "AKIA",
        "AIza",
        "xoxb-",
        "ghp_",
        "sk-",
        "an eyJ is no token",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        "sk-learn-and-other-libraries-of-python",
        "sk-learn-2026-and-other-libraries",
        "{{ inputs.token }}",
        "flask_live_demo",
        "Donaudampfschifffahrtsgesellschaftskapitänsmütze",
        "Die Rechtsschutzversicherungsgesellschaften haben 2026 ihre Bedingungen geändert.",
        "It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.",
        "u+AAgAAAAAAABAAAAC0AAA==",
        "Keep this token of thanks secret. The basic rule for bearers: no password.",
        "docker run --user 1000:1000 -p 8080:80 nginx:1.27",
        "arn:aws:s3:::acme-bucket/reports/2026/11/29.csv",
        "s3://acme-bucket/key=2026/a.parquet",
        "arn:aws:iam::123456789012:role/Deploy-a1b2c3",
        "#ff8800 #0af rgba(0,0,0,.5)",
        "2026-11-29T08:30:00.000Z",
        "+49 (0)30 1234567-89",
        "1.2.3-beta.4+build.20261129",
        "report_final_v2 (3).xlsx",
        "how-to-build-a-token-service-in-2026",
        "U+1F600 and U+200B",
        "body > a::after { content: '\\201C'; background: url(data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7) }",
        "https://docs.google.com/spreadsheets/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit#gid=0",
        "https://www.notion.so/acme/Plan-9f86d081884c7d659a2feaa0c55ad015",
        "https://github.com/acme/app/commit/9f86d081884c7d659a2feaa0c55ad0159a2feaa0",
        "https://acme.slack.com/archives/C0123ABCD/p1503435956000247",
        "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC?si=9f86d081884c7d65",
        "https://example.com/a?page_token=CiAKGjBpNDd2Nmp2Zml2cXRwYjBpOXA&limit=5",
        "If-None-Match: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"",
        "integrity=\"sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC\"",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ann@example.com",
        "https://9f86d081884c7d659a2feaa0c55ad015@o123456.ingest.sentry.io/4504",
        "MDQ6VXNlcjU4MzIzMQ==",
        "BLOBkey=1",
        "tokens used: 4096 of 200000",
        "Set `Authorization` to `Bearer <token>`, and X-Api-Key to your key.",
        "token: ${{ secrets.GITHUB_TOKEN }}",
        "export API_TOKEN=\"$(cat /run/secrets/api_token)\"",
        "password: {{ inputs.password }}",
        "secretKeyRef: { name: app-secrets-v2, key: database-password-2026 }",
    ] {
        assert_eq!(told(&json!([text, {text: 1}])), [""; 0], "{text}");
    }
}
