//! The built-in file, and what the catalogue makes of files and settings.

use super::*;

/// Entries of few words, to put wrong lines into.
pub(super) const ACME: &str = r#"[acme]
name = "Acme"
type = "oauth2"
hosts = ["api.acme.example", "{shop}.acme.example"]
authorization_url = "https://acme.example/authorize"
token_url = "https://acme.example/token"
default_scopes = ["read"]
pkce = true
refresh = "keeps"
account = { from = "url", url = "https://api.acme.example/me", label = ["/name"], id = ["/id"] }
variables.shop = { from = "user", pattern = "[a-z]+", description = "The shop", example = "x" }
variables.realm = { from = "callback", parameter = "realm", pattern = "[a-z]+" }
variables.host = { from = "token", pointer = "/host", pattern = '[a-z]+\.acme\.example' }
revocation = { url = "https://{realm}.acme.example/{host}", style = "rfc7009" }
"#;
pub(super) const KEY: &str = r#"[acme]
name = "Acme"
type = "api-key"
hosts = ["api.acme.example"]
placement = { header = "x-acme-key", value = "{token}" }
"#;

/// The one provider of `text`, an operator's file.
pub(super) fn provider(text: &str) -> Provider {
    let mut providers = read(text, Origin::Operator).expect("is a file");
    assert_eq!(providers.len(), 1);
    providers.pop_first().expect("has one").1
}

/// `text` with a line for one field, in place of the one that it has.
pub(super) fn with(text: &str, line: &str) -> String {
    let field = |line: &str| line.split(" = ").next().map(str::to_owned);
    let mut lines: Vec<&str> = text.lines().filter(|other| field(other) != field(line)).collect();
    lines.insert(1, line);
    lines.join("\n")
}

fn without(text: &str, field: &str) -> String {
    text.lines().filter(|line| line.split(" = ").next() != Some(field)).collect::<Vec<_>>().join("\n")
}

/// What is wrong with the entry `acme` of `text`.
fn problem(text: &str) -> String {
    match read(text, Origin::Operator) {
        Err(CatalogueError::Provider { provider, problem }) if provider == "acme" => problem,
        other => panic!("{other:?} from {text}"),
    }
}

fn id(text: &str) -> ProviderId {
    text.parse().expect("is an id")
}

fn settings(hosts: &[(&str, &[&str])]) -> BTreeMap<ProviderId, BTreeSet<HostPattern>> {
    let patterns = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("is a pattern")).collect();
    hosts.iter().map(|(provider, texts)| (id(provider), patterns(texts))).collect()
}

fn hosts_of(catalogue: &Catalogue, provider: &str) -> Vec<String> {
    catalogue.get(&id(provider)).expect("is known").hosts.iter().map(ToString::to_string).collect()
}

#[test]
fn built_in_file_is_read_with_its_patterns_and_examples() {
    let providers = read(BUILT_IN, Origin::Operator).expect("has no fault");
    assert!(providers.len() >= 40, "{} providers", providers.len());
    let unknown: Vec<_> = providers.values().filter(|provider| provider.documentation.is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn built_in_file_is_in_order() {
    let ids: Vec<_> = BUILT_IN.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']')).collect();
    let ids: Vec<_> = ids.into_iter().filter(|id| !id.contains('.')).collect();
    assert!(ids.is_sorted(), "{ids:?}");
}

/// Whoever answers for a variable that ends a host says where tokens are sent to.
#[test]
fn no_built_in_pattern_takes_any_host() {
    for provider in read(BUILT_IN, Origin::BuiltIn).expect("has no fault").values() {
        let open = provider.hosts.iter().filter(|host| host.family().is_none());
        for name in open.flat_map(Template::variables) {
            for host in ["evil.invalid", "localhost", "invalid", "10.0.0.1"] {
                assert!(provider.variables[name].check(name, host).is_err(), "{}: {name} takes {host}", provider.id);
                let url = format!("https://{host}/");
                assert!(provider.variables[name].check(name, &url).is_err(), "{}: {name} takes {url}", provider.id);
            }
        }
    }
}

