//! Checks the entries of a providers file and turns each into a [`Provider`]. Every mistake is found here, when the
//! catalogue is read, and not when a user connects an account. Every message names the field.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use url::Url;
use workway_model::ProviderId;

use super::{
    AccountSource, ConnectMethod, OAuthMethod, Placement, Provider, Revocation, RevocationStyle, Template, Variable,
    VariableSource,
    entry::{AccountEntry, ApiKeyEntry, OAuthEntry, RevocationEntry, VariableEntry},
    placement::{BASE64, TOKEN},
    provider::{CLIENT_ID, RefreshStyle, TokenPointers},
    variables,
};

pub(super) const MAX_HOSTS: usize = 64;
pub(super) const MAX_VARIABLES: usize = 16;
pub(super) const MAX_SCOPES: usize = 64;
pub(super) const MAX_PARAMETERS: usize = 16;
/// The longest name for people, description, parameter, scope or pointer, in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 512;
/// Ten years: above it, a lifetime is a mistake.
pub(super) const MAX_EXPIRES_IN_SECONDS: u64 = 10 * 365 * 24 * 60 * 60;

/// How much of a text is repeated in a message.
const MAX_QUOTED_CHARS: usize = 100;

const SCOPE: &str = "scope";
/// What the flow puts into an authorization request itself (RFC 6749, section 4.1.1; RFC 7636, section 4.3).
pub(super) const RESERVED_IN_AUTHORIZATION: [&str; 8] = [
    CLIENT_ID,
    "client_secret",
    "redirect_uri",
    "response_type",
    "state",
    "code_challenge",
    "code_challenge_method",
    SCOPE,
];
/// What the endpoint puts into a token request itself (RFC 6749, sections 4.1.3 and 6; RFC 7636, section 4.5).
pub(super) const RESERVED_IN_TOKEN_REQUEST: [&str; 7] =
    [CLIENT_ID, "client_secret", "redirect_uri", "grant_type", "code", "refresh_token", "code_verifier"];
/// What the redirect back has anyway (RFC 6749, section 4.1.2; RFC 9207, section 2).
pub(super) const RESERVED_IN_CALLBACK: [&str; 6] = ["code", "state", "iss", "error", "error_description", "error_uri"];

/// Who wrote an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// We did: tests have compiled its patterns, and a start of the host does not do it again.
    BuiltIn,
    Operator,
}

/// How far a flow is: a template can only hold variables that have their values by then.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Stage {
    /// The user gave the variables.
    Start,
    /// The redirect back has come.
    Callback,
    /// The token answer has come.
    Connected,
}

impl Stage {
    /// When a variable gets its value.
    fn of(source: &VariableSource) -> Self {
        match source {
            VariableSource::User { .. } => Self::Start,
            VariableSource::Callback { .. } => Self::Callback,
            VariableSource::Token { .. } => Self::Connected,
        }
    }
}

/// What comes after `/oauth/` in addresses that are of no provider.
pub(super) const RESERVED_IDS: [&str; 2] = ["connections", "providers"];
/// What a request to connect an account says beside its variables, and what stands for something else in some template.
pub(super) const RESERVED_VARIABLES: [&str; 5] = ["scopes", "connection", TOKEN, BASE64, CLIENT_ID];

