//! One renewal, from reading the connection to storing what the provider gave. See the module's rules in `mod.rs`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use uuid::Uuid;
use workway_capability::oauth::{OAuthError, RenewalReason};
use workway_model::UserId;
use zeroize::Zeroizing;

use super::{
    super::{
        connections::{EXPIRED, Inner as Store, SealedConnection, end_of, renewal_of, unavailable},
        endpoint::{EndpointError, TokenAnswer},
        unix_now,
        vault::{Binding, TokenSet},
    },
    Inner, LEASE, Lease, LeaseRequest, MAX_ASKED, Outcome, PATIENCE, POLL, Renewed, backoff,
};

/// How often storing what a provider gave is tried, and what is waited in between. By then the old refresh token may be
/// worth nothing.
const STORE_AGAIN: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];

/// How often a refresh token is handed on to a connection that changes all the time.
const HAND_ON_ATTEMPTS: u32 = 5;

/// Renews the connection of this id if it still has this version.
pub(super) async fn renew(
    inner: &Inner,
    store: &Store,
    user: &UserId,
    id: &str,
    version: u64,
    reason: RenewalReason,
) -> Outcome {
    let patience = Instant::now() + PATIENCE;
    let mut gone = None;
    loop {
        let row = store.rows.get(user, id).await.map_err(unavailable)?.ok_or(OAuthError::NotConnected)?;
        if row.summary.version != version {
            store.forget(user, &row.summary.provider);
            return store.connection(user, row).map(Some);
        }
        let tokens = open(store, user, &row)?;
        let Some(refresh_token) = &tokens.refresh_token else {
            return without_refresh_token(inner, store, user, row).await;
        };
        let provider = store.catalogue.get(&row.summary.provider);
        let Some((provider, oauth)) = provider.and_then(|provider| Some((provider, provider.oauth()?))) else {
            return Ok(None);
        };
        let is_counted = reason != RenewalReason::Due;
        if is_counted && !inner.allowance.has_room(id, std::time::Instant::now()) {
            let text = format!("its token was renewed {MAX_ASKED} times in the last minute: try again later");
            return if reason == RenewalReason::Asked { Err(OAuthError::Transient(text)) } else { Ok(None) };
        }
        let party = inner.party(provider, oauth, &row.summary.values)?;

        let now = unix_millis();
        let until = now + u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        let owner = inner.process.name();
        // Twice as far as any is set, for a clock that is only a little off.
        let latest_retry = unix_now() + 2 * backoff::LONGEST_ASKED.as_secs();
        let key = store.vault.active();
        let request = LeaseRequest { owner, now, until, gone: gone.as_deref(), latest_retry, key };
        let lease = match inner.leases.lease(id, version, request).await {
            Err(error) if store.may_seal_again(&error).await => continue,
            lease => lease.map_err(unavailable)?,
        };
        match lease {
            Lease::Taken { failures } => {
                // Only now will the provider be asked: who comes late to another one's renewal uses up nothing.
                if is_counted {
                    inner.allowance.take(id, std::time::Instant::now());
                }
                let asked = unix_now();
                match inner.endpoint.refresh(party, refresh_token).await {
                    Ok(answer) => {
                        if let Some(outcome) = keep(inner, store, user, &row, &tokens, answer, asked).await {
                            return outcome;
                        }
                    }
                    Err(EndpointError::InvalidGrant { code }) => {
                        if end(inner, store, user, &row, &code).await? {
                            return Err(OAuthError::NeedsReconnect(no_longer_honoured(&row, &code)));
                        }
                    }
                    Err(error) => return Err(cool_down(inner, &row, failures.saturating_add(1), &error).await),
                }
            }
            Lease::Held { owner } => {
                // What this process has left is of a renewal that it could not end: there is none beside this one.
                let is_over = owner == inner.process.name() || inner.process.is_gone(&owner);
                if gone.as_ref() != Some(&owner) && is_over {
                    gone = Some(owner);
                } else if Instant::now() < patience {
                    tokio::time::sleep(POLL).await;
                } else {
                    return Err(OAuthError::Transient("another process is renewing the token, and is not done".into()));
                }
            }
            Lease::CoolingDown { until } => {
                let seconds = until.saturating_sub(unix_now());
                return Err(OAuthError::Transient(format!(
                    "the token could not be renewed; the provider is asked again in {seconds} s"
                )));
            }
            // Read it again: it is another one by now, or gone.
            Lease::Changed => {}
        }
    }
}

