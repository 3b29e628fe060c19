//! One text, or several, for every kind of the table.

use std::collections::BTreeSet;

use super::{super::scan, *};

/// What a message calls a kind, and shapes of it.
const SHAPES: &[(&str, &[&str])] = &[
    (
        "a Slack incoming webhook URL",
        &[
            "https://hooks.slack.com/services/T00000000/B00000000/<a24>",
            "https://hooks.slack.com/triggers/T012AB3CD/<d13>/<h32>",
            "https://hooks.slack-gov.com/workflows/T012AB3CD/A012AB3CD/<d18>/<a24>",
        ],
    ),
    (
        "a Slack token",
        &[
            "xoxb-<d12>-<d12>-<a24>",
            "xoxp-<d12>-<h32>",
            "xapp-1-A<u10>-<d13>-<h64>",
            "xoxe.xoxp-1-<a140>",
            "xoxe-1-<a140>",
            "xoxc-<d12>-<h64>",
        ],
    ),
    (
        "a Discord webhook URL",
        &["https://discord.com/api/webhooks/<d18>/<a68>", "https://ptb.discordapp.com/api/v10/webhooks/<d18>/<a68>"],
    ),
    ("a Discord bot token", &["MTA<a21>.<a6>.<a38>", "ND<a22>.<a6>.<a27>"]),
    ("a Telegram bot token", &["https://api.telegram.org/bot<d9>:AA<a33>/sendMessage", "<d10>:AA<a33>"]),
    (
        "a Microsoft Teams incoming webhook URL",
        &[
            "https://acme.webhook.office.com/webhookb2/<h8>-<h4>-<h4>-<h4>-<h12>@<h8>-<h4>-<h4>-<h4>-<h12>/IncomingWebhook/<h32>/<h8>",
        ],
    ),
    ("a Google Chat webhook URL", &["https://chat.googleapis.com/v1/spaces/AAAA/messages?key=<a30>&token=<a43>"]),
    ("a Zapier webhook URL", &["https://hooks.zapier.com/hooks/catch/<d7>/<l7>/"]),
    ("a Make webhook URL", &["https://hook.eu1.make.com/<l32>", "https://hook.integromat.com/<l32>"]),
    ("an IFTTT webhook URL", &["https://maker.ifttt.com/trigger/done/with/key/<a22>"]),
    ("a Twilio API key", &["SK<h32>"]),
    ("a SendGrid API key", &["SG.<a22>.<a43>"]),
    ("a Mailgun API key", &["key-<h32>"]),
    ("a Mailchimp API key", &["<h32>-us12"]),
    ("a Mandrill API key", &["md-<a22>"]),
    ("a Brevo API key", &["xkeysib-<h64>-<a16>"]),
    ("a Resend API key", &["re_<a8>_<a24>"]),
    ("an Intercom access token", &["dG9rOj<a60>="]),
    ("a Matrix access token", &["syt_YWxpY2U_<a20>_<a6>"]),
    ("a Facebook or Instagram access token", &["EAA<a180>", "IGQV<a160>"]),
    ("an X (Twitter) bearer token", &["AAAAAAAAAAAAAAAAAAAAA<a26>%2B<a8>%3D<a40>"]),
    ("a Twitch stream key", &["live_<d9>_<a30>"]),
    ("a GitHub token", &["ghp_<a36>", "gho_<a36>", "ghu_<a36>", "ghs_<a36>", "ghr_<a76>", "github_pat_<a22>_<a59>"]),
    ("a GitLab token", &["glpat-<a20>", "gldt-<a20>", "glrt-<a20>", "glptt-<h40>", "glcbt-1_<a20>", "GR1348941<a20>"]),
    ("an Atlassian API token", &["ATATT3xFfGF0<a170>=<u8>", "ATBB<a32>"]),
    ("a Trello token", &["ATTA<h64>"]),
    ("a CircleCI API token", &["CCIPAT_<a22>_<h40>"]),
    ("a Buildkite API token", &["bkua_<h40>"]),
    ("a SonarQube token", &["squ_<h40>"]),
    ("a Postman API key", &["PMAK-<h24>-<h34>"]),
    ("an npm token", &["npm_<a36>"]),
    ("a Python package index token", &["pypi-<a80>"]),
    ("a RubyGems API key", &["rubygems_<h48>"]),
    ("a Rust registry token", &["cio<a32>"]),
    ("a NuGet API key", &["oy2<l43>"]),
    ("a Clojars deploy token", &["CLOJARS_<h60>"]),
    ("a Docker access token", &["dckr_pat_<a27>", "dckr_oat_<a32>"]),
    ("a JFrog token", &["AKCp8<a69>", "cmVmdGtu<a56>"]),
    ("a Terraform token", &["<a14>.atlasv1.<a67>"]),
    ("a Vault token", &["hvs.<a24>", "hvb.<a140>"]),
    ("a Doppler token", &["dp.pt.<a43>", "dp.st.dev_backend.<a40>"]),
    ("a Pulumi access token", &["pul-<h40>"]),
    ("a 1Password service account token", &["ops_eyJ<a250>"]),
    ("a Linear API key", &["lin_api_<a40>", "lin_oauth_<h64>"]),
    ("a LaunchDarkly key", &["api-<h8>-<h4>-<h4>-<h4>-<h12>", "sdk-<h8>-<h4>-<h4>-<h4>-<h12>"]),
    ("a Figma token", &["figd_<a40>"]),
    ("a Contentful token", &["CFPAT-<a43>"]),
    ("a ReadMe API key", &["rdme_<l70>"]),
    ("a Sourcegraph token", &["sgp_<h40>", "sgp_<h16>_<h40>"]),
    ("a Prefect API key", &["pnu_<a36>"]),
    ("an AWS access key", &["AKIA<u16>", "ASIA<u16>"]),
    ("an Amazon Bedrock API key", &["ABSK<a128>"]),
    ("a signed AWS URL", &["https://acme.s3.amazonaws.com/a?X-Amz-Expires=60&X-Amz-Signature=<h64>"]),
    ("a Google API key", &["AIza<a35>"]),
    ("a Google OAuth client secret", &["GOCSPX-<a28>"]),
    ("a Google OAuth token", &["ya29.<a140>", "1//0<a60>"]),
    ("a Google Cloud storage key", &["GOOG1E<u55>"]),
    ("a Firebase Cloud Messaging server key", &["AAAA<a7>:APA91b<a134>"]),
    (
        "an Azure connection string",
        &[
            "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=<a86>==;EndpointSuffix=core.windows.net",
            "Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=<a43>=",
        ],
    ),
    (
        "a signed Azure URL",
        &[
            "https://acme.blob.core.windows.net/a?sv=2024-11-04&sp=r&sig=<a41>%3D",
            "https://prod-1.westeurope.logic.azure.com:443/workflows/<h32>/triggers/manual/paths/invoke?sp=%2F&sig=<a43>",
        ],
    ),
    ("a Microsoft Entra client secret", &["<a3>8Q~<a34>"]),
    ("an Azure DevOps token", &["<a76>AZDO<a4>"]),
    ("an Azure Functions key", &["<a44>AzFu<a6>=="]),
    ("a DigitalOcean token", &["dop_v1_<h64>"]),
    ("a Heroku API key", &["HRKU-AA<a58>"]),
    ("a Cloudflare API token", &["cfut_<a48>", "cfat_<a48>", "v1.0-<h24>-<h146>"]),
    ("a Netlify token", &["nfp_<a36>"]),
    ("a Vercel token", &["vcp_<a56>", "vercel_blob_rw_<a16>_<a30>"]),
    ("a Fly.io token", &["FlyV1 fm2_<a120>"]),
    ("a Render API key", &["rnd_<a28>"]),
    ("an Alibaba Cloud access key", &["LTAI5t<a18>"]),
    ("a Tencent Cloud access key", &["AKID<a32>"]),
    ("a Tailscale key", &["tskey-auth-<a16>-<a32>"]),
    ("a PlanetScale credential", &["pscale_pw_<a43>", "pscale_tkn_<a43>"]),
    ("a Supabase secret key", &["sbp_<h40>", "sb_secret_<a22>_<a8>"]),
    ("a Neon API key", &["napi_<l64>"]),
    ("a MongoDB Atlas secret", &["mdb_sa_sk_<a40>"]),
    ("an Aiven password", &["AVNS_<a19>"]),
    ("a Databricks token", &["dapi<h32>", "dapi<h32>-2"]),
    ("a Grafana token", &["glsa_<a32>_<h8>", "glc_eyJ<a100>"]),
    ("a New Relic key", &["NRAK-<u27>", "NRII-<a32>"]),
    ("a New Relic license key", &["<h36>NRAL"]),
    ("a Sentry auth token", &["sntryu_<h64>", "sntrys_eyJ<a150>"]),
    ("a PagerDuty API key", &["Token token=<a20>", "Token token=u+<a18>"]),
    ("a Dynatrace token", &["dt0c01.<u24>.<u64>"]),
    ("a Honeycomb key", &["hcaik_<l58>"]),
    ("a Stripe key", &["sk_live_<a24>", "rk_live_<a99>", "sk_test_<a24>"]),
    ("a webhook signing secret", &["whsec_<a32>"]),
    ("a Stripe client secret", &["pi_<a24>_secret_<a25>"]),
    ("a Shopify token", &["shpat_<h32>", "shpss_<h32>", "shpca_<h32>", "shppa_<h32>"]),
    ("a Square token", &["sq0atp-<a22>", "sq0csp-<a43>", "EAAAE<a59>"]),
    ("a PayPal access token", &["A21AA<a92>", "access_token$production$<l16>$<h32>"]),
    ("a Plaid access token", &["access-production-<h8>-<h4>-<h4>-<h4>-<h12>"]),
    ("a Flutterwave secret key", &["FLWSECK-<h32>-X", "FLWSECK_TEST-<h32>-X"]),
    ("an EasyPost API key", &["EZAK<a54>"]),
    ("a Shippo token", &["shippo_live_<h40>"]),
    ("a Duffel access token", &["duffel_live_<a43>"]),
    ("a GoCardless or Mollie API key", &["live_<a40>"]),
    ("a HubSpot access token", &["pat-na1-<h8>-<h4>-<h4>-<h4>-<h12>"]),
    ("a Salesforce session id", &["00D<a15>!<a96>"]),
    ("a Notion token", &["ntn_<d11><a35>", "secret_<a43>"]),
    ("an Airtable access token", &["pat<a14>.<h64>"]),
    ("an Asana access token", &["1/<d16>:<h32>", "2/<d16>/<d16>:<h32>"]),
    ("a ClickUp API token", &["pk_<d8>_<u32>"]),
    ("a Typeform access token", &["tfp_<a44>_<a14>"]),
    ("a Dropbox access token", &["sl.<a136>", "sl.u.<a136>"]),
    ("a Mapbox secret token", &["sk.eyJ1<a60>.<a22>"]),
    ("an Adobe client secret", &["p8e-<a32>"]),
    ("an Okta API token", &["SSWS 00<a40>"]),
    ("a PostHog personal API key", &["phx_<a43>"]),
    ("an Anthropic API key", &["sk-ant-api03-<a93>AA"]),
    ("an OpenRouter API key", &["sk-or-v1-<h64>"]),
    ("an OpenAI API key", &["sk-proj-<a120>", "sk-svcacct-<a120>"]),
    ("an API key", &["sk-<a48>", "sk-<h32>"]),
    ("an ElevenLabs API key", &["sk_<h48>"]),
    ("a Hugging Face token", &["hf_<a34>", "api_org_<a34>"]),
    ("a Groq API key", &["gsk_<a52>"]),
    ("a Perplexity API key", &["pplx-<a48>"]),
    ("a Replicate API token", &["r8_<a37>"]),
    ("an xAI API key", &["xai-<a80>"]),
    ("a Fireworks API key", &["fw_<a22>"]),
    ("a LangSmith API key", &["lsv2_pt_<h32>_<h10>"]),
    ("a Langfuse secret key", &["sk-lf-<h8>-<h4>-<h4>-<h4>-<h12>"]),
    ("a Pinecone API key", &["pcsk_<a6>_<a60>"]),
    ("an NVIDIA API key", &["nvapi-<a64>"]),
    ("a Tavily API key", &["tvly-dev-<a32>"]),
    ("a Firecrawl API key", &["fc-<h32>"]),
    ("an E2B API key", &["e2b_<h40>"]),
    ("a Jina API key", &["jina_<a60>"]),
    ("a Cerebras API key", &["csk-<l48>"]),
    (
        "a private key",
        &[
            "-----BEGIN<a0> PRIVATE KEY-----",
            "-----BEGIN<a0> RSA PRIVATE KEY-----",
            "-----BEGIN<a0> EC PRIVATE KEY-----",
            "-----BEGIN<a0> OPENSSH PRIVATE KEY-----",
            "-----BEGIN<a0> ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN<a0> PGP PRIVATE KEY BLOCK-----",
            "MIIEvQ<a0>IBADANBgkqhkiG9w0BAQEFAASCBKcw<a40>",
            "MIIEpA<a0>IBAAKCAQEA<a40>",
            "b3BlbnNza<a0>C1rZXktdjEAAAAABG5vbmUA<a40>",
        ],
    ),
    ("an SSH private key", &["---- BEGIN<a0> SSH2 ENCRYPTED PRIVATE KEY ----"]),
    ("a PuTTY private key", &["PuTTY-User<a0>-Key-File-3: ssh-ed25519"]),
    ("an age secret key", &["AGE-SECRET<a0>-KEY-1<u58>"]),
    ("a WireGuard key", &["PrivateKey = <a43>=", "PresharedKey=<a43>="]),
    ("a minisign secret key", &["RWRT<a0>Y0Iy<a200>"]),
    ("an extended private key", &["xprv9<l106>"]),
    ("a bearer token", &["Authorization: Bearer <a32>", "bearer  <a40>", "bearer <h8>-<h4>-<h4>-<h4>-<h12>"]),
    ("a password for curl", &["curl -u ann:s3cret<a4> https://api.example.com", "curl --user 'ann:secret'"]),
];

