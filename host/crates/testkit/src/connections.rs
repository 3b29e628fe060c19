//! Accounts that a case says the user has. Their tokens are made up; where a token goes, and to whom, is the provider's
//! entry in the catalogue, so that the checks of audience and scopes are the real ones.

use secrecy::SecretString;
use workway_capability::oauth::Connection;
use workway_model::{Permissions, ProviderId, Timestamp};
use workway_providers::{Catalogue, Provider, Values, VariableError, VariableSource};

use super::case::MadeUp;

/// The account's label where a case gives none.
const ACCOUNT: &str = "test-account";

/// The connection that a case describes.
///
/// # Errors
/// What is wrong with it, for whoever wrote the case.
pub(super) fn made_up(
    catalogue: &Catalogue,
    permissions: &Permissions,
    id: &ProviderId,
    written: &MadeUp,
) -> Result<Connection, String> {
    let wrong = |problem: String| format!("connections: {id}: {problem}");
    let provider =
        catalogue.get(id).ok_or_else(|| wrong("unknown provider: add it to the providers file".to_owned()))?;
    let variables = variables(provider, &written.variables).map_err(|error| wrong(error.to_string()))?;
    let token = SecretString::from(format!("made-up-token-of-{id}"));
    let credential = provider.credential(&token, &variables).map_err(|error| wrong(error.to_string()))?;
    let asked = || permissions.connection(id).map(|need| need.scopes.clone()).unwrap_or_default();
    Ok(Connection {
        id: format!("made-up-{id}").into(),
        provider: id.clone(),
        account: written.account.clone().unwrap_or_else(|| ACCOUNT.to_owned()),
        // An API key has no scopes, unless the case says so.
        scopes: written.scopes.clone().or_else(|| provider.oauth().map(|_| asked())),
        variables,
        expires_at: written.expired.then_some(Timestamp::UNIX_EPOCH),
        renew_at: None,
        access_token: token,
        credential,
        version: 1,
    })
}

/// Every variable that is given, wherever its value would come from, and the defaults of those that are not.
fn variables(provider: &Provider, given: &Values) -> Result<Values, VariableError> {
    if let Some(unknown) = given.keys().find(|name| !provider.variables.contains_key(*name)) {
        return Err(VariableError::Unknown(unknown.chars().take(64).collect()));
    }
    let mut values = Values::new();
    for (name, variable) in &provider.variables {
        let default = match &variable.source {
            VariableSource::User { default } => default.as_ref(),
            VariableSource::Token { .. } | VariableSource::Callback { .. } => None,
        };
        let Some(text) = given.get(name).or(default) else { continue };
        let is_host_of_url = matches!(variable.source, VariableSource::Token { url_host: true, .. });
        let text = if is_host_of_url && !text.contains("://") { &format!("https://{text}") } else { text };
        values.insert(name.clone(), variable.check(name, text)?);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use workway_model::ConnectionNeed;

    fn make(provider: &str, written: MadeUp) -> Result<Connection, String> {
        let catalogue = Catalogue::new(None, &BTreeMap::new()).expect("the built-in one is sound");
        let need = ConnectionNeed {
            provider: "slack".parse().unwrap(),
            scopes: ["chat:write".to_owned()].into(),
            required: true,
        };
        let permissions = Permissions { connections: vec![need], ..Permissions::default() };
        make_with(&catalogue, &permissions, provider, &written)
    }

    fn make_with(
        catalogue: &Catalogue,
        permissions: &Permissions,
        provider: &str,
        written: &MadeUp,
    ) -> Result<Connection, String> {
        made_up(catalogue, permissions, &provider.parse().unwrap(), written)
    }

    #[test]
    fn a_connection_has_what_the_integration_asks_for_unless_the_case_says_otherwise() {
        let connection = make("slack", MadeUp::default()).expect("is made");
        assert_eq!(connection.account, ACCOUNT);
        assert_eq!(connection.scopes, Some(["chat:write".to_owned()].into()));
        assert!(
            !connection.is_expired(Timestamp::now()) && format!("{:?}", connection.credential).contains("slack.com")
        );
        let poor = MadeUp { scopes: Some(Default::default()), expired: true, ..MadeUp::default() };
        let poor = make("slack", poor).expect("is made");
        assert!(poor.is_expired(Timestamp::now()) && poor.scopes.is_some_and(|scopes| scopes.is_empty()));
    }

    #[test]
    fn addresses_follow_from_variables_that_are_checked() {
        let given = |name: &str, value: &str| MadeUp {
            variables: [(name.to_owned(), value.to_owned())].into(),
            ..MadeUp::default()
        };
        let shop = make("shopify", given("shop", "acme")).expect("is made");
        assert!(format!("{:?}", shop.credential).contains("acme.myshopify.com"), "{:?}", shop.credential);
        for (written, part) in [
            (MadeUp::default(), "`shop` is missing"),
            (given("shop", "a/b"), "`shop`"),
            (given("shoe", "acme"), "unknown variable \"shoe\""),
        ] {
            let problem = make("shopify", written).expect_err("is refused");
            assert!(problem.starts_with("connections: shopify: ") && problem.contains(part), "{problem}");
        }
        assert!(make("nobody", MadeUp::default()).expect_err("is refused").contains("unknown provider"));
    }
}
