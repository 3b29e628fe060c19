//! `POST /oauth/connections`.

use std::collections::BTreeSet;

use axum::{extract::State, http::StatusCode};
use workway_api::{
    connections::{self, Connection},
    error::{ErrorCode, Problem},
    secret::Secret,
};
use workway_model::ProviderId;
use workway_oauth::{Account, ConnectionSummary, NewConnection, TokenSet, account_id};
use workway_providers::{Provider, Values, VariableSource};
use workway_users::Scope;

use super::connections::connection;
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        extract::{Json, clipped},
    },
};

/// Connects an account of the calling user with an existing token or API key. A connection with the same account label is
/// replaced.
#[utoipa::path(post, path = "/oauth/connections", tag = "oauth",
    request_body = connections::NewConnection,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the new connection, without its token", body = Connection),
        (status = OK, description = "the existing connection with the new token; its id is the same", body = Connection),
        (status = CONFLICT, description = "the user has the maximum number of connections", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn create_connection(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<connections::NewConnection>,
) -> Result<(StatusCode, axum::Json<Connection>), ApiError> {
    caller.require(Scope::Connections)?;
    let unknown = || {
        let detail =
            format!("unknown provider {:?}: GET /oauth/providers lists all providers", clipped(&body.provider));
        ApiError::bad_request(ErrorCode::InvalidProvider, detail)
    };
    let id: ProviderId = body.provider.parse().map_err(|_| unknown())?;
    let provider = app.catalogue().get(&id).ok_or_else(unknown)?;
    let values = all_values(provider, &body.variables)?;
    let own_id = account_id(body.account.clone(), provider, &values);
    let before = app.connections().list(&caller.user).await?.into_iter().filter(|one| one.provider == id);
    let before = same_account(before, provider, &body.account, &values);
    let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let account_id = before.map_or(own_id, |before| before.account.id);
    let new = NewConnection {
        tokens: TokenSet {
            access_token: body.access_token.into_inner(),
            refresh_token: body.refresh_token.map(Secret::into_inner),
        },
        account: Account { label: body.account, id: account_id },
        // Where a provider has scopes, a token without a list of them has none.
        scopes: body.scopes.or_else(|| provider.oauth().map(|_| BTreeSet::new())),
        values,
        expires_at: body.expires_at,
        keeps_refresh_token: false,
    };
    let summary = app.connections().save(&caller.user, &id, new).await?;
    Ok((status, axum::Json(connection(summary))))
}

/// Finds the connection with this label, at the same shop or instance if the provider has such. A connection that was made
/// by hand wins.
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

/// Checks the variables. All of them are required, also those that a provider's answers would contain in a browser flow.
fn all_values(provider: &Provider, given: &Values) -> Result<Values, ApiError> {
    let invalid = |detail: String| ApiError::bad_request(ErrorCode::InvalidVariables, detail);
    let is_told = |name: &String| {
        provider.variables.get(name).is_some_and(|variable| !matches!(variable.source, VariableSource::User { .. }))
    };
    let of_user = given.iter().filter(|(name, _)| !is_told(name)).map(|(name, value)| (name.clone(), value.clone()));
    let mut values = provider.user_values(&of_user.collect()).map_err(|error| invalid(error.to_string()))?;
    for (name, variable) in provider.variables.iter().filter(|(name, _)| is_told(name)) {
        let text = given.get(name).ok_or_else(|| invalid(format!("missing variable {name:?}")))?;
        let value = variable.check(name, text).map_err(|error| invalid(error.to_string()))?;
        values.insert(name.clone(), value);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use workway_api::{connections::NewConnection, error::ErrorCode};

    use super::{ConnectionSummary, Values, all_values, same_account};
    use workway_oauth::Account;
    use workway_providers::{Catalogue, Provider};

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

    fn checked(given: &[(&str, &str)]) -> Result<Values, ErrorCode> {
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
            assert_eq!(checked(wrong), Err(ErrorCode::InvalidVariables), "{wrong:?}");
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
        assert!(parse::<NewConnection>(least.as_bytes()).is_ok());
        for body in [
            r#"{"provider":"slack","accessToken":["s3cr3t"],"account":"a"}"#,
            r#"{"provider":"slack","accessToken":"s3cr3t"}"#,
            r#"{"provider":"slack","accessToken":"s3cr3t","account":"a","refreshToken":7}"#,
            r#"{"provider":"slack","accessToken":"s3cr3t","account":"a","id":"x"}"#,
            r#"{"provider":"slack","accessToken":"s3cr3t","account":"a","expiresAt":"soon"}"#,
            r#"{"provider":"slack","accessToken":"s3cr3t","account":"a","expiresAt":1795911545}"#,
        ] {
            let error = parse::<NewConnection>(body.as_bytes()).expect_err(body);
            assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
        }
    }
}