pub(super) fn oauth(id: ProviderId, entry: OAuthEntry, origin: Origin) -> Result<Provider, String> {
    let variables = read_variables(entry.variables, origin)?;
    let placement = entry.placement.as_ref().map(Placement::new).transpose().map_err(at("placement"))?;
    let url = |field, text: &str, stage| -> Result<Template, String> {
        let template = Template::parse_url(text).map_err(at(field))?;
        check_variables(template.variables(), &variables, stage).map_err(at(field))?;
        Ok(template)
    };
    let authorization_url = url("authorization_url", &entry.authorization_url, Stage::Start)?;
    let token_url = url("token_url", &entry.token_url, Stage::Callback)?;
    let refresh_url = entry.refresh_url.map(|text| url("refresh_url", &text, Stage::Connected)).transpose()?;
    if refresh_url.is_some() && entry.refresh == RefreshStyle::None {
        return Err("`refresh_url`: must be left out where `refresh` is \"none\"".to_owned());
    }
    let issuer = entry.issuer.map(|text| Template::parse_issuer(&text)).transpose().map_err(at("issuer"))?;
    match &issuer {
        Some(issuer) => check_variables(issuer.variables(), &variables, Stage::Callback).map_err(at("issuer"))?,
        None if entry.sends_issuer => return Err("`sends_issuer`: needs an `issuer` to compare with".to_owned()),
        None => {}
    }
    let revocation =
        entry.revocation.map(|entry| revocation(entry, &variables)).transpose().map_err(at("revocation"))?;
    check_scopes(&entry.scope_separator, &entry.default_scopes, &entry.scope_aliases)?;
    parameter_name(&entry.scope_parameter).map_err(at("scope_parameter"))?;
    if entry.scope_parameter != SCOPE && RESERVED_IN_AUTHORIZATION.contains(&entry.scope_parameter.as_str()) {
        return Err(format!("`scope_parameter`: must not be `{}`, which the host sets itself", entry.scope_parameter));
    }
    let in_authorization = [&RESERVED_IN_AUTHORIZATION[..], &[entry.scope_parameter.as_str()]].concat();
    check_query(&authorization_url, &in_authorization).map_err(at("authorization_url"))?;
    check_parameters(&entry.authorization_parameters, &in_authorization, &variables)
        .map_err(at("authorization_parameters"))?;
    check_parameters(&entry.token_parameters, &RESERVED_IN_TOKEN_REQUEST, &variables)
        .map_err(at("token_parameters"))?;
    if let Some(seconds) = entry.expires_in_seconds.filter(|seconds| !(1..=MAX_EXPIRES_IN_SECONDS).contains(seconds)) {
        return Err(format!("`expires_in_seconds`: must be between 1 and {MAX_EXPIRES_IN_SECONDS} (got {seconds})"));
    }
    check_token_pointers(&entry.token).map_err(at("token"))?;
    for code in &entry.invalid_grant {
        parameter_name(code).map_err(at("invalid_grant"))?;
    }
    let method = OAuthMethod {
        authorization_url,
        token_url,
        refresh_url,
        issuer,
        sends_issuer: entry.sends_issuer,
        revocation,
        scope_parameter: entry.scope_parameter,
        scope_separator: entry.scope_separator,
        default_scopes: entry.default_scopes,
        scope_aliases: entry.scope_aliases,
        pkce: entry.pkce,
        client_authentication: entry.client_authentication,
        token_request: entry.token_request,
        authorization_parameters: entry.authorization_parameters,
        token_parameters: entry.token_parameters,
        refresh: entry.refresh,
        expires_in_seconds: entry.expires_in_seconds,
        token: entry.token,
        invalid_grant: entry.invalid_grant,
    };
    let provider = Provider {
        id,
        name: entry.name,
        documentation: documentation(entry.documentation)?,
        hosts: hosts(&entry.hosts)?,
        placement: placement.unwrap_or_else(Placement::bearer),
        account: account(entry.account)?,
        variables,
        method: ConnectMethod::OAuth(Box::new(method)),
    };
    check_whole(&provider)?;
    Ok(provider)
}

