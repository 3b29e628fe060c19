//! Checks what a webhook's `verify` refers to: an input that is secret, and that every installation has. Without it nothing
//! could be verified.

use serde_json::Value;

use super::Checker;
use crate::WebhookVerify;

/// Where the name of the input stands.
pub(crate) const VERIFY_SECRET: &str = "/trigger/webhook/verify/secret";

impl Checker<'_> {
    pub(super) fn check_verify(&mut self, verify: &WebhookVerify) {
        let name = verify.secret.as_str();
        let inputs = self.definition.inputs.as_ref().map(|inputs| inputs.document());
        let is_declared = inputs.and_then(|inputs| inputs.get("properties")?.get(name)).is_some();
        let required = inputs.and_then(|inputs| inputs.get("required")).and_then(Value::as_array);
        let is_required = required.is_some_and(|names| names.iter().any(|required| required.as_str() == Some(name)));
        let message = match (self.secrets.contains(name), is_declared) {
            (true, _) if is_required => return,
            (true, _) => format!(
                "the input \"{name}\" is not required, and without its secret nothing could be verified: add it to `required` \
                 of `inputs`"
            ),
            (false, true) => format!(
                "the input \"{name}\" is not secret: write `type: string` and `format: secret` in its schema, or name an input \
                 that is"
            ),
            (false, false) => match self.suggester.nearest(name, self.secrets.iter().copied()) {
                Some(near) => format!("unknown input \"{name}\": did you mean \"{near}\"?"),
                None => format!(
                    "unknown input \"{name}\": declare it in `inputs` with `type: string` and `format: secret`, and add it to \
                     `required` there"
                ),
            },
        };
        self.problems.add(VERIFY_SECRET, message);
    }
}
