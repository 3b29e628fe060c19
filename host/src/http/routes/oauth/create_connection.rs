//! `POST /oauth/connections`.

use std::collections::{BTreeMap, BTreeSet};

use axum::{extract::State, http::StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use workway_model::ProviderId;
use workway_oauth::{
    Account, ConnectionSummary, NewConnection, Provider, TokenSet, Values, VariableSource, account_id,
};
use workway_users::Scope;

use super::wire::WireConnection;
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::Json,
        number::optional_whole,
    },
};

/// A provider's own word for what a token may do.
#[derive(ToSchema)]
#[schema(example = "chat:write", min_length = 1, max_length = 256, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$")]
#[expect(dead_code, reason = "a schema alone: the shape of a text")]
pub(in crate::http) struct ProviderScope(String);

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct CreateConnection {
    /// See `GET /oauth/providers`.
    #[schema(example = "github", pattern = "^[a-z][a-z0-9-]*$", max_length = 64)]
    provider: String,
    /// The provider's access token, or its API key. It is sealed at once, and no answer or log has it.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 16384, pattern = "^[!-~]+$")]
    access_token: SecretString,
    /// What the access token is renewed with, where the provider has that. Sealed like it.
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 16384, pattern = "^[!-~]+$")]
    refresh_token: Option<SecretString>,
    /// A label of the account: an e-mail address, a workspace name. The same label takes the place of the connection that
    /// is there.
    #[schema(min_length = 1, max_length = 256, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$")]
    account: String,
    /// The scopes that the provider granted. An API key needs none.
    #[schema(value_type = Option<Vec<ProviderScope>>, max_items = 200)]
    scopes: Option<BTreeSet<String>>,
    /// Unix seconds; none for a token that does not expire.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(maximum = 253402300799u64)]
    expires_at: Option<u64>,
    /// What the account's addresses depend on, by the names of the provider's entry.
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