pub(super) fn api_key(id: ProviderId, entry: ApiKeyEntry, origin: Origin) -> Result<Provider, String> {
    let variables = read_variables(entry.variables, origin)?;
    let of_user = |variable: &Variable| matches!(variable.source, VariableSource::User { .. });
    if let Some((name, _)) = variables.iter().find(|(_, variable)| !of_user(variable)) {
        return Err(format!("`variables.{name}`: `from` must be \"user\" for an API key"));
    }
    let account = account(entry.account)?;
    if matches!(account, AccountSource::Token(_) | AccountSource::IdToken(_)) {
        return Err("`account`: `from` must be \"url\" or \"none\" for an API key".to_owned());
    }
    let provider = Provider {
        id,
        name: entry.name,
        documentation: documentation(entry.documentation)?,
        hosts: hosts(&entry.hosts)?,
        placement: Placement::new(&entry.placement).map_err(at("placement"))?,
        account,
        variables,
        method: ConnectMethod::ApiKey,
    };
    check_whole(&provider)?;
    Ok(provider)
}

/// What concerns several fields.
fn check_whole(provider: &Provider) -> Result<(), String> {
    let Provider { variables, account, .. } = provider;
    if RESERVED_IDS.contains(&provider.id.as_str()) {
        return Err(format!("the id is reserved, because the host answers at /oauth/{}: choose another", provider.id));
    }
    words(&provider.name).map_err(at("name"))?;
    for host in &provider.hosts {
        check_variables(host.variables(), variables, Stage::Connected).map_err(at("hosts"))?;
    }
    if let Some(url) = account.url() {
        check_variables(url.variables(), variables, Stage::Connected).map_err(at("account"))?;
        if !account.is_within(&provider.hosts) {
            return Err(format!("`account`: `url`: must have one of `hosts` as its host (got {url})"));
        }
    }
    for (name, value) in account.headers() {
        if matches!(&provider.placement, Placement::Header { name: taken, .. } if taken.as_str() == name) {
            return Err(format!("`account`: `headers`: must not set `{name}`, which `placement` sets"));
        }
        check_literal(value, variables).map_err(at("account"))?;
    }
    check_variables(provider.placement.variables(), variables, Stage::Connected).map_err(at("placement"))?;
    let used = used_variables(provider);
    match variables.keys().find(|name| !used.contains(name.as_str())) {
        Some(name) => Err(format!("`variables.{name}`: is not used by any URL, host or `placement`: remove it")),
        None => Ok(()),
    }
}

fn used_variables(provider: &Provider) -> BTreeSet<&str> {
    let mut templates: Vec<&Template> = provider.hosts.iter().chain(provider.account.url()).collect();
    if let Some(oauth) = provider.oauth() {
        templates.extend([&oauth.authorization_url, &oauth.token_url]);
        templates.extend(oauth.refresh_url.iter().chain(&oauth.issuer));
        templates.extend(oauth.revocation.as_ref().map(|revocation| &revocation.url));
    }
    templates.into_iter().flat_map(Template::variables).chain(provider.placement.variables()).collect()
}

fn hosts(texts: &[String]) -> Result<Vec<Template>, String> {
    if texts.is_empty() || texts.len() > MAX_HOSTS {
        return Err(format!("`hosts`: must have 1 to {MAX_HOSTS} items (got {})", texts.len()));
    }
    let host = |text: &String| Template::parse_host(text).map_err(at("hosts"));
    texts.iter().map(host).collect()
}

/// Hosts of the settings in place of an entry's. They are host patterns already, and may have the entry's variables.
pub(super) fn replace_hosts(provider: &mut Provider, hosts: impl Iterator<Item = String>) -> Result<(), String> {
    let in_settings = "`hosts` in the settings";
    let hosts = hosts.map(|text| Template::parse(&text)).collect::<Result<Vec<_>, _>>();
    provider.hosts = hosts.map_err(|error| format!("{in_settings}: {error}"))?;
    for host in &provider.hosts {
        check_variables(host.variables(), &provider.variables, Stage::Connected)
            .map_err(|problem| format!("{in_settings}: {problem}"))?;
    }
    // Without any host the provider is switched off: its credential goes nowhere, to ask whose it is included.
    if provider.hosts.is_empty() || provider.account.is_within(&provider.hosts) {
        return Ok(());
    }
    let url = provider.account.url().map(Template::to_string).unwrap_or_default();
    Err(format!("{in_settings}: must include the host of {url}, where the account is looked up"))
}

