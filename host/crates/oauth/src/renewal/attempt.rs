//! One renewal, from reading the connection to storing the provider's answer. See the module's rules in `mod.rs`.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use uuid::Uuid;
use workway_capability::oauth::{OAuthError, RenewalReason};
use workway_model::{Timestamp, UserId};
use zeroize::Zeroizing;

use super::{
    super::{
        endpoint::{EndpointError, TokenAnswer},
        renewal_time::renewal_of,
        sealing::TokenSet,
        stored::{EXPIRED, SealedConnection, unavailable},
    },
    Inner, LEASE, Lease, LeaseRequest, MAX_ASKED, Outcome, PATIENCE, POLL, Renewed, backoff,
};

/// The waits between attempts to store what a provider issued: the old refresh token may no longer work.
const STORE_AGAIN: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];

/// Attempts to hand a refresh token on to a connection that keeps changing.
const HAND_ON_ATTEMPTS: u32 = 5;

/// Renews the connection of this id if it still has this version.
pub(super) async fn renew(inner: &Inner, user: &UserId, id: &str, version: u64, reason: RenewalReason) -> Outcome {
    let patience = Instant::now() + PATIENCE;
    let mut gone = None;
    loop {
        let row = inner.stored.rows.get(user, id).await.map_err(unavailable)?.ok_or(OAuthError::NotConnected)?;
        if row.summary.version != version {
            inner.stored.forget(user, &row.summary.provider);
            return inner.stored.connection(user, row).map(Some);
        }
        let tokens = open(inner, user, &row)?;
        let Some(refresh_token) = &tokens.refresh_token else {
            return without_refresh_token(inner, user, row).await;
        };
        let provider = inner.stored.catalogue.get(&row.summary.provider);
        let Some((provider, oauth)) = provider.and_then(|provider| Some((provider, provider.oauth()?))) else {
            return Ok(None);
        };
        let is_counted = reason != RenewalReason::Due;
        if is_counted && !inner.allowance.allows(id, std::time::Instant::now()) {
            let text = format!("the token was already renewed {MAX_ASKED} times in the last minute: try again later");
            return if reason == RenewalReason::Asked { Err(OAuthError::Transient(text)) } else { Ok(None) };
        }
        let party = inner.party(provider, oauth, &row.summary.values)?;

        let now = Timestamp::now();
        let until = now + LEASE;
        let owner = inner.process.name();
        // Twice as far as any is set, to tolerate a clock that is slightly off.
        let latest_retry = now + 2 * backoff::LONGEST_ASKED;
        let key = inner.stored.vault.active();
        let request = LeaseRequest { owner, now, until, gone: gone.as_deref(), latest_retry, key };
        let lease = match inner.leases.lease(id, version, request).await {
            Err(error) if inner.stored.may_seal_again(&error).await => continue,
            lease => lease.map_err(unavailable)?,
        };
        match lease {
            Lease::Taken { failures } => {
                // Counted only when the provider is asked: joining another renewal uses up nothing.
                if is_counted {
                    inner.allowance.take(id, std::time::Instant::now());
                }
                // By our own clock, from before the provider was asked: the provider's clock does not matter.
                let asked = Timestamp::now();
                match inner.endpoint.refresh(party, refresh_token).await {
                    Ok(answer) => {
                        if let Some(outcome) = keep(inner, user, &row, &tokens, answer, asked).await {
                            return outcome;
                        }
                    }
                    Err(EndpointError::InvalidGrant { code }) => {
                        if end(inner, user, &row, &code).await? {
                            return Err(OAuthError::NeedsReconnect(no_longer_honoured(&row, &code)));
                        }
                    }
                    Err(error) => return Err(cool_down(inner, &row, failures.saturating_add(1), &error).await),
                }
            }
            Lease::Held { owner } => {
                // A lease of this process is left over from a renewal that it could not end: only one runs at a time.
                let is_over = owner == inner.process.name() || inner.process.is_gone(&owner);
                if gone.as_ref() != Some(&owner) && is_over {
                    gone = Some(owner);
                } else if Instant::now() < patience {
                    tokio::time::sleep(POLL).await;
                } else {
                    return Err(OAuthError::Transient(
                        "another process is still renewing the token: try again later".into(),
                    ));
                }
            }
            Lease::CoolingDown { until } => {
                let seconds = until.saturating_since(Timestamp::now()).as_secs() + 1;
                return Err(OAuthError::Transient(format!(
                    "the token could not be renewed: the next attempt is possible in {seconds} s"
                )));
            }
            // Read it again: it has another version by now, or was deleted.
            Lease::Changed => {}
        }
    }
}

fn open(inner: &Inner, user: &UserId, row: &SealedConnection) -> Result<TokenSet, OAuthError> {
    if let Some(reason) = &row.summary.reconnect {
        return Err(OAuthError::NeedsReconnect(reason.clone()));
    }
    inner.stored.tokens(user, row)
}

/// Marks an expired connection, so that it is listed as expired; one that has not expired stays usable.
async fn without_refresh_token(inner: &Inner, user: &UserId, row: SealedConnection) -> Outcome {
    if row.summary.expires_at.is_none_or(|end| end > Timestamp::now()) {
        return Ok(None);
    }
    inner.leases.end(&row.summary.id, row.summary.version, EXPIRED).await.map_err(unavailable)?;
    inner.stored.forget(user, &row.summary.provider);
    warn_reconnect(&row, EXPIRED);
    Err(OAuthError::NeedsReconnect(EXPIRED.into()))
}