#[test]
fn an_entry_says_little_where_a_vendor_keeps_to_the_standard() {
    let acme = provider(ACME);
    assert_eq!((acme.id.as_str(), acme.name.as_str(), acme.placement.clone()), ("acme", "Acme", Placement::bearer()));
    let oauth = acme.oauth().expect("has OAuth");
    assert_eq!((oauth.scope_parameter.as_str(), oauth.scope_separator.as_str()), ("scope", " "));
    assert_eq!((oauth.client_authentication, oauth.token_request), (ClientAuthentication::Body, TokenRequest::Form));
    assert_eq!((oauth.token.access.as_str(), oauth.token.scope.as_str()), ("/access_token", "/scope"));
    assert!(oauth.issuer.is_none() && oauth.refresh_url.is_none() && oauth.invalid_grant.is_empty());
    let key = provider(KEY);
    assert!(key.oauth().is_none());
    assert_eq!(key.account, AccountSource::None);
}

#[test]
fn what_an_entry_can_say_is_kept() {
    let text = [
        "issuer = \"https://acme.example/{shop}\"",
        "sends_issuer = true",
        "refresh_url = \"https://{host}/refresh\"",
        "scope_parameter = \"user_scope\"",
        "scope_separator = \",\"",
        "scope_aliases = { email = \"https://acme.example/email\" }",
        "client_authentication = \"basic\"",
        "token_request = \"json\"",
        "authorization_parameters = { claims = '{\"id_token\":{\"name\":null}}', user_scope_2 = \"x\" }",
        "token_parameters = { expiring = \"1\" }",
        "expires_in_seconds = 3600",
        "token = { access = \"/a/0/b~1c\" }",
        "invalid_grant = [\"token_revoked\"]",
        "revocation = { url = \"https://acme.example/{client_id}/{realm}\", style = \"github\" }",
        "placement = { header = \"x-key\", value = \"{shop}:{token}\" }",
    ];
    let acme = provider(&text.into_iter().fold(ACME.to_owned(), |text, line| with(&text, line)));
    let oauth = acme.oauth().expect("has OAuth");
    assert_eq!(oauth.issuer.as_ref().map(Template::to_string).as_deref(), Some("https://acme.example/{shop}"));
    assert_eq!((oauth.scope_parameter.as_str(), oauth.scope_separator.as_str()), ("user_scope", ","));
    assert_eq!(oauth.scope_aliases["email"], "https://acme.example/email");
    assert_eq!(oauth.authorization_parameters["claims"], "{\"id_token\":{\"name\":null}}");
    assert_eq!((oauth.token_parameters["expiring"].as_str(), oauth.expires_in_seconds), ("1", Some(3600)));
    assert_eq!((oauth.token.access.as_str(), oauth.token.refresh.as_str()), ("/a/0/b~1c", "/refresh_token"));
    assert_eq!(oauth.revocation.as_ref().map(|revocation| revocation.style), Some(RevocationStyle::Github));
    assert!(oauth.sends_issuer && oauth.invalid_grant == ["token_revoked"]);
}