#[test]
fn each_shape_is_found_anywhere_and_not_repeated() {
    for (what, shapes) in SHAPES {
        for secret in shapes.iter().map(|shape| made(shape)) {
            let found = find(&json!({"a/b": [0, {"c": format!("x {secret}")}]}), MOST);
            let expected = Credential { pointer: "/a~1b/1/c".to_owned(), what, is_name: false };
            assert_eq!(found, [expected], "{secret}");
            for text in [secret.clone(), format!("\"{secret}\""), format!("see:\n{secret}\n.")] {
                assert_eq!(told(&json!({"text": text})), [*what], "{secret}");
            }
            let found = find(&json!({"a": {secret.clone(): {"b": secret}}}), MOST);
            let places: Vec<_> = found.iter().map(|found| (&*found.pointer, found.is_name)).collect();
            assert_eq!(places, [("/a", true), ("/a/b", false)], "names are searched, and do not stand in pointers");
        }
    }
}

#[test]
fn every_kind_has_a_shape_and_a_page() {
    // Their texts are not made of runs: `found` has them.
    let made_elsewhere = ["a JSON Web Token", "a user name and password in base64"];
    let tried: BTreeSet<&str> = SHAPES.iter().map(|(what, _)| *what).chain(made_elsewhere).collect();
    let known: BTreeSet<&str> = table::kinds().map(|kind| kind.what).collect();
    assert_eq!(known, tried);
    assert!(known.len() >= 75, "{}", known.len());
    for kind in table::kinds() {
        assert!(kind.page.starts_with("https://") && !kind.page.contains(' '), "{}", kind.page);
        assert!(kind.keywords.iter().all(|word| **word == word.to_lowercase()), "{:?}", kind.keywords);
        let _ = scan::pattern(kind);
    }
}

#[test]
fn a_token_within_a_longer_word_is_none() {
    for shape in ["x<a4>ghp_<a36>", "flask_live_<a24>", "desk_live_<a24>", "shelf_<a34>", "prexoxb-<a12>"] {
        assert!(!is_found(&made(shape)), "{shape}");
    }
}