fn account(entry: AccountEntry) -> Result<AccountSource, String> {
    AccountSource::new(entry).map_err(at("account"))
}

fn documentation(text: Option<String>) -> Result<Option<Url>, String> {
    let Some(text) = text else { return Ok(None) };
    match Url::parse(&text) {
        Ok(url) if url.scheme() == "https" && url.username().is_empty() && url.password().is_none() => Ok(Some(url)),
        _ => Err(format!("`documentation`: must be an https URL without a user name (got {})", quoted(&text))),
    }
}

fn read_variables(
    entries: BTreeMap<String, VariableEntry>,
    origin: Origin,
) -> Result<BTreeMap<String, Variable>, String> {
    if entries.len() > MAX_VARIABLES {
        return Err(format!("`variables`: must have at most {MAX_VARIABLES} items (got {})", entries.len()));
    }
    let read = |(name, entry): (String, VariableEntry)| {
        variables::check_name(&name).map_err(at("variables"))?;
        if RESERVED_VARIABLES.contains(&name.as_str()) {
            return Err(format!("`variables`: the name {name:?} is reserved: choose another"));
        }
        let field = format!("variables.{name}");
        let variable = Variable::new(entry, origin).map_err(at(&field))?;
        Ok((name, variable))
    };
    entries.into_iter().map(read).collect()
}

fn revocation(entry: RevocationEntry, variables: &BTreeMap<String, Variable>) -> Result<Revocation, String> {
    let url = Template::parse_url(&entry.url).map_err(at("url"))?;
    let (of_client, declared): (Vec<&str>, Vec<&str>) = url.variables().partition(|name| *name == CLIENT_ID);
    if of_client.is_empty() == (entry.style == RevocationStyle::Github) {
        return Err("`url`: must hold {client_id} where `style` is \"github\", and only there".to_owned());
    }
    check_variables(declared.into_iter(), variables, Stage::Connected).map_err(at("url"))?;
    Ok(Revocation { url, style: entry.style })
}

fn check_token_pointers(token: &TokenPointers) -> Result<(), String> {
    let TokenPointers { access, refresh, expires_in, scope } = token;
    for (field, text) in [("access", access), ("refresh", refresh), ("expires_in", expires_in), ("scope", scope)] {
        pointer(text).map_err(at(field))?;
    }
    Ok(())
}

/// Whether a template of these `names` can be rendered at this stage of a flow.
fn check_variables<'a>(
    mut names: impl Iterator<Item = &'a str>,
    variables: &BTreeMap<String, Variable>,
    stage: Stage,
) -> Result<(), String> {
    names.try_for_each(|name| match variables.get(name) {
        Some(variable) if Stage::of(&variable.source) <= stage => Ok(()),
        Some(_) => Err(format!("must not hold `{name}`, which has no value yet when this is needed")),
        None => Err(format!("unknown variable `{name}`: declare it under `variables`")),
    })
}

