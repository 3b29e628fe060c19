//! `GET /oauth/providers`.

use axum::{Json, extract::State, http::HeaderMap};
use url::Url;
use workway_api::providers::{self, ProviderList, ProviderType, ProviderVariable};
use workway_oauth::callback_url;
use workway_providers::{ConnectMethod, Provider, VariableSource};
use workway_users::Scope;

use super::flow::public_url;
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError},
};

/// Lists the providers whose accounts can be connected, ordered by id.
#[utoipa::path(get, path = "/oauth/providers", tag = "oauth", security(("bearer" = [])), responses(
    (status = OK, description = "the providers", body = ProviderList),
))]
pub(in crate::http) async fn list_providers(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Json<ProviderList>, ApiError> {
    caller.require(Scope::Connections)?;
    let public_url = public_url(&app, &headers).ok();
    let clients = &app.settings().oauth.clients;
    let has_client = |one: &Provider| clients.contains_key(&one.id);
    let items = app.catalogue().iter().map(|one| provider(one, has_client(one), public_url.as_ref())).collect();
    Ok(Json(ProviderList { items }))
}

fn provider(provider: &Provider, has_client: bool, public_url: Option<&Url>) -> providers::Provider {
    let (r#type, configured, default_scopes, callback_url) = match &provider.method {
        ConnectMethod::OAuth(oauth) => {
            let callback_url = public_url.map(|public_url| callback_url(public_url, &provider.id).into());
            (ProviderType::Oauth2, has_client, oauth.default_scopes.clone(), callback_url)
        }
        ConnectMethod::ApiKey => (ProviderType::ApiKey, true, Vec::new(), None),
    };
    let variables = provider.variables.iter().filter_map(|(name, variable)| {
        let VariableSource::User { default } = &variable.source else { return None };
        Some(ProviderVariable {
            name: name.clone(),
            description: variable.description.clone(),
            example: variable.example.clone(),
            default: default.clone(),
            required: default.is_none(),
        })
    });
    providers::Provider {
        id: provider.id.to_string(),
        name: provider.name.clone(),
        r#type,
        documentation: provider.documentation.as_ref().map(ToString::to_string),
        configured,
        default_scopes,
        variables: variables.collect(),
        callback_url,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use url::Url;

    use super::provider;
    use workway_providers::Catalogue;

    const PROVIDERS: &str = r#"
        [shops]
        name = "Shops"
        type = "oauth2"
        documentation = "https://shops.example/oauth"
        hosts = ["{shop}.shops.example"]
        authorization_url = "https://{login}/authorize"
        token_url = "https://{shop}.shops.example/token"
        default_scopes = ["openid"]
        pkce = true
        refresh = "keeps"
        account = { from = "token", label = ["/name"], id = ["/id"] }
        [shops.variables.shop]
        from = "user"
        pattern = "[a-z]+"
        description = "The shop's name"
        example = "good"
        [shops.variables.login]
        from = "user"
        pattern = "[a-z.]+"
        description = "Where to log in"
        default = "login.shops.example"
        example = "login.shops.example"

        [keys]
        name = "Keys"
        type = "api-key"
        documentation = "https://keys.example/api"
        hosts = ["api.keys.example"]
        placement = { header = "x-api-key", value = "{token}" }
    "#;

    fn shown(id: &str, has_client: bool, public_url: Option<&str>) -> Value {
        let catalogue = Catalogue::new(Some(PROVIDERS), &Default::default()).unwrap();
        let known = catalogue.get(&id.parse().unwrap()).unwrap();
        let public_url = public_url.map(|url| Url::parse(url).unwrap());
        serde_json::to_value(provider(known, has_client, public_url.as_ref())).unwrap()
    }

    #[test]
    fn a_provider_says_what_it_takes_to_connect_an_account() {
        let expected = json!({
            "id": "shops", "name": "Shops", "type": "oauth2", "documentation": "https://shops.example/oauth",
            "configured": true, "defaultScopes": ["openid"],
            "variables": [
                {
                    "name": "login", "description": "Where to log in", "example": "login.shops.example",
                    "default": "login.shops.example", "required": false,
                },
                { "name": "shop", "description": "The shop's name", "example": "good", "required": true },
            ],
            "callbackUrl": "https://workway.example.com/oauth/shops/callback",
        });
        assert_eq!(shown("shops", true, Some("https://workway.example.com")), expected);
        let bare = shown("shops", false, None);
        assert_eq!((&bare["configured"], &bare["callbackUrl"]), (&json!(false), &Value::Null));
    }

    #[test]
    fn a_key_needs_no_client_and_no_way_back() {
        let expected = json!({
            "id": "keys", "name": "Keys", "type": "api-key", "documentation": "https://keys.example/api",
            "configured": true, "defaultScopes": [], "variables": [],
        });
        assert_eq!(shown("keys", false, Some("https://workway.example.com")), expected);
    }
}