/// Stores what the provider issued. None if the connection has another version by now: the caller reads it again.
async fn keep(
    inner: &Inner,
    user: &UserId,
    row: &SealedConnection,
    before: &TokenSet,
    answer: TokenAnswer,
    asked: Timestamp,
) -> Option<Outcome> {
    let summary = &row.summary;
    let refresh_token: Option<SecretString> = answer.tokens.refresh_token.or_else(|| before.refresh_token.clone());
    let tokens = TokenSet { access_token: answer.tokens.access_token, refresh_token };
    let expires_at = answer.lifetime.map(|lifetime| asked + lifetime);
    let renew_at = renewal_of(asked, expires_at, tokens.refresh_token.is_some());
    let mut values = summary.values.clone();
    values.extend(answer.values);

    let mut waits = STORE_AGAIN.into_iter();
    loop {
        let sealed = match inner.stored.seal(user, summary, &tokens) {
            Ok(sealed) => sealed,
            Err(error) => return Some(Err(not_stored(row, &error))),
        };
        let (scopes, values) = (answer.scopes.clone(), values.clone());
        let renewed = Renewed { scopes, values, expires_at, renew_at, sealed };
        let error = match inner.leases.renew(&summary.id, summary.version, &renewed).await {
            Ok(Some(version)) => {
                inner.stored.forget(user, &summary.provider);
                tracing::info!(connection = summary.id, provider = %summary.provider, "a token was renewed");
                let mut row = SealedConnection { summary: summary.clone(), sealed: renewed.sealed };
                let summary = &mut row.summary;
                summary.scopes = renewed.scopes.or_else(|| summary.scopes.take());
                (summary.values, summary.version) = (renewed.values, version);
                (summary.expires_at, summary.renew_at) = (expires_at, renew_at);
                return Some(inner.stored.connection(user, row).map(Some));
            }
            Ok(None) => {
                hand_on(inner, user, row, before, &tokens).await;
                inner.stored.forget(user, &summary.provider);
                return None;
            }
            Err(error) => {
                // Under a newer key the next attempt may succeed.
                inner.stored.may_seal_again(&error).await;
                error
            }
        };
        match waits.next() {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Some(Err(not_stored(row, &error))),
        }
    }
}

/// Handles a connection that was deleted or connected again during its renewal: revokes the new tokens if it was deleted, and
/// replaces the refresh token if the new connection took over the one that the renewal used up.
async fn hand_on(inner: &Inner, user: &UserId, row: &SealedConnection, before: &TokenSet, tokens: &TokenSet) {
    let text =
        |token: &Option<SecretString>| token.as_ref().map(|token| token.expose_secret().to_owned()).map(Zeroizing::new);
    let summary = &row.summary;
    for _ in 0..HAND_ON_ATTEMPTS {
        let newer = match inner.stored.rows.get(user, &summary.id).await {
            Ok(Some(newer)) => newer,
            Ok(None) => {
                let provider = inner.stored.catalogue.get(&summary.provider).map(AsRef::as_ref);
                inner.revoke(provider, &summary.values, tokens).await;
                return;
            }
            Err(_) => continue,
        };
        let Ok(stored) = inner.stored.open(user, &newer) else { return };
        if text(&stored.refresh_token) != text(&before.refresh_token) {
            return;
        }
        let stored = TokenSet { refresh_token: tokens.refresh_token.clone(), ..stored };
        let newer = newer.summary;
        let Ok(sealed) = inner.stored.seal(user, &newer, &stored) else { return };
        let renewed = Renewed {
            scopes: None,
            values: newer.values,
            expires_at: newer.expires_at,
            renew_at: renewal_of(Timestamp::now(), newer.expires_at, true),
            sealed,
        };
        match inner.leases.renew(&newer.id, newer.version, &renewed).await {
            Ok(Some(_)) => return,
            Ok(None) => {}
            Err(error) => drop(inner.stored.may_seal_again(&error).await),
        }
    }
    tracing::error!(connection = summary.id, provider = %summary.provider, "a refresh token could not be stored");
}

async fn end(inner: &Inner, user: &UserId, row: &SealedConnection, code: &str) -> Result<bool, OAuthError> {
    let reason = no_longer_honoured(row, code);
    let ended = inner.leases.end(&row.summary.id, row.summary.version, &reason).await.map_err(unavailable)?;
    inner.stored.forget(user, &row.summary.provider);
    if ended {
        warn_reconnect(row, &reason);
    }
    Ok(ended)
}

/// Keeps the grant: the provider did not reject it.
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
        // The entry, the client or the provider is at fault: the operator must look at it.
        _ => tracing::error!(connection = id, %provider, failures, "a token could not be renewed: {error}"),
    }
    let retry_at = Timestamp::now() + wait;
    if let Err(error) = inner.leases.cool_down(id, inner.process.name(), failures, retry_at).await {
        tracing::error!(connection = id, "a lease could not be released: {error}");
    }
    OAuthError::Transient(format!("the token could not be renewed: {error}"))
}

fn no_longer_honoured(row: &SealedConnection, code: &str) -> String {
    format!("{} rejected its refresh token ({code})", row.summary.provider)
}

fn warn_reconnect(row: &SealedConnection, reason: &str) {
    let summary = &row.summary;
    tracing::warn!(connection = summary.id, provider = %summary.provider, reason, "the account must be connected again");
}

fn not_stored(row: &SealedConnection, error: &dyn std::fmt::Display) -> OAuthError {
    let summary = &row.summary;
    tracing::error!(
        connection = summary.id, provider = %summary.provider,
        "a renewed token could not be stored, and the provider may reject the old one: {error}"
    );
    OAuthError::Transient("the renewed token could not be stored".into())
}
