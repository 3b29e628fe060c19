//! From the shape of an entry to a [`Provider`]: whatever an entry can get wrong is found here, when the catalogue is
//! made, and not when somebody connects an account. Every message names the field.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use url::Url;
use workway_model::ProviderId;

use super::{
    AccountSource, ConnectMethod, OAuthMethod, Placement, Provider, Revocation, RevocationStyle, Template, Variable,
    VariableSource,
    entry::{AccountEntry, ApiKeyEntry, OAuthEntry, TokenEntry, VariableEntry},
    placement,
    provider::{CLIENT_ID, RefreshStyle, TokenPointers},
    variables,
};

const MAX_HOSTS: usize = 64;
const MAX_VARIABLES: usize = 16;
const MAX_SCOPES: usize = 64;
const MAX_PARAMETERS: usize = 16;
/// The longest name for people, description, parameter, scope or pointer, in bytes.
const MAX_TEXT_BYTES: usize = 512;
/// Ten years: above it, a lifetime is a mistake.
const MAX_EXPIRES_IN_SECONDS: u64 = 10 * 365 * 24 * 60 * 60;

const SCOPE: &str = "scope";
/// What the flow puts into an authorization request itself (RFC 6749, section 4.1.1; RFC 7636, section 4.3).
const RESERVED_IN_AUTHORIZATION: [&str; 8] = [
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
const RESERVED_IN_TOKEN_REQUEST: [&str; 7] =
    [CLIENT_ID, "client_secret", "redirect_uri", "grant_type", "code", "refresh_token", "code_verifier"];
/// What the redirect back has anyway (RFC 6749, section 4.1.2; RFC 9207, section 2).
const RESERVED_IN_CALLBACK: [&str; 6] = ["code", "state", "iss", "error", "error_description", "error_uri"];

/// Who wrote an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// We did: tests have compiled its patterns, and a start of the host does not do it again.
    BuiltIn,
    Operator,
}

/// Which variables there are when a template is rendered.
#[derive(Clone, Copy)]
enum Known {
    /// Before the flow starts.
    FromUser,
    /// When the redirect back has come.
    FromCallback,
    Everything,
}

/// What comes after `/oauth/` in addresses that are of no provider.
const RESERVED_IDS: [&str; 2] = ["connections", "providers"];
/// What a request to connect an account says beside its variables.
const RESERVED_VARIABLES: [&str; 2] = ["scopes", "connection"];

pub(super) fn oauth(id: ProviderId, entry: OAuthEntry, origin: Origin) -> Result<Provider, String> {
    let variables = read_variables(entry.variables, origin)?;
    let placement = entry.placement.as_ref().map(Placement::new).transpose().map_err(at("placement"))?;
    let url = |field, text: &str, known| -> Result<Template, String> {
        let template = Template::parse_url(text).map_err(at(field))?;
        check_variables(&template, &variables, known).map_err(at(field))?;
        Ok(template)
    };
    let authorization_url = url("authorization_url", &entry.authorization_url, Known::FromUser)?;
    let token_url = url("token_url", &entry.token_url, Known::FromCallback)?;
    let refresh_url = entry.refresh_url.map(|text| url("refresh_url", &text, Known::Everything)).transpose()?;
    if refresh_url.is_some() && entry.refresh == RefreshStyle::None {
        return Err("`refresh_url`: there are no refresh tokens".to_owned());
    }
    let issuer = entry.issuer.map(|text| Template::parse_issuer(&text)).transpose().map_err(at("issuer"))?;
    match &issuer {
        Some(issuer) => check_variables(issuer, &variables, Known::FromCallback).map_err(at("issuer"))?,
        None if entry.sends_issuer => return Err("`sends_issuer`: there is no `issuer` to compare it to".to_owned()),
        None => {}
    }
    let revocation = entry.revocation.map(|entry| {
        let url = Template::parse_url(&entry.url).map_err(at("url"))?;
        let of_client = url.variables().any(|name| name == CLIENT_ID);
        if of_client != (entry.style == RevocationStyle::Github) {
            return Err("`url`: {client_id} goes with the style `github`, and that style with it".to_owned());
        }
        check_variables_but(&url, &variables, Known::Everything, CLIENT_ID).map_err(at("url"))?;
        Ok(Revocation { url, style: entry.style })
    });
    check_scopes(&entry.scope_separator, &entry.default_scopes, &entry.scope_aliases)?;
    parameter_name(&entry.scope_parameter).map_err(at("scope_parameter"))?;
    if entry.scope_parameter != SCOPE && RESERVED_IN_AUTHORIZATION.contains(&entry.scope_parameter.as_str()) {
        return Err("`scope_parameter`: is a parameter that the flow sets itself".to_owned());
    }
    let in_authorization = [&RESERVED_IN_AUTHORIZATION[..], &[entry.scope_parameter.as_str()]].concat();
    check_query(&authorization_url, &in_authorization).map_err(at("authorization_url"))?;
    check_parameters(&entry.authorization_parameters, &in_authorization, &variables)
        .map_err(at("authorization_parameters"))?;
    check_parameters(&entry.token_parameters, &RESERVED_IN_TOKEN_REQUEST, &variables)
        .map_err(at("token_parameters"))?;
    if entry.expires_in_seconds.is_some_and(|seconds| !(1..=MAX_EXPIRES_IN_SECONDS).contains(&seconds)) {
        return Err(format!("`expires_in_seconds`: is 1 to {MAX_EXPIRES_IN_SECONDS}"));
    }
    for code in &entry.invalid_grant {
        parameter_name(code).map_err(at("invalid_grant"))?;
    }
    let method = OAuthMethod {
        authorization_url,
        token_url,
        refresh_url,
        issuer,
        sends_issuer: entry.sends_issuer,
        revocation: revocation.transpose().map_err(at("revocation"))?,
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
        token: token_pointers(entry.token).map_err(at("token"))?,
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
        return Err(format!("`variables.{name}`: a key has variables of the user alone"));
    }
    let account = account(entry.account)?;
    if matches!(account, AccountSource::Token(_) | AccountSource::IdToken(_)) {
        return Err("`account`: a key has no token answer".to_owned());
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
        return Err("the id is a part of this host's own addresses".to_owned());
    }
    words(&provider.name).map_err(at("name"))?;
    for host in &provider.hosts {
        check_variables(host, variables, Known::Everything).map_err(at("hosts"))?;
    }
    if let Some(url) = account.url() {
        check_variables(url, variables, Known::Everything).map_err(at("account"))?;
        if !account.is_within(&provider.hosts) {
            return Err("`account`: `url`: its host is none of `hosts`".to_owned());
        }
    }
    for (name, value) in account.headers() {
        if matches!(&provider.placement, Placement::Header { name: taken, .. } if taken.as_str() == name) {
            return Err(format!("`account`: `headers`: `placement` sets `{name}`"));
        }
        check_literal(value, variables).map_err(at("account"))?;
    }
    if let Some(name) = provider.placement.variables().find(|name| !variables.contains_key(*name)) {
        return Err(format!("`placement`: there is no variable `{name}`"));
    }
    let used = used_variables(provider);
    match variables.keys().find(|name| !used.contains(name.as_str())) {
        Some(name) => Err(format!("`variables.{name}`: is not used anywhere")),
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
        return Err(format!("`hosts`: are 1 to {MAX_HOSTS}"));
    }
    let host = |text: &String| Template::parse_host(text).map_err(at("hosts"));
    texts.iter().map(host).collect()
}

