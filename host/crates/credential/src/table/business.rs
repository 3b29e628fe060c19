//! Payments, shops, customers, documents and files.

use crate::{
    check::{has_digit, is_mixed},
    kind::{Before, Kind},
};

pub(super) const KINDS: &[Kind] = &[
    Kind::new(
        "a Stripe key",
        "https://docs.stripe.com/keys",
        &["sk_live_", "sk_test_", "rk_live_", "rk_test_", "sk_org_"],
        r"[rs]k_(?:live|test|org)_[A-Za-z0-9]{8}",
    ),
    Kind::new(
        "a webhook signing secret",
        "https://docs.stripe.com/webhooks/signature",
        &["whsec_"],
        r"whsec_[A-Za-z0-9+/=]{24}",
    ),
    Kind::new(
        "a Stripe client secret",
        "https://docs.stripe.com/api/payment_intents/object#payment_intent_object-client_secret",
        &["pi_", "seti_"],
        r"(?:pi|seti)_[A-Za-z0-9]{14,32}_secret_[A-Za-z0-9]{16}",
    ),
    Kind::new(
        "a Shopify token",
        "https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens",
        &["shpat_", "shpca_", "shppa_", "shpss_", "shprt_", "shpua_", "shpit_", "shptka_"],
        r"shp(?:at|ca|pa|ss|rt|ua|it|tka)_[0-9A-Fa-f]{30}",
    ),
    Kind::new(
        "a Square token",
        "https://developer.squareup.com/docs/build-basics/access-tokens",
        &["sq0atp-", "sq0csp-", "eaaa"],
        r"(?:sq0atp-[A-Za-z0-9_-]{20}|sq0csp-[A-Za-z0-9_-]{40}|EAAA[A-Za-z0-9_-]{60})",
    )
    .after(Before::NO_BASE64)
    .checked(is_mixed),
    Kind::new(
        "a PayPal access token",
        "https://developer.paypal.com/api/rest/authentication/",
        &["a21aa", "access_token$"],
        r"(?:A21AA[A-Za-z0-9_-]{60}|access_token\$(?:production|sandbox)\$[a-z0-9]{14,18}\$[0-9a-f]{30})",
    )
    .after(Before::NO_BASE64),
    Kind::new(
        "a Plaid access token",
        "https://plaid.com/docs/quickstart/glossary/#access-token",
        &["access-"],
        r"access-(?:production|development|sandbox)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-",
    ),
    Kind::new(
        "a Flutterwave secret key",
        "https://developer.flutterwave.com/docs/authentication",
        &["flwseck"],
        r"FLWSECK(?:_TEST)?-[A-Za-z0-9]{30}",
    ),
    Kind::new(
        "an EasyPost API key",
        "https://docs.easypost.com/docs/authentication",
        &["ezak", "eztk"],
        r"EZ[AT]K[A-Za-z0-9]{52}",
    )
    .after(Before::NO_BASE64),
    Kind::new(
        "a Shippo token",
        "https://docs.goshippo.com/docs/guides_general/authentication/",
        &["shippo_"],
        r"shippo_(?:live|test)_[0-9a-f]{40}",
    ),
    Kind::new(
        "a Duffel access token",
        "https://duffel.com/docs/api/overview/authentication",
        &["duffel_"],
        r"duffel_(?:live|test)_[A-Za-z0-9_-]{40}",
    ),
    Kind::new(
        "a GoCardless or Mollie API key",
        "https://docs.mollie.com/reference/authentication",
        &["live_"],
        r"live_[A-Za-z0-9-]{30}",
    )
    .checked(is_mixed),
    Kind::new(
        "a HubSpot access token",
        "https://developers.hubspot.com/docs/guides/apps/private-apps/overview",
        &["pat-"],
        r"pat-[a-z]{2}[0-9]{1,2}-[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-",
    ),
    Kind::new(
        "a Salesforce session id",
        "https://help.salesforce.com/s/articleView?id=sf.remoteaccess_access_tokens.htm&type=5",
        &["00d"],
        r"00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{60}",
    ),
    Kind::new(
        "a Notion token",
        "https://developers.notion.com/reference/authentication",
        &["ntn_", "secret_"],
        r"(?:ntn_[A-Za-z0-9]{40}|secret_[A-Za-z0-9]{40})",
    ),
    Kind::new(
        "an Airtable access token",
        "https://airtable.com/developers/web/guides/personal-access-tokens",
        &["pat"],
        r"pat[A-Za-z0-9]{14}\.[0-9a-f]{60}",
    ),
    Kind::new(
        "an Asana access token",
        "https://developers.asana.com/docs/personal-access-token",
        &["0/", "1/", "2/"],
        r"[0-2]/[0-9]{12,20}(?:/[0-9]{12,20})?:[0-9a-f]{32}",
    ),
    Kind::new(
        "a ClickUp API token",
        "https://developer.clickup.com/docs/authentication",
        &["pk_"],
        r"pk_[0-9]{5,12}_[A-Z0-9]{30}",
    ),
    Kind::new(
        "a Typeform access token",
        "https://www.typeform.com/developers/get-started/personal-access-token/",
        &["tfp_"],
        r"tfp_[A-Za-z0-9_.-]{40}",
    ),
    Kind::new(
        "a Dropbox access token",
        "https://www.dropbox.com/developers/reference/auth-types",
        &["sl."],
        r"sl\.(?:u\.)?[A-Za-z0-9_-]{100}",
    )
    .checked(is_mixed),
    Kind::new(
        "a Mapbox secret token",
        "https://docs.mapbox.com/help/dive-deeper/access-tokens/",
        &["sk.ey"],
        r"sk\.ey[A-Za-z0-9_-]{20,400}\.[A-Za-z0-9_-]{18}",
    ),
    Kind::new(
        "an Adobe client secret",
        "https://developer.adobe.com/developer-console/docs/guides/authentication/",
        &["p8e-"],
        r"p8e-[A-Za-z0-9_-]{30}",
    )
    .checked(has_digit),
    Kind::new(
        "an Okta API token",
        "https://developer.okta.com/docs/guides/create-an-api-token/main/",
        &["ssws "],
        r"(?i:ssws) +[A-Za-z0-9_-]{38}",
    ),
    Kind::new("a PostHog personal API key", "https://posthog.com/docs/api", &["phx_"], r"phx_[A-Za-z0-9_]{40}"),
];