#[test]
fn a_wrong_field_is_refused_by_its_name() {
    for (line, said) in [
        ("name = \"\"", "`name`: "),
        ("documentation = \"http://acme.example\"", "`documentation`: must be an https URL"),
        ("hosts = []", "`hosts`: must have 1 to 64 items (got 0)"),
        ("hosts = [\"10.0.0.1\"]", "`hosts`: must be a host pattern"),
        ("hosts = [\"*.example\"]", "`hosts`: must be a host pattern"),
        ("hosts = [\"http://api.acme.example\"]", "`hosts`: must be a host pattern"),
        ("hosts = [\"api.acme.example\", \"{other}.acme.example\"]", "`hosts`: unknown variable `other`"),
        (
            "hosts = [\"www.acme.example\", \"{shop}.acme.example\"]",
            "`account`: `url`: must have one of `hosts` as its host",
        ),
        ("authorization_url = \"http://acme.example\"", "`authorization_url`: must start with https"),
        ("authorization_url = \"https://acme.example/{other}\"", "`authorization_url`: unknown variable `other`"),
        (
            "authorization_url = \"https://acme.example/{realm}\"",
            "`authorization_url`: must not hold `realm`, which has no value yet",
        ),
        ("authorization_url = \"https://acme.example/?state=x\"", "`authorization_url`: must not set `state`"),
        ("token_url = \"https://{host}/\"", "`token_url`: must not hold `host`, which has no value yet"),
        ("refresh_url = \"ftp://acme.example\"", "`refresh_url`: "),
        ("issuer = \"https://acme.example?x\"", "`issuer`: "),
        ("issuer = \"https://{host}\"", "`issuer`: must not hold `host`, which has no value yet"),
        ("sends_issuer = true", "`sends_issuer`: "),
        (
            "revocation = { url = \"https://a.example/{client_id}\", style = \"rfc7009\" }",
            "`revocation`: `url`: must hold {client_id} where",
        ),
        (
            "revocation = { url = \"https://a.example/\", style = \"github\" }",
            "`revocation`: `url`: must hold {client_id} where",
        ),
        ("revocation = { url = \"https://a.example/\", style = \"post\" }", "in `revocation.style`"),
        ("scope_parameter = \"state\"", "`scope_parameter`: "),
        ("scope_separator = \", \"", "`scope_separator`: must be one printable"),
        ("scope_separator = \"\"", "`scope_separator`: must be one printable"),
        ("scope_separator = \"\\n\"", "`scope_separator`: must be one printable"),
        ("default_scopes = [\"a b\"]", "`default_scopes`: a scope must be 1 to 512"),
        ("scope_aliases = { a = \"\" }", "`scope_aliases`: "),
        ("pkce = \"yes\"", "in `pkce`"),
        ("client_authentication = \"header\"", "in `client_authentication`"),
        (
            "authorization_parameters = { redirect_uri = \"x\" }",
            "`authorization_parameters`: must not set `redirect_uri`",
        ),
        ("authorization_parameters = { scope = \"x\" }", "`authorization_parameters`: must not set `scope`"),
        ("authorization_parameters = { a = \"{shop}\" }", "`authorization_parameters`: `a`: must not hold `{shop}`"),
        ("authorization_parameters = { a = 1 }", "in `authorization_parameters.a`"),
        ("token_parameters = { grant_type = \"x\" }", "`token_parameters`: must not set `grant_type`"),
        ("refresh = \"sometimes\"", "in `refresh`"),
        ("expires_in_seconds = 0", "`expires_in_seconds`: must be between 1 and 315360000 (got 0)"),
        ("expires_in_seconds = -1", "in `expires_in_seconds`"),
        ("token = { access = \"access_token\" }", "`token`: `access`: must be a JSON pointer"),
        ("token = { access = \"/a~2\" }", "`token`: `access`: "),
        ("token = { id = \"/a\" }", "unknown field `id`"),
        ("invalid_grant = [\"a b\"]", "`invalid_grant`: "),
        (
            "placement = { header = \"host\", value = \"{token}\" }",
            "`placement`: `header`: must not be the header `host`",
        ),
        ("placement = { header = \"x-key\", value = \"key\" }", "`placement`: `value`: must hold {token}"),
        ("placement = { header = \"x-key\", value = \"{other}{token}\" }", "`placement`: unknown variable `other`"),
        ("account = { from = \"somewhere\" }", "in `account.from`"),
        ("account = { from = \"token\", label = [\"/a\"], id = [\"b\"] }", "`account`: `id`: must be a JSON pointer"),
        (
            "variables.other = { from = \"callback\", parameter = \"a\", pattern = \"a\" }",
            "`variables.other`: is not used",
        ),
        (
            "variables.token = { from = \"callback\", parameter = \"a\", pattern = \"a\" }",
            "`variables`: the name \"token\" is reserved",
        ),
        (
            "variables.scopes = { from = \"callback\", parameter = \"a\", pattern = \"a\" }",
            "`variables`: the name \"scopes\" is reserved",
        ),
        (
            "variables.shop = { from = \"callback\", parameter = \"a\", pattern = \"[\" }",
            "`variables.shop`: `pattern`: ",
        ),
        ("scopes = []", "unknown field `scopes`"),
        ("type = \"saml\"", "`type`: must be \"oauth2\" or \"api-key\""),
        ("type = 1", "`type`: must be \"oauth2\" or \"api-key\""),
    ] {
        let found = problem(&with(ACME, line));
        assert!(found.contains(said), "{line}: {found}");
    }
    for field in ["name", "hosts", "authorization_url", "token_url", "default_scopes", "pkce", "refresh", "account"] {
        assert!(problem(&without(ACME, field)).contains(&format!("missing field `{field}`")));
    }
    assert_eq!(problem(&without(ACME, "type")), "`type`: is missing");
}