/// Hosts of the settings in place of an entry's. They are host patterns already, and may have the entry's variables.
pub(super) fn replace_hosts(provider: &mut Provider, hosts: impl Iterator<Item = String>) -> Result<(), String> {
    let in_settings = "`hosts` of the settings";
    let hosts = hosts.map(|text| Template::parse(&text)).collect::<Result<Vec<_>, _>>();
    provider.hosts = hosts.map_err(|error| format!("{in_settings}: {error}"))?;
    for host in &provider.hosts {
        check_variables(host, &provider.variables, Known::Everything)
            .map_err(|problem| format!("{in_settings}: {problem}"))?;
    }
    // Without any host the provider is switched off: its credential goes nowhere, to ask whose it is included.
    if provider.hosts.is_empty() || provider.account.is_within(&provider.hosts) {
        return Ok(());
    }
    let host = provider.account.url().map(Template::to_string).unwrap_or_default();
    Err(format!("{in_settings}: the host of {host}, which tells whose an account is, has to be among them"))
}

fn account(entry: AccountEntry) -> Result<AccountSource, String> {
    AccountSource::new(entry).map_err(at("account"))
}

fn documentation(text: Option<String>) -> Result<Option<Url>, String> {
    let Some(text) = text else { return Ok(None) };
    match Url::parse(&text) {
        Ok(url) if url.scheme() == "https" && url.username().is_empty() && url.password().is_none() => Ok(Some(url)),
        _ => Err("`documentation`: is no https URL".to_owned()),
    }
}

fn read_variables(
    entries: BTreeMap<String, VariableEntry>,
    origin: Origin,
) -> Result<BTreeMap<String, Variable>, String> {
    if entries.len() > MAX_VARIABLES {
        return Err(format!("`variables`: are more than {MAX_VARIABLES}"));
    }
    let read = |(name, entry): (String, VariableEntry)| {
        if !variables::is_name(&name) || placement::is_reserved(&name) || RESERVED_VARIABLES.contains(&name.as_str()) {
            return Err(format!("`variables`: {name:?} is reserved, or not [a-z][a-z0-9_]*"));
        }
        let field = format!("variables.{name}");
        let variable = Variable::new(entry, origin).map_err(at(&field))?;
        Ok((name, variable))
    };
    entries.into_iter().map(read).collect()
}