/// Connects an account of the calling user by a token or an API key that is there already, or replaces it.
#[utoipa::path(post, path = "/oauth/connections", tag = "oauth",
    request_body = CreateConnection,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the account, without its token", body = WireConnection),
        (status = OK, description = "the account that was there, with the new token; its id is the same", body = WireConnection),
        (status = CONFLICT, description = "the user has as many connections as there may be", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn create_connection(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<CreateConnection>,
) -> Result<(StatusCode, axum::Json<WireConnection>), ApiError> {
    caller.require(Scope::Connections)?;
    let id: ProviderId =
        body.provider.parse().map_err(|error| ApiError::bad_request("invalid-provider", format!("{error}")))?;
    let provider = app.catalogue().get(&id).ok_or_else(|| {
        let detail = format!("there is no provider {id}: GET /oauth/providers lists those that there are");
        ApiError::bad_request("invalid-provider", detail)
    })?;
    let values = all_values(provider, &body.variables)?;
    let own_id = account_id(body.account.clone(), provider, &values);
    let before = app.connections().list(&caller.user).await?.into_iter().filter(|one| one.provider == id);
    let before = same_account(before, provider, &body.account, &values);
    let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let account_id = before.map_or(own_id, |before| before.account.id);
    let connection = NewConnection {
        tokens: TokenSet { access_token: body.access_token, refresh_token: body.refresh_token },
        account: Account { label: body.account, id: account_id },
        // Where a provider has scopes, a token that says nothing of them has none.
        scopes: body.scopes.or_else(|| provider.oauth().map(|_| BTreeSet::new())),
        values,
        expires_at: body.expires_at,
        keeps_refresh_token: false,
    };
    let summary = app.connections().save(&caller.user, &id, connection).await?;
    Ok((status, axum::Json(summary.into())))
}

/// The one of a provider's connections that the user knows by this label, at the same shop or instance if there are such.
/// One that was made by hand goes first.
fn same_account(
    connections: impl Iterator<Item = ConnectionSummary>,
    provider: &Provider,
    label: &str,
    values: &Values,
) -> Option<ConnectionSummary> {
    let id_of = |values: &Values| account_id(label.to_owned(), provider, values);
    let own_id = id_of(values);
    connections
        .filter(|one| one.account.label == label && id_of(&one.values) == own_id)
        .min_by_key(|one| one.account.id != own_id)
}

/// Nobody else can tell what a provider's own answers would have told: all variables of the entry have to be given.
fn all_values(provider: &Provider, given: &Values) -> Result<Values, ApiError> {
    let invalid = |detail: String| ApiError::bad_request("invalid-variables", detail);
    let is_told = |name: &String| {
        provider.variables.get(name).is_some_and(|variable| !matches!(variable.source, VariableSource::User { .. }))
    };
    let of_user = given.iter().filter(|(name, _)| !is_told(name)).map(|(name, value)| (name.clone(), value.clone()));
    let mut values = provider.user_values(&of_user.collect()).map_err(|error| invalid(error.to_string()))?;
    for (name, variable) in provider.variables.iter().filter(|(name, _)| is_told(name)) {
        let text = given.get(name).ok_or_else(|| invalid(format!("the variable `{name}` is missing")))?;
        let value = variable.check(name, text).map_err(|error| invalid(error.to_string()))?;
        values.insert(name.clone(), value);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{ConnectionSummary, CreateConnection, Values, all_values, same_account};
    use workway_oauth::{Account, Catalogue, Provider};

    use crate::http::extract::parse;

    const PROVIDERS: &str = r#"
        [shops]
        name = "Shops"
        type = "oauth2"
        documentation = "https://shops.example/oauth"
        hosts = ["{instance}"]
        authorization_url = "https://{shop}.shops.example/authorize"
        token_url = "https://{shop}.shops.example/token"
        default_scopes = []
        pkce = true
        refresh = "keeps"
        account = { from = "token", label = ["/name"], id = ["/id"] }
        [shops.variables.shop]
        from = "user"
        pattern = "[a-z]+"
        description = "The shop's name"
        default = "main"
        example = "good"
        [shops.variables.instance]
        from = "token"
        pointer = "/instance"
        pattern = "[a-z]+\\.shops\\.example"
    "#;

    fn shops() -> Arc<Provider> {
        let catalogue = Catalogue::new(Some(PROVIDERS), &Default::default()).unwrap();
        catalogue.get(&"shops".parse().unwrap()).unwrap().clone()
    }

    fn values(given: &[(&str, &str)]) -> Values {
        given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn checked(given: &[(&str, &str)]) -> Result<Values, &'static str> {
        all_values(&shops(), &values(given)).map_err(|error| error.problem.code)
    }

    fn connection(id: &str, label: &str, account_id: &str, shop: &str) -> ConnectionSummary {
        ConnectionSummary {
            id: id.into(),
            provider: "shops".parse().unwrap(),
            account: Account { label: label.into(), id: account_id.into() },
            scopes: None,
            values: values(&[("shop", shop), ("instance", "eu.shops.example")]),
            is_default: true,
            reconnect: None,
            expires_at: None,
            renew_at: None,
            version: 1,
        }
    }

    #[test]
    fn every_variable_of_the_entry_is_given_and_checked() {
        let all = [("instance", "eu.shops.example"), ("shop", "main")];
        assert_eq!(checked(&all[..1]).unwrap().len(), 2, "the default is taken");
        assert_eq!(checked(&all), checked(&all[..1]));
        for wrong in [
            &[][..],
            &[("shop", "main")],
            &[("instance", "evil.example")],
            &[("instance", "eu.shops.example"), ("shop", "a/b")],
            &[("instance", "eu.shops.example"), ("other", "x")],
        ] {
            assert_eq!(checked(wrong), Err("invalid-variables"), "{wrong:?}");
        }
    }

    #[test]
    fn an_account_is_known_by_its_label_at_its_shop() {
        let all = [
            connection("a", "Acme", "T1;shop=main", "main"),
            connection("b", "Acme", "Acme;shop=main", "main"),
            connection("c", "Acme", "Acme;shop=other", "other"),
            connection("d", "ann", "7;shop=main", "main"),
        ];
        let found = |label: &str, shop: &str| {
            // That the account moved to another instance makes no other one of it.
            let values = values(&[("shop", shop), ("instance", "us.shops.example")]);
            same_account(all.iter().cloned(), &shops(), label, &values).map(|connection| connection.id)
        };
        assert_eq!(found("Acme", "main").as_deref(), Some("b"));
        assert_eq!(found("Acme", "other").as_deref(), Some("c"));
        assert_eq!(found("ann", "main").as_deref(), Some("d"));
        assert_eq!((found("ann", "other"), found("acme", "main")), (None, None));
    }

    #[test]
    fn a_body_that_is_wrong_is_refused_without_being_quoted() {
        let least = r#"{"provider":"slack","accessToken":"s3cr3t","account":"a"}"#;
        assert!(parse::<CreateConnection>(least.as_bytes()).is_ok());
        for body in [
            r#"{"provider":"slack","accessToken":["s3cr3t"],"account":"a"}"#,
            r#"{"provider":"slack","accessToken":"s3cr3t"}"#,
            r#"{"provider":"slack","accessToken":"s3cr3t","account":"a","refreshToken":7}"#,
            r#"{"provider":"slack","accessToken":"s3cr3t","account":"a","id":"x"}"#,
            r#"{"provider":"slack","accessToken":"s3cr3t","account":"a","expiresAt":"soon"}"#,
        ] {
            let error = parse::<CreateConnection>(body.as_bytes()).err().expect(body);
            assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
        }
    }
}
