//! Clouds, hosting, databases and monitoring.

use super::SCANNING;
use crate::{
    check::{has_digit, is_mixed},
    kind::{Before, Kind},
    text,
};

pub(super) const KINDS: &[Kind] = &[
    Kind::new(
        "an AWS access key",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
        &["akia", "asia", "abia", "acca"],
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?-u:\b)",
    )
    .after(Before::NO_BASE64),
    Kind::new(
        "an Amazon Bedrock API key",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html",
        &["absk", "bedrock-api-key-"],
        r"(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/=]{100}",
    )
    .after(Before::NO_BASE64),
    Kind::new(
        "a signed AWS URL",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html",
        &["x-amz-signature="],
        r"(?i:x-amz-signature)=[0-9a-f]{60}",
    ),
    Kind::new(
        "a Google API key",
        "https://cloud.google.com/docs/authentication/api-keys",
        &["aiza"],
        r"AIza[A-Za-z0-9_-]{33}",
    )
    .after(Before::NO_BASE64),
    Kind::new(
        "a Google OAuth client secret",
        "https://developers.google.com/identity/protocols/oauth2",
        &["gocspx-"],
        r"GOCSPX-[A-Za-z0-9_-]{24}",
    ),
    Kind::new(
        "a Google OAuth token",
        "https://developers.google.com/identity/protocols/oauth2",
        &["ya29.", "1//0"],
        r"(?:ya29\.|1//0)[A-Za-z0-9_-]{30}",
    )
    .checked(is_mixed),
    Kind::new(
        "a Google Cloud storage key",
        "https://cloud.google.com/storage/docs/authentication/hmackeys",
        &["goog1"],
        r"GOOG1[A-Z0-9]{19,60}",
    )
    .after(Before::NO_BASE64)
    .checked(is_mixed),
    Kind::new(
        "a Firebase Cloud Messaging server key",
        "https://firebase.google.com/docs/cloud-messaging/auth-server",
        &["aaaa"],
        r"AAAA[A-Za-z0-9_-]{7}:APA91b[A-Za-z0-9_-]{100}",
    )
    .after(Before::NO_BASE64),
    Kind::new(
        "an Azure connection string",
        "https://learn.microsoft.com/en-us/azure/storage/common/storage-configure-connection-string",
        &["accountkey=", "sharedaccesskey="],
        r"(?i:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40}",
    ),
    Kind::new(
        "a signed Azure URL",
        "https://learn.microsoft.com/en-us/azure/storage/common/storage-sas-overview",
        &["sig="],
        r"sig=[A-Za-z0-9%+/_-]{40}",
    )
    .checked(has_digit),
    Kind::new(
        "a Microsoft Entra client secret",
        "https://learn.microsoft.com/en-us/entra/identity-platform/how-to-add-credentials",
        &["7q~", "8q~"],
        r"[78]Q~[A-Za-z0-9_.~-]{31}",
    )
    .after(Before::some_of(|byte| text::is_base64(byte) || matches!(byte, b'.' | b'~'), 3, 3)),
    Kind::new(
        "an Azure DevOps token",
        "https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate",
        &["azdo"],
        r"AZDO[A-Za-z0-9]{4}(?-u:\b)",
    )
    .after(Before::some_of(|byte| byte.is_ascii_alphanumeric(), 76, 76)),
    Kind::new(
        "an Azure Functions key",
        "https://learn.microsoft.com/en-us/azure/azure-functions/function-keys-how-to",
        &["azfu"],
        r"AzFu[A-Za-z0-9_-]{6}==",
    )
    .after(Before::some_of(text::is_base64, 44, 44)),
    Kind::new(
        "a DigitalOcean token",
        "https://docs.digitalocean.com/reference/api/create-personal-access-token/",
        &["dop_v1_", "doo_v1_", "dor_v1_"],
        r"do[opr]_v1_[0-9a-f]{60}",
    ),
    Kind::new(
        "a Heroku API key",
        "https://devcenter.heroku.com/articles/authentication",
        &["hrku-"],
        r"HRKU-[A-Za-z0-9_-]{30}",
    ),
    Kind::new(
        "a Cloudflare API token",
        "https://developers.cloudflare.com/fundamentals/api/get-started/token-formats",
        &["cfk_", "cfut_", "cfat_", "v1.0-"],
        r"(?:cf(?:k|ut|at)_[A-Za-z0-9]{40}|v1\.0-[0-9a-f]{24}-[0-9a-f]{100})",
    ),
    Kind::new(
        "a Netlify token",
        "https://docs.netlify.com/api/get-started/",
        &["nfp_", "nfc_", "nfo_", "nfu_", "nfb_"],
        r"nf[bcopu]_[A-Za-z0-9]{34}",
    ),
    Kind::new(
        "a Vercel token",
        "https://vercel.com/docs/accounts/access-tokens",
        &["vcp_", "vci_", "vca_", "vcr_", "vck_", "vercel_blob_rw_"],
        r"(?:vc[aciprk]|vercel_blob_rw)_[A-Za-z0-9_]{24}",
    )
    .checked(is_mixed),
    Kind::new(
        "a Fly.io token",
        "https://fly.io/docs/security/tokens/",
        &["fm1r_", "fm2_", "fo1_"],
        r"(?:fm1r|fm2|fo1)_[A-Za-z0-9+/=_-]{38}",
    ),
    Kind::new("a Render API key", "https://render.com/docs/api", &["rnd_"], r"rnd_[A-Za-z0-9]{28}"),
    Kind::new(
        "an Alibaba Cloud access key",
        "https://www.alibabacloud.com/help/en/ram/user-guide/create-an-accesskey-pair",
        &["ltai"],
        r"LTAI[A-Za-z0-9]{12,20}(?-u:\b)",
    )
    .after(Before::NO_BASE64)
    .checked(has_digit),
    Kind::new(
        "a Tencent Cloud access key",
        "https://www.tencentcloud.com/document/product/598/34228",
        &["akid", "ikid"],
        r"[AI]KID[A-Za-z0-9]{32}(?-u:\b)",
    )
    .after(Before::NO_BASE64),
    Kind::new(
        "a Tailscale key",
        "https://tailscale.com/kb/1010/machine-certs-keys-overview",
        &["tskey-"],
        r"tskey-[a-z]{2,10}-[A-Za-z0-9-]{20}",
    ),
    Kind::new(
        "a PlanetScale credential",
        "https://planetscale.com/docs/concepts/service-tokens",
        &["pscale_tkn_", "pscale_pw_", "pscale_oauth_"],
        r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{30}",
    ),
    Kind::new(
        "a Supabase secret key",
        "https://supabase.com/docs/guides/api/api-keys",
        &["sbp_", "sb_secret_"],
        r"(?:sbp_[0-9a-f]{38}|sb_secret_[A-Za-z0-9_-]{28})",
    ),
    Kind::new("a Neon API key", "https://neon.com/docs/manage/api-keys", &["napi_"], r"napi_[a-z0-9]{40}"),
    Kind::new(
        "a MongoDB Atlas secret",
        "https://www.mongodb.com/docs/atlas/api/service-accounts-overview/",
        &["mdb_sa_sk_"],
        r"mdb_sa_sk_[A-Za-z0-9_-]{30}",
    ),
    Kind::new("an Aiven password", SCANNING, &["avns_"], r"AVNS_[A-Za-z0-9_-]{19}"),
    Kind::new(
        "a Databricks token",
        "https://docs.databricks.com/aws/en/dev-tools/auth/pat",
        &["dapi", "dose"],
        r"(?:dapi|dose)[0-9a-f]{32}(?:-[0-9])?(?-u:\b)",
    ),
    Kind::new(
        "a Grafana token",
        "https://grafana.com/docs/grafana/latest/administration/service-accounts/",
        &["glsa_", "glc_ey"],
        r"(?:glsa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}|glc_ey[A-Za-z0-9+/=]{30})",
    ),
    Kind::new(
        "a New Relic key",
        "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/",
        &["nrak-", "nraa-", "nrii-", "nriq-", "nrra-", "nrsp-"],
        r"NR(?:AK|AA|II|IQ|RA|SP)-[A-Za-z0-9_-]{25}",
    ),
    Kind::new(
        "a New Relic license key",
        "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/",
        &["nral"],
        r"NRAL(?-u:\b)",
    )
    .after(Before::some_of(|byte| byte.is_ascii_alphanumeric(), 36, 36)),
    Kind::new(
        "a Sentry auth token",
        "https://docs.sentry.io/security-legal-pii/security/token-formats/",
        &["sntrys_", "sntryu_", "sntrya_", "sntryi_"],
        r"sntry[aisu]_[A-Za-z0-9+/=_-]{60}",
    ),
    Kind::new(
        "a PagerDuty API key",
        "https://support.pagerduty.com/main/docs/api-access-keys",
        &["token token="],
        r"(?i:token token)=(?:u\+)?[A-Za-z0-9_-]{18,20}(?-u:\b)",
    )
    .after(Before::NO_BASE64)
    .checked(is_mixed),
    Kind::new(
        "a Dynatrace token",
        "https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients",
        &["dt0c01.", "dt0s01.", "dt0s02.", "dt0s16."],
        r"dt0[cs][0-9]{2}\.[A-Z0-9]{8,24}\.[A-Z0-9]{60}",
    ),
    Kind::new(
        "a Honeycomb key",
        "https://docs.honeycomb.io/configure/environments/manage-api-keys/",
        &["hcaik_", "hcxik_", "hcxmk_", "hcamk_"],
        r"hc[ax][im]k_[a-z0-9]{50}",
    ),
];
