//! Reads what starts a run.

use serde_json::{Map, Value};

use super::{
    bounds::{MAX_HEADER_NAME_CHARS, MAX_NAME_CHARS, MAX_SIGNATURE_PREFIX_CHARS},
    definition::Trigger,
    problem::{child, found},
    read::Reader,
    schedule::{Misfire, Schedule},
    webhook::{HmacAlgorithm, HmacEncoding, HmacHeader, WebhookScheme, WebhookVerify},
};

/// What a trigger may be that is no integration's.
const OWN_TRIGGERS: [&str; 3] = ["webhook", "schedule", "manual"];
/// Fields of every `verify`.
const VERIFY_FIELDS: [&str; 2] = ["scheme", "secret"];
/// Fields that only the scheme `hmac` has.
const HMAC_FIELDS: [&str; 4] = ["header", "algorithm", "encoding", "prefix"];

impl Reader {
    pub(super) fn trigger(&mut self, value: &Value) -> Option<Trigger> {
        let at = "/trigger";
        let Value::Object(fields) = value else {
            self.problems.add(at, format!("must be an object such as {{ manual: {{}} }} (got {})", found(value)));
            return None;
        };
        if let Some(kind) = OWN_TRIGGERS.into_iter().find(|kind| fields.contains_key(*kind)) {
            let fields = self.object(value, at, &format!("a trigger with `{kind}`"), &[kind])?;
            let inner = child(at, kind);
            let held = fields.get(kind)?;
            return match kind {
                "webhook" => self.webhook(held, &inner),
                "schedule" => self.schedule(held, &inner),
                _ => self.object(held, &inner, "`manual`", &[]).map(|_| Trigger::Manual),
            };
        }
        let what = "a trigger of an integration (others have exactly one of webhook, schedule and manual)";
        let fields = self.object(value, at, what, &["integration", "trigger", "config"])?;
        let integration = self.required(fields, at, "integration");
        let integration = integration.and_then(|id| self.parsed(id, "/trigger/integration"));
        let trigger = self.required(fields, at, "trigger").and_then(|id| self.parsed(id, "/trigger/trigger"));
        let config = self.values(fields.get("config"), "/trigger/config");
        Some(Trigger::Integration { integration: integration?, trigger: trigger?, config })
    }

    fn webhook(&mut self, value: &Value, at: &str) -> Option<Trigger> {
        let fields = self.object(value, at, "a webhook", &["body", "verify", "respond"])?;
        let body = fields.get("body").map(|body| self.body(body, &child(at, "body")));
        let verify = fields.get("verify").map(|verify| self.verify(verify, &child(at, "verify")));
        let respond = self.flag(fields, at, "respond");
        Some(Trigger::Webhook { body: body.unwrap_or_default(), verify: verify.unwrap_or_default(), respond })
    }

    fn verify(&mut self, value: &Value, at: &str) -> Option<WebhookVerify> {
        let fields = self.object(value, at, "`verify`", &[&VERIFY_FIELDS[..], &HMAC_FIELDS[..]].concat())?;
        let secret = self.required(fields, at, "secret");
        let secret = secret.and_then(|name| self.text(name, &child(at, "secret"), MAX_NAME_CHARS));
        let scheme = self.required(fields, at, "scheme")?;
        let scheme = self.choice(scheme, &child(at, "scheme"), WebhookScheme::NAMES.map(|name| (name, name)))?;
        if scheme != "hmac" {
            for name in HMAC_FIELDS.into_iter().filter(|name| fields.contains_key(*name)) {
                let message = format!("`{name}` is only allowed with `scheme: hmac`: remove it");
                self.problems.add(&child(at, name), message);
            }
        }
        let scheme = match scheme {
            "github" => WebhookScheme::Github,
            "stripe" => WebhookScheme::Stripe,
            "slack" => WebhookScheme::Slack,
            "standard-webhooks" => WebhookScheme::StandardWebhooks,
            _ => WebhookScheme::Hmac(self.hmac_header(fields, at)?),
        };
        Some(WebhookVerify { scheme, secret: secret? })
    }

    fn hmac_header(&mut self, fields: &Map<String, Value>, at: &str) -> Option<HmacHeader> {
        let header = self.required(fields, at, "header");
        let header = header.and_then(|name| {
            let message = format!(
                "must be the name of a header, such as X-Signature, of at most {MAX_HEADER_NAME_CHARS} characters"
            );
            self.text_that(name, &child(at, "header"), is_header_name, &message)
        });
        let algorithms = HmacAlgorithm::ALL.map(|algorithm| (algorithm.as_str(), algorithm));
        let algorithm = fields.get("algorithm").map(|name| self.choice(name, &child(at, "algorithm"), algorithms));
        let encodings = HmacEncoding::ALL.map(|encoding| (encoding.as_str(), encoding));
        let encoding = fields.get("encoding").map(|name| self.choice(name, &child(at, "encoding"), encodings));
        let prefix = fields.get("prefix").and_then(|prefix| {
            let message = format!(
                "must be the text before the signature, such as sha256=, of 1 to {MAX_SIGNATURE_PREFIX_CHARS} visible \
                 ASCII characters"
            );
            self.text_that(prefix, &child(at, "prefix"), is_prefix, &message)
        });
        Some(HmacHeader {
            header: header?,
            algorithm: algorithm.flatten().unwrap_or_default(),
            encoding: encoding.flatten().unwrap_or_default(),
            prefix,
        })
    }

    fn schedule(&mut self, value: &Value, at: &str) -> Option<Trigger> {
        let fields = self.object(value, at, "a schedule", &["cron", "timezone", "misfire"])?;
        let text = self.required(fields, at, "cron");
        let cron = text.and_then(|cron| self.read(cron, &child(at, "cron"), Schedule::read_cron));
        let timezone = self.required(fields, at, "timezone");
        let timezone = timezone.and_then(|name| self.read(name, &child(at, "timezone"), Schedule::read_timezone));
        let misfires = Misfire::ALL.map(|misfire| (misfire.as_str(), misfire));
        let misfire = fields.get("misfire").map(|name| self.choice(name, &child(at, "misfire"), misfires));
        let schedule = Schedule::new(text?.as_str()?, cron?, timezone?);
        Some(Trigger::Schedule(schedule.with_misfire(misfire.flatten().unwrap_or_default())))
    }
}

/// A token (RFC 9110, section 5.6.2).
fn is_header_name(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=MAX_HEADER_NAME_CHARS).contains(&text.len()) && text.bytes().all(is_token)
}

/// White space at its end counts (`HMAC `). None can be at its beginning, where values of headers are trimmed.
fn is_prefix(text: &str) -> bool {
    (1..=MAX_SIGNATURE_PREFIX_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        && !text.starts_with(' ')
}