fn open(store: &Store, user: &UserId, row: &SealedConnection) -> Result<TokenSet, OAuthError> {
    if let Some(reason) = &row.summary.reconnect {
        return Err(OAuthError::NeedsReconnect(reason.clone()));
    }
    store.tokens(user, row)
}

/// What has ended is marked, so that it is listed as what it is; what has not, is used as long as it goes.
async fn without_refresh_token(inner: &Inner, store: &Store, user: &UserId, row: SealedConnection) -> Outcome {
    if row.summary.expires_at.is_none_or(|end| end > unix_now()) {
        return Ok(None);
    }
    inner.leases.end(&row.summary.id, row.summary.version, EXPIRED).await.map_err(unavailable)?;
    store.forget(user, &row.summary.provider);
    warn_reconnect(&row, EXPIRED);
    Err(OAuthError::NeedsReconnect(EXPIRED.into()))
}

/// Stores what the provider gave. None where the connection is another one by now: then it is to be read again.
async fn keep(
    inner: &Inner,
    store: &Store,
    user: &UserId,
    row: &SealedConnection,
    before: &TokenSet,
    answer: TokenAnswer,
    asked: u64,
) -> Option<Outcome> {
    let summary = &row.summary;
    let refresh_token: Option<SecretString> = answer.tokens.refresh_token.or_else(|| before.refresh_token.clone());
    let tokens = TokenSet { access_token: answer.tokens.access_token, refresh_token };
    let expires_at = end_of(asked, answer.lifetime);
    let renew_at = renewal_of(asked, expires_at, tokens.refresh_token.is_some());
    let mut values = summary.values.clone();
    values.extend(answer.values);
    let binding = Binding { user, provider: &summary.provider, row: &summary.id };

    let mut waits = STORE_AGAIN.into_iter();
    loop {
        let sealed = match store.vault.seal(binding, &tokens) {
            Ok(sealed) => sealed,
            Err(error) => return Some(Err(not_stored(row, &error))),
        };
        let (scopes, values) = (answer.scopes.clone(), values.clone());
        let renewed = Renewed { scopes, values, expires_at, renew_at, sealed };
        let error = match inner.leases.renew(&summary.id, summary.version, &renewed).await {
            Ok(Some(version)) => {
                store.forget(user, &summary.provider);
                tracing::info!(connection = summary.id, provider = %summary.provider, "a token was renewed");
                let mut row = SealedConnection { summary: summary.clone(), sealed: renewed.sealed };
                let summary = &mut row.summary;
                summary.scopes = renewed.scopes.or_else(|| summary.scopes.take());
                (summary.values, summary.version) = (renewed.values, version);
                (summary.expires_at, summary.renew_at) = (expires_at, renew_at);
                return Some(store.connection(user, row).map(Some));
            }
            Ok(None) => {
                hand_on(inner, store, user, row, before, &tokens).await;
                store.forget(user, &summary.provider);
                return None;
            }
            Err(error) => {
                // Under a newer key the next attempt may do.
                store.may_seal_again(&error).await;
                error
            }
        };
        match waits.next() {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Some(Err(not_stored(row, &error))),
        }
    }
}

