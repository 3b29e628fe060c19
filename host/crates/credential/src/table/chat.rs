//! Chat, mail and telephony: tokens, and incoming webhooks, whose URL is all that a sender needs.

use super::SCANNING;
use crate::{
    check::is_mixed,
    kind::{Before, Kind},
};

pub(super) const KINDS: &[Kind] = &[
    Kind::new(
        "a Slack incoming webhook URL",
        "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
        &["hooks.slack.com/", "hooks.slack-gov.com/"],
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)(?:/[A-Za-z0-9]{8,40}){2}/[A-Za-z0-9]{8}",
    ),
    Kind::new(
        "a Slack token",
        "https://docs.slack.dev/authentication/tokens",
        &["xox", "xapp-", "xwfp-"],
        r"(?:xox[a-z](?:\.xox[a-z])?|xapp|xwfp)-[A-Za-z0-9-]{8}",
    ),
    Kind::new(
        "a Discord webhook URL",
        "https://discord.com/developers/docs/resources/webhook",
        &["discord.com/api/", "discordapp.com/api/"],
        r"discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{15,20}/[A-Za-z0-9_-]{20}",
    ),
    // The first part is the number of the bot's user, in base64.
    Kind::new(
        "a Discord bot token",
        "https://discord.com/developers/docs/reference#authentication",
        &["mt", "mj", "mz", "nd", "nt", "nj", "nz", "od", "ot"],
        r"(?:M[Tjz]|N[DTjz]|O[DT])[A-Za-z0-9]{21,26}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{25}",
    ),
    Kind::new(
        "a Telegram bot token",
        "https://core.telegram.org/bots/api#authorizing-your-bot",
        &[":aa"],
        r":AA[A-Za-z0-9_-]{30}",
    )
    .after(Before::some_of(|byte| byte.is_ascii_digit(), 6, 12)),
    Kind::new(
        "a Microsoft Teams incoming webhook URL",
        "https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
        &["webhook.office.com/", "outlook.office.com/webhook/", "outlook.office365.com/webhook/"],
        r"(?:webhook|outlook)\.office(?:365)?\.com/webhook(?:b2)?/[0-9A-Fa-f-]{30,36}@[0-9A-Fa-f-]{30,36}/[A-Za-z0-9]{1,30}/[A-Za-z0-9]{16}",
    ),
    Kind::new(
        "a Google Chat webhook URL",
        "https://developers.google.com/workspace/chat/quickstart/webhooks",
        &["chat.googleapis.com/v1/spaces/"],
        r"chat\.googleapis\.com/v1/spaces/[A-Za-z0-9_-]{1,40}/messages\?(?:key|token)=[A-Za-z0-9_%-]{16}",
    ),
    Kind::new(
        "a Zapier webhook URL",
        "https://help.zapier.com/hc/en-us/articles/8496288690317-Trigger-Zap-workflows-from-webhooks",
        &["hooks.zapier.com/hooks/"],
        r"hooks\.zapier\.com/hooks/(?:catch|standard)/[0-9]{3,12}/[A-Za-z0-9]{4}",
    ),
    Kind::new(
        "a Make webhook URL",
        "https://help.make.com/webhooks",
        &["hook."],
        r"hook\.(?:[a-z]{2}[0-9]\.)?(?:make|integromat)\.com/[a-z0-9]{20}",
    ),
    Kind::new(
        "an IFTTT webhook URL",
        "https://ifttt.com/maker_webhooks",
        &["maker.ifttt.com/trigger/"],
        r"maker\.ifttt\.com/trigger/[A-Za-z0-9_{} .-]{1,80}/(?:json/)?with/key/[A-Za-z0-9_-]{16}",
    ),
    Kind::new("a Twilio API key", "https://www.twilio.com/docs/iam/api-keys", &["sk"], r"SK[0-9a-f]{32}(?-u:\b)")
        .after(Before::NO_BASE64),
    Kind::new(
        "a SendGrid API key",
        "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys",
        &["sg."],
        r"SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{38}",
    ),
    Kind::new(
        "a Mailgun API key",
        "https://documentation.mailgun.com/docs/mailgun/api-reference/mg-auth",
        &["key-"],
        r"key-[0-9a-f]{32}(?-u:\b)",
    ),
    Kind::new(
        "a Mailchimp API key",
        "https://mailchimp.com/developer/marketing/guides/quick-start/",
        &["-us"],
        r"-us[0-9]{1,2}(?-u:\b)",
    )
    .after(Before::some_of(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'), 32, 32)),
    Kind::new(
        "a Mandrill API key",
        "https://mailchimp.com/developer/transactional/guides/quick-start/",
        &["md-"],
        r"md-[A-Za-z0-9_-]{22}(?-u:\b)",
    )
    .checked(is_mixed),
    Kind::new(
        "a Brevo API key",
        "https://developers.brevo.com/docs/getting-started",
        &["xkeysib-", "xsmtpsib-"],
        r"x(?:key|smtp)sib-[0-9a-f]{60}",
    ),
    Kind::new(
        "a Resend API key",
        "https://resend.com/docs/dashboard/api-keys/introduction",
        &["re_"],
        r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20}",
    ),
    Kind::new(
        "an Intercom access token",
        "https://developers.intercom.com/docs/build-an-integration/learn-more/authentication",
        &["dg9roj", "dg9rom"],
        r"dG9rO[jm][A-Za-z0-9+/=]{50}",
    ),
    Kind::new(
        "a Matrix access token",
        "https://spec.matrix.org/latest/client-server-api/#client-authentication",
        &["syt_"],
        r"syt_[A-Za-z0-9+/=]{1,80}_[A-Za-z0-9]{20}_[A-Za-z0-9]{6}",
    ),
    Kind::new(
        "a Facebook or Instagram access token",
        "https://developers.facebook.com/docs/facebook-login/guides/access-tokens/",
        &["eaa", "igqv", "igaa"],
        r"(?:EAA|IGQV|IGAA)[A-Za-z0-9_-]{90}",
    )
    .after(Before::NO_BASE64)
    .checked(is_mixed),
    Kind::new(
        "an X (Twitter) bearer token",
        "https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/application-only",
        &["aaaaaaaaaaaaaaaaaaaaa"],
        r"A{18,24}[A-Za-z0-9]{20,40}%[A-Za-z0-9%]{20}",
    )
    .after(Before::NO_BASE64),
    Kind::new("a Twitch stream key", SCANNING, &["live_"], r"live_[0-9]{6,12}_[A-Za-z0-9]{28}"),
];