fn token_pointers(entry: TokenEntry) -> Result<TokenPointers, String> {
    let read = |field, given: Option<String>, usual: &str| {
        let text = given.unwrap_or_else(|| usual.to_owned());
        pointer(&text).map_err(at(field))?;
        Ok::<_, String>(text)
    };
    Ok(TokenPointers {
        access: read("access", entry.access, "/access_token")?,
        refresh: read("refresh", entry.refresh, "/refresh_token")?,
        expires_in: read("expires_in", entry.expires_in, "/expires_in")?,
        scope: read("scope", entry.scope, "/scope")?,
    })
}

fn check_variables(template: &Template, variables: &BTreeMap<String, Variable>, known: Known) -> Result<(), String> {
    // No variable is called like that.
    check_variables_but(template, variables, known, "")
}

fn check_variables_but(
    template: &Template,
    variables: &BTreeMap<String, Variable>,
    known: Known,
    but: &str,
) -> Result<(), String> {
    for name in template.variables().filter(|name| *name != but) {
        let Some(variable) = variables.get(name) else { return Err(format!("there is no variable `{name}`")) };
        let in_time = match variable.source {
            VariableSource::User { .. } => true,
            VariableSource::Callback { .. } => matches!(known, Known::FromCallback | Known::Everything),
            VariableSource::Token { .. } => matches!(known, Known::Everything),
        };
        if !in_time {
            return Err(format!("`{name}` is not known yet when this is needed"));
        }
    }
    Ok(())
}

fn check_scopes(separator: &str, default: &[String], aliases: &BTreeMap<String, String>) -> Result<(), String> {
    let mut characters = separator.chars();
    let (Some(separator @ ' '..='~'), None) = (characters.next(), characters.next()) else {
        return Err("`scope_separator`: is one character of ASCII".to_owned());
    };
    // RFC 6749, section 3.3, and what would be two scopes to the vendor.
    let is_scope = |text: &String| {
        (1..=MAX_TEXT_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
            && !text.contains(separator)
    };
    let all = aliases.iter().flat_map(|(asked, answered)| [("scope_aliases", asked), ("scope_aliases", answered)]);
    for (field, text) in default.iter().map(|scope| ("default_scopes", scope)).chain(all) {
        if !is_scope(text) {
            return Err(format!("`{field}`: {text:?} is not one scope"));
        }
    }
    if default.len() > MAX_SCOPES || aliases.len() > MAX_SCOPES {
        return Err(format!("`default_scopes`, `scope_aliases`: are {MAX_SCOPES} at most"));
    }
    Ok(())
}

fn check_parameters(
    parameters: &BTreeMap<String, String>,
    reserved: &[&str],
    variables: &BTreeMap<String, Variable>,
) -> Result<(), String> {
    if parameters.len() > MAX_PARAMETERS {
        return Err(format!("are more than {MAX_PARAMETERS}"));
    }
    for (name, value) in parameters {
        parameter_name(name)?;
        if reserved.contains(&name.as_str()) {
            return Err(format!("`{name}` is set by the host itself"));
        }
        if value.len() > MAX_TEXT_BYTES || value.chars().any(char::is_control) {
            return Err(format!("`{name}` is too long, or has control characters"));
        }
        check_literal(value, variables).map_err(at(name))?;
    }
    Ok(())
}

/// These texts are sent as they are: a variable in one would go out as its name.
fn check_literal(text: &str, variables: &BTreeMap<String, Variable>) -> Result<(), String> {
    match variables.keys().find(|name| text.contains(&format!("{{{name}}}"))) {
        Some(name) => Err(format!("the variable `{name}` is not put in here")),
        None => Ok(()),
    }
}

/// A URL that brings a parameter along would have it twice.
fn check_query(url: &Template, reserved: &[&str]) -> Result<(), String> {
    let sample = url.sample_url().map_err(|error| error.to_string())?;
    match sample.query_pairs().find(|(name, _)| reserved.contains(&name.as_ref())) {
        Some((name, _)) => Err(format!("`{name}` is set by the host itself")),
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
    Err(format!("{:?} is no JSON pointer, as in \"/data/id\"", text.chars().take(100).collect::<String>()))
}

/// The plain name of a parameter, or an error code.
pub(super) fn parameter_name(text: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if (1..=MAX_TEXT_BYTES).contains(&text.len()) && text.bytes().all(is_plain) {
        return Ok(());
    }
    Err(format!("{:?} is no plain name", text.chars().take(100).collect::<String>()))
}

/// A query parameter of the redirect back that a variable can be.
pub(super) fn callback_parameter(text: &str) -> Result<(), String> {
    parameter_name(text)?;
    if RESERVED_IN_CALLBACK.contains(&text) {
        return Err(format!("`{text}` is something else there"));
    }
    Ok(())
}

/// A short text for people.
pub(super) fn words(text: &str) -> Result<(), String> {
    let is_short = (1..=MAX_TEXT_BYTES).contains(&text.len());
    if is_short && text.trim() == text && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(format!("is a text of 1 to {MAX_TEXT_BYTES} bytes, without space around it"))
}