#[test]
fn a_key_has_nothing_of_oauth() {
    for (line, said) in [
        ("token_url = \"https://acme.example\"", "unknown field `token_url`"),
        (
            "account = { from = \"token\", label = [\"/a\"], id = [\"/b\"] }",
            "`account`: `from` must be \"url\" or \"none\"",
        ),
        (
            "variables.a = { from = \"token\", pointer = \"/a\", pattern = \"a\" }",
            "`variables.a`: `from` must be \"user\"",
        ),
    ] {
        let found = problem(&with(KEY, line));
        assert!(found.contains(said), "{line}: {found}");
    }
    assert!(problem(&without(KEY, "placement")).contains("missing field `placement`"));
    let taken = "account = { from = \"url\", url = \"https://api.acme.example\", headers = { x-acme-key = \"x\" }, label = [\"/a\"], id = [\"/b\"] }";
    assert!(problem(&with(KEY, taken)).contains("`headers`: must not set `x-acme-key`, which `placement` sets"));
}

#[test]
fn an_id_that_is_an_address_of_the_host_is_refused() {
    for id in ["connections", "providers"] {
        let error = Catalogue::new(Some(&KEY.replacen("[acme]", &format!("[{id}]"), 1)), &BTreeMap::new());
        assert!(matches!(&error, Err(CatalogueError::Provider { provider, .. }) if provider == id), "{error:?}");
    }
}

#[test]
fn a_file_that_is_none_is_refused_without_being_repeated() {
    for (text, said) in [
        ("[acme]\nkey = s3cr3t\n", "line 2"),
        ("[acme]\n[acme]\n", "line 2"),
        ("[acme", "line 1"),
        (&" ".repeat(MAX_PROVIDERS_FILE_BYTES + 1), "at most 1048576 bytes (got 1048577)"),
    ] {
        let Err(error @ CatalogueError::Malformed(_)) = Catalogue::new(Some(text), &BTreeMap::new()) else {
            panic!("was taken")
        };
        let message = error.to_string();
        assert!(message.contains(said) && !message.contains("s3cr3t"), "{message}");
    }
    for (text, provider) in [("Acme = {}", "Acme"), ("acme = 1", "acme"), ("[[acme]]", "acme"), ("[\"\"]", "")] {
        let refusal = Catalogue::new(Some(text), &BTreeMap::new());
        assert!(
            matches!(&refusal, Err(CatalogueError::Provider { provider: id, .. }) if id == provider),
            "{refusal:?}"
        );
    }
}

