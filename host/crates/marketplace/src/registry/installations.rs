//! A user's own installations, by their ids: to list, read and change them. Another user's installation is unknown here.

use workway_model::Timestamp;

use super::{
    Actor, Condition, MAX_ATTEMPTS, WorkflowRegistry, prepare::InstallationChange, read::clipped,
    upgrade::UpgradeRequest,
};
use crate::{
    bounds::MAX_INSTALLATION_ID_BYTES,
    error::MarketplaceError,
    installation::{
        InstallationDetail, InstallationFilter, InstallationPage, InstallationState, InstallationWrite, Installed,
        RunnableInstallation, has_webhook,
    },
    store::StoreError,
    webhook,
};

/// What is done with an installation.
pub(super) enum Operation {
    Change(InstallationChange),
    Pause,
    Resume,
    RotateWebhook,
    Upgrade(UpgradeRequest),
}

impl WorkflowRegistry {
    /// The actor's installations, the newest first, after the one with the id `after`.
    ///
    /// # Errors
    /// The store fails.
    pub async fn list_installations(
        &self,
        actor: &Actor,
        filter: &InstallationFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<InstallationPage, MarketplaceError> {
        let (user, most) = (actor.user.as_str(), limit.saturating_add(1));
        let mut installations = self.0.store.installations(user, filter, after, most).await?;
        let is_last = installations.len() <= limit;
        installations.truncate(limit);
        let last = installations.last().filter(|_| !is_last);
        Ok(InstallationPage { next: last.map(|last| last.id.clone()), installations })
    }

    /// One of the actor's installations, even if it is uninstalled.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownInstallation`]; the webhook's token cannot be opened, or the store fails.
    pub async fn read_installation(&self, actor: &Actor, id: &str) -> Result<InstallationDetail, MarketplaceError> {
        self.detail(self.own_installation(actor, id).await?)
    }

    /// Replaces the inputs, the connections or both. A secret input that is left out stays.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownInstallation`], [`MarketplaceError::NotInstalled`],
    /// [`MarketplaceError::StaleInstallation`], [`MarketplaceError::InvalidInputs`]; a secret of before cannot be opened, or the
    /// store fails.
    pub async fn change_installation(
        &self,
        actor: &Actor,
        id: &str,
        condition: &Condition,
        change: InstallationChange,
    ) -> Result<InstallationDetail, MarketplaceError> {
        self.operate(actor, id, condition, &Operation::Change(change)).await
    }

    /// Pauses an installation: nothing starts runs of it until it is resumed. It stays installed and counted.
    ///
    /// # Errors
    /// See [`Self::change_installation`].
    pub async fn pause_installation(
        &self,
        actor: &Actor,
        id: &str,
        condition: &Condition,
    ) -> Result<InstallationDetail, MarketplaceError> {
        self.operate(actor, id, condition, &Operation::Pause).await
    }

    /// Resumes a paused installation.
    ///
    /// # Errors
    /// See [`Self::change_installation`].
    pub async fn resume_installation(
        &self,
        actor: &Actor,
        id: &str,
        condition: &Condition,
    ) -> Result<InstallationDetail, MarketplaceError> {
        self.operate(actor, id, condition, &Operation::Resume).await
    }

    /// Replaces the webhook's address. The one of before is unknown from then on.
    ///
    /// # Errors
    /// [`MarketplaceError::NoWebhook`]; see [`Self::change_installation`].
    pub async fn rotate_webhook(
        &self,
        actor: &Actor,
        id: &str,
        condition: &Condition,
    ) -> Result<InstallationDetail, MarketplaceError> {
        self.operate(actor, id, condition, &Operation::RotateWebhook).await
    }

    /// Uninstalls, and deletes inputs, connections and the webhook's address. What is not installed stays so.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownInstallation`], [`MarketplaceError::StaleInstallation`]; the store fails.
    pub async fn uninstall_installation(
        &self,
        actor: &Actor,
        id: &str,
        condition: &Condition,
    ) -> Result<(), MarketplaceError> {
        for _ in 0..MAX_ATTEMPTS {
            let installation = self.own_installation(actor, id).await?.installation;
            check_revision(condition, installation.revision)?;
            if installation.uninstalled_at.is_some() {
                return Ok(());
            }
            let (user, revision) = (actor.user.as_str(), Some(installation.revision));
            if self.0.store.uninstall(&installation.listing, user, revision, Timestamp::now()).await? {
                self.invalidate_cache();
                return Ok(());
            }
        }
        Err(being_changed())
    }

    /// Anybody's installation as runs of it need it, its secrets opened. For the host itself, not for a user. None if there is
    /// none with this id; an uninstalled one is there.
    ///
    /// # Errors
    /// A secret cannot be opened, or the store fails.
    pub async fn runnable_installation(&self, id: &str) -> Result<Option<RunnableInstallation>, MarketplaceError> {
        if id.len() > MAX_INSTALLATION_ID_BYTES {
            return Ok(None);
        }
        let Some(installed) = self.0.store.installation_by_id(id).await? else { return Ok(None) };
        let present = self.present(&installed)?;
        let webhook = self.token(&installed)?;
        let state = installed.installation.state();
        let installation = installed.installation;
        Ok(Some(RunnableInstallation {
            id: installation.id,
            owner: installation.owner,
            listing: installation.listing,
            number: installation.number,
            definition: installed.definition.json,
            inputs: present.inputs.into(),
            secrets: present.secrets,
            connections: present.connections,
            state,
            revision: installation.revision,
            webhook,
        }))
    }

    /// The ids and revisions of all users' installations, uninstalled ones included, in the order of ids, after the id `after`.
    /// For the host itself: what follows from installations elsewhere is compared with them.
    ///
    /// # Errors
    /// The store fails.
    pub async fn installations_after(&self, after: &str, most: usize) -> Result<Vec<(String, u64)>, MarketplaceError> {
        Ok(self.0.store.installation_revisions(after, most).await?)
    }

    /// Does something with one of the actor's installations, again if another write comes first.
    pub(super) async fn operate(
        &self,
        actor: &Actor,
        id: &str,
        condition: &Condition,
        operation: &Operation,
    ) -> Result<InstallationDetail, MarketplaceError> {
        for _ in 0..MAX_ATTEMPTS {
            let installed = self.own_installation(actor, id).await?;
            let revision = installed.installation.revision;
            check_revision(condition, revision)?;
            if installed.installation.state() == InstallationState::Uninstalled {
                return Err(MarketplaceError::NotInstalled);
            }
            let Some(write) = self.write_of(actor, &installed, operation).await? else {
                return self.detail(installed);
            };
            match self.0.store.change_installation(id, revision, &write).await {
                Ok(true) => return self.detail(self.own_installation(actor, id).await?),
                Ok(false) => {}
                Err(StoreError::StaleKey) if self.0.vault.catch_up().await => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(being_changed())
    }

    /// What an operation writes; none if nothing changes.
    async fn write_of(
        &self,
        actor: &Actor,
        installed: &Installed,
        operation: &Operation,
    ) -> Result<Option<InstallationWrite>, MarketplaceError> {
        let is_paused = installed.installation.paused_at.is_some();
        let paused = |paused_at| InstallationWrite { paused_at: Some(paused_at), ..InstallationWrite::default() };
        Ok(match operation {
            Operation::Change(change) if change.is_empty() => None,
            Operation::Change(change) => Some(self.write_change(actor, installed, change.clone()).await?),
            Operation::Pause => (!is_paused).then(|| paused(Some(Timestamp::now()))),
            Operation::Resume => is_paused.then(|| paused(None)),
            Operation::RotateWebhook => {
                let definition = installed.definition.json.clone();
                // An installation from before addresses were stored has none.
                let has_webhook =
                    installed.webhook.is_some() || self.checking(move |known| has_webhook(&definition, known)).await?;
                if !has_webhook {
                    return Err(MarketplaceError::NoWebhook);
                }
                let token = webhook::new_token(&self.0.vault, &actor.user, &installed.installation.listing)?;
                Some(InstallationWrite { webhook: Some(Some(token)), ..InstallationWrite::default() })
            }
            Operation::Upgrade(upgrade) => self.write_upgrade(actor, installed, upgrade).await?,
        })
    }

    /// The write that makes a change of an installation, which stays on the version that it runs.
    pub(super) async fn write_change(
        &self,
        actor: &Actor,
        installed: &Installed,
        change: InstallationChange,
    ) -> Result<InstallationWrite, MarketplaceError> {
        let present = self.present(installed)?;
        self.prepare(actor, &installed.installation.listing, &installed.definition.json, present, change).await
    }

    pub(super) async fn own_installation(&self, actor: &Actor, id: &str) -> Result<Installed, MarketplaceError> {
        let unknown = || MarketplaceError::UnknownInstallation(clipped(id));
        if id.len() > MAX_INSTALLATION_ID_BYTES {
            return Err(unknown());
        }
        let found = self.0.store.installation_by_id(id).await?;
        found.filter(|installed| installed.installation.owner == actor.user).ok_or_else(unknown)
    }

    /// An installation for its owner: without the values of its secrets, and with the webhook's token.
    pub(super) fn detail(&self, installed: Installed) -> Result<InstallationDetail, MarketplaceError> {
        let webhook = self.token(&installed)?;
        Ok(InstallationDetail {
            installation: installed.installation,
            definition: installed.definition,
            inputs: installed.inputs.plain,
            secret_inputs: installed.inputs.secrets.into_keys().collect(),
            webhook,
        })
    }

    fn token(&self, installed: &Installed) -> Result<Option<secrecy::SecretString>, MarketplaceError> {
        let Some(record) = &installed.webhook else { return Ok(None) };
        let installation = &installed.installation;
        Ok(Some(webhook::open_token(&self.0.vault, &installation.owner, &installation.listing, record)?))
    }
}

pub(super) fn check_revision(condition: &Condition, revision: u64) -> Result<(), MarketplaceError> {
    match condition {
        Condition::OneOf(revisions) if !revisions.contains(&revision) => Err(MarketplaceError::StaleInstallation),
        Condition::OneOf(_) | Condition::Any => Ok(()),
    }
}

fn being_changed() -> MarketplaceError {
    StoreError::Unavailable("the installation is being changed: try again".to_owned()).into()
}