fn check_scopes(separator: &str, default: &[String], aliases: &BTreeMap<String, String>) -> Result<(), String> {
    let mut characters = separator.chars();
    let (Some(character @ ' '..='~'), None) = (characters.next(), characters.next()) else {
        return Err(format!("`scope_separator`: must be one printable ASCII character (got {})", quoted(separator)));
    };
    // RFC 6749, section 3.3, and what would be two scopes to the vendor.
    let is_scope = |text: &String| {
        (1..=MAX_TEXT_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
            && !text.contains(character)
    };
    let all = aliases.iter().flat_map(|(asked, answered)| [("scope_aliases", asked), ("scope_aliases", answered)]);
    for (field, text) in default.iter().map(|scope| ("default_scopes", scope)).chain(all) {
        if !is_scope(text) {
            return Err(format!(
                "`{field}`: a scope must be 1 to {MAX_TEXT_BYTES} visible ASCII characters without quotes, backslashes and \
                 the separator (got {})",
                quoted(text)
            ));
        }
    }
    for (field, count) in [("default_scopes", default.len()), ("scope_aliases", aliases.len())] {
        if count > MAX_SCOPES {
            return Err(format!("`{field}`: must have at most {MAX_SCOPES} items (got {count})"));
        }
    }
    Ok(())
}

fn check_parameters(
    parameters: &BTreeMap<String, String>,
    reserved: &[&str],
    variables: &BTreeMap<String, Variable>,
) -> Result<(), String> {
    if parameters.len() > MAX_PARAMETERS {
        return Err(format!("must have at most {MAX_PARAMETERS} items (got {})", parameters.len()));
    }
    for (name, value) in parameters {
        parameter_name(name)?;
        if reserved.contains(&name.as_str()) {
            return Err(format!("must not set `{name}`, which the host sets itself"));
        }
        if value.len() > MAX_TEXT_BYTES || value.chars().any(char::is_control) {
            return Err(format!("`{name}`: must have at most {MAX_TEXT_BYTES} bytes and no control characters"));
        }
        check_literal(value, variables).map_err(at(name))?;
    }
    Ok(())
}

/// These texts are sent as they are: a variable in one would go out as its name.
fn check_literal(text: &str, variables: &BTreeMap<String, Variable>) -> Result<(), String> {
    match variables.keys().find(|name| text.contains(&format!("{{{name}}}"))) {
        Some(name) => Err(format!("must not hold `{{{name}}}`: this text is sent unchanged")),
        None => Ok(()),
    }
}

/// A URL that brings a parameter along would have it twice.
fn check_query(url: &Template, reserved: &[&str]) -> Result<(), String> {
    let sample = url.sample_url().map_err(|error| error.to_string())?;
    match sample.query_pairs().find(|(name, _)| reserved.contains(&name.as_ref())) {
        Some((name, _)) => Err(format!("must not set `{name}`, which the host sets itself")),
        None => Ok(()),
    }
}

/// Puts a field in front of a problem.
pub(super) fn at<E: Display>(field: &str) -> impl Fn(E) -> String {
    move |problem| format!("`{field}`: {problem}")
}

/// RFC 6901, section 3. The empty pointer is none: a whole answer is no token and no name.
pub(super) fn pointer(text: &str) -> Result<(), String> {
    let escapes_are_whole = text.split('~').skip(1).all(|behind| behind.starts_with(['0', '1']));
    if text.starts_with('/') && text.len() <= MAX_TEXT_BYTES && escapes_are_whole {
        return Ok(());
    }
    Err(format!("must be a JSON pointer such as \"/data/id\" (got {})", quoted(text)))
}

/// The plain name of a parameter, or an error code.
pub(super) fn parameter_name(text: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if (1..=MAX_TEXT_BYTES).contains(&text.len()) && text.bytes().all(is_plain) {
        return Ok(());
    }
    Err(format!("must be 1 to {MAX_TEXT_BYTES} letters, digits, `_`, `.` or `-` (got {})", quoted(text)))
}

/// A query parameter of the redirect back that a variable can be.
pub(super) fn callback_parameter(text: &str) -> Result<(), String> {
    parameter_name(text)?;
    if RESERVED_IN_CALLBACK.contains(&text) {
        return Err(format!("must not be `{text}`, which means something else in the redirect back"));
    }
    Ok(())
}

/// A short text for people.
pub(super) fn words(text: &str) -> Result<(), String> {
    let is_short = (1..=MAX_TEXT_BYTES).contains(&text.len());
    if is_short && text.trim() == text && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(format!(
        "must be 1 to {MAX_TEXT_BYTES} bytes without control characters and without space around it (got {})",
        quoted(text)
    ))
}

/// The start of a text, as a message repeats it.
fn quoted(text: &str) -> String {
    format!("{:?}", text.chars().take(MAX_QUOTED_CHARS).collect::<String>())
}