/// The connection was deleted or connected anew meanwhile. Without it nobody will use what we were given; and one that took
/// over the refresh token which we have used up gets the one that came for it.
async fn hand_on(
    inner: &Inner,
    store: &Store,
    user: &UserId,
    row: &SealedConnection,
    before: &TokenSet,
    tokens: &TokenSet,
) {
    let text =
        |token: &Option<SecretString>| token.as_ref().map(|token| token.expose_secret().to_owned()).map(Zeroizing::new);
    let summary = &row.summary;
    for _ in 0..HAND_ON_ATTEMPTS {
        let newer = match store.rows.get(user, &summary.id).await {
            Ok(Some(newer)) => newer,
            Ok(None) => {
                let provider = store.catalogue.get(&summary.provider).map(AsRef::as_ref);
                inner.revoke(provider, &summary.values, tokens).await;
                return;
            }
            Err(_) => continue,
        };
        let Ok(stored) = store.open(user, &newer) else { return };
        if text(&stored.refresh_token) != text(&before.refresh_token) {
            return;
        }
        let stored = TokenSet { refresh_token: tokens.refresh_token.clone(), ..stored };
        let binding = Binding { user, provider: &summary.provider, row: &summary.id };
        let Ok(sealed) = store.vault.seal(binding, &stored) else { return };
        let newer = newer.summary;
        let renewed = Renewed {
            scopes: None,
            values: newer.values,
            expires_at: newer.expires_at,
            renew_at: renewal_of(unix_now(), newer.expires_at, true),
            sealed,
        };
        match inner.leases.renew(&newer.id, newer.version, &renewed).await {
            Ok(Some(_)) => return,
            Ok(None) => {}
            Err(error) => drop(store.may_seal_again(&error).await),
        }
    }
    tracing::error!(connection = summary.id, provider = %summary.provider, "a refresh token could not be stored");
}

async fn end(
    inner: &Inner,
    store: &Store,
    user: &UserId,
    row: &SealedConnection,
    code: &str,
) -> Result<bool, OAuthError> {
    let reason = no_longer_honoured(row, code);
    let ended = inner.leases.end(&row.summary.id, row.summary.version, &reason).await.map_err(unavailable)?;
    store.forget(user, &row.summary.provider);
    if ended {
        warn_reconnect(row, &reason);
    }
    Ok(ended)
}

/// The grant stays: the provider has not said that it is over.
async fn cool_down(inner: &Inner, row: &SealedConnection, failures: u32, error: &EndpointError) -> OAuthError {
    let asked = match error {
        EndpointError::Unavailable { retry_after, .. } => *retry_after,
        _ => None,
    };
    // The end of such an id is random.
    let [.., spread] = Uuid::now_v7().into_bytes();
    let wait = backoff::wait(failures, asked, spread);
    let (id, provider) = (&row.summary.id, &row.summary.provider);
    match error {
        EndpointError::Unavailable { .. } => {
            tracing::warn!(connection = id, %provider, failures, "a token could not be renewed: {error}");
        }
        // The entry, the client or the provider is at fault, and somebody has to look.
        _ => tracing::error!(connection = id, %provider, failures, "a token could not be renewed: {error}"),
    }
    let retry_at = unix_now().saturating_add(wait.as_secs().max(1));
    if let Err(error) = inner.leases.cool_down(id, inner.process.name(), failures, retry_at).await {
        tracing::error!(connection = id, "a lease could not be given back: {error}");
    }
    OAuthError::Transient(format!("the token could not be renewed: {error}"))
}

fn no_longer_honoured(row: &SealedConnection, code: &str) -> String {
    format!("{} no longer honours it ({code})", row.summary.provider)
}

fn warn_reconnect(row: &SealedConnection, reason: &str) {
    let summary = &row.summary;
    tracing::warn!(connection = summary.id, provider = %summary.provider, reason, "the account must be connected again");
}

fn not_stored(row: &SealedConnection, error: &dyn std::fmt::Display) -> OAuthError {
    let summary = &row.summary;
    tracing::error!(
        connection = summary.id, provider = %summary.provider,
        "a renewed token could not be stored, and the provider may not honour the old one: {error}"
    );
    OAuthError::Transient("the renewed token could not be stored".into())
}

/// A clock before 1970 reads as 1970.
fn unix_millis() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