#[test]
fn the_operators_entry_takes_the_place_of_a_built_in_one() {
    let known = Catalogue::new(None, &BTreeMap::new()).expect("has no fault");
    assert!(known.get(&id("github")).is_some_and(|provider| provider.oauth().is_some()));
    let text = format!("{}\n{KEY}", KEY.replace("[acme]", "[github]"));
    let changed = Catalogue::new(Some(&text), &BTreeMap::new()).expect("has no fault");
    assert_eq!(hosts_of(&changed, "github"), ["api.acme.example"]);
    assert!(changed.get(&id("github")).is_some_and(|provider| provider.oauth().is_none()));
    assert!(changed.get(&id("acme")).is_some());
    assert_eq!(changed.iter().count(), known.iter().count() + 1);
    assert!(changed.iter().map(|provider| &provider.id).is_sorted());
}

#[test]
fn hosts_of_the_settings_take_the_place_of_an_entrys() {
    let hosts = settings(&[
        ("acme", &["api.acme.example", "https://eu.acme.example:8443", "{shop}.acme.example"]),
        ("example", &["*.example.com", "http://plain.example.com"]),
        ("nowhere", &[]),
    ]);
    let catalogue = Catalogue::new(Some(ACME), &hosts).expect("has no fault");
    assert_eq!(
        hosts_of(&catalogue, "acme"),
        ["api.acme.example", "https://eu.acme.example:8443", "{shop}.acme.example"]
    );
    assert!(catalogue.get(&id("acme")).is_some_and(|provider| provider.oauth().is_some()));
    let bare = catalogue.get(&id("example")).expect("is known");
    assert_eq!((bare.placement.clone(), bare.account.clone()), (Placement::bearer(), AccountSource::None));
    let patterns = bare.hosts_for(&Values::new()).expect("are complete");
    assert_eq!(patterns, ["*.example.com", "http://plain.example.com"].map(|text| text.parse().expect("is a pattern")));
    assert!(bare.credential(&"s3cr3t".into(), &Values::new()).is_ok());
    assert!(hosts_of(&catalogue, "nowhere").is_empty());
}

#[test]
fn hosts_of_the_settings_that_do_not_go_with_the_entry_are_refused() {
    for (provider, host, said) in [
        ("acme", "other.example", "must include the host of https://api.acme.example/me"),
        ("acme", "{other}.acme.example", "unknown variable `other`"),
        ("example", "{shop}.example.com", "unknown variable `shop`"),
    ] {
        let refusal = Catalogue::new(Some(ACME), &settings(&[(provider, &[host])])).expect_err("does not go");
        let message = refusal.to_string();
        assert!(message.contains("`hosts` in the settings: ") && message.contains(said), "{message}");
    }
    assert!(Catalogue::new(Some(ACME), &settings(&[("acme", &[])])).is_ok(), "an operator may switch one off");
}

#[test]
fn headers_are_known_as_credentials_where_they_are_some() {
    let key = |id: &str, header: &str, hosts: &str| {
        let text = with(&with(KEY, &format!("hosts = [{hosts}]")), &format!("placement = {{ {header} }}"));
        text.replace("[acme]", &format!("[{id}]"))
    };
    let variables = "variables.v = { from = \"user\", pattern = \"a\", description = \"v\", example = \"a\" }";
    let text = [
        key("acme-a", "header = \"x-acme\", value = \"{token}\"", "\"a.acme.example\""),
        with(&key("acme-b", "header = \"x-acme\", value = \"{token}\"", "\"{v}.acme.example\", \"{v}\""), variables),
        key("acme-c", "header = \"authorization\", value = \"{token}\"", "\"c.acme.example\""),
        key("acme-d", "header = \"cookie\", value = \"a={token}\"", "\"d.acme.example\""),
        key("acme-e", "query = \"key\"", "\"e.acme.example\""),
    ];
    let found = Catalogue::new(Some(&text.join("\n")), &BTreeMap::new()).expect("has no fault").credential_headers();
    let (_, hosts) = found.iter().find(|(name, _)| name == "x-acme").expect("is known");
    let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["a.acme.example", "*.acme.example"]);
    assert!(found.iter().all(|(name, _)| name != AUTHORIZATION && name != COOKIE));
    assert_eq!(found.iter().filter(|(name, _)| name == "x-acme").count(), 1);
}
