//! The accounts that a user has connected at a host, for cases that are run against the real upstream. They are read
//! from the host's data folder, beside that host or without it. It never prints or keeps a token.

use std::sync::Arc;

use anyhow::Context;
use workway_host::{
    app::{self, App},
    capability::fetch::{FetchClient, Upstream, Upstreams},
    model::UserId,
    settings::{Flags, Mode, Settings},
    testkit::{KitOptions, LiveServices},
};

use crate::arguments::IntegrationTestArguments;

/// What a host keeps its accounts in. Opening a folder without one would make one there.
const DATABASE: &str = "workway.db";

/// The settings that a host would have here, in development: this is its developer's own machine, where `[upstreams]` may
/// stand in for the upstream.
///
/// # Errors
/// What is wrong with them.
pub fn settings(arguments: &IntegrationTestArguments) -> anyhow::Result<Settings> {
    let flags = Flags {
        mode: Some(Mode::Development),
        listen: Some(([127, 0, 0, 1], 0).into()),
        data: arguments.data.clone(),
        config: arguments.config.clone(),
        ..Flags::default()
    };
    Ok(Settings::load(flags.with_environment()?)?)
}

/// The providers and the limits of these settings.
///
/// # Errors
/// What is wrong with the providers.
pub fn options(settings: &Settings) -> anyhow::Result<KitOptions> {
    Ok(KitOptions { catalogue: Some(app::catalogue(settings)?), limits: settings.registry.limits })
}

/// A host's accounts, opened.
pub struct Accounts {
    app: App,
    user: UserId,
}

impl Accounts {
    /// # Errors
    /// The folder that is to hold them, or what the host's settings lack.
    pub async fn open(mut settings: Settings, user: UserId) -> anyhow::Result<Self> {
        anyhow::ensure!(
            settings.data.is_dir(),
            "no data folder at `{}`: pass the data folder of the host that has the accounts with --data",
            settings.data.display()
        );
        anyhow::ensure!(
            settings.data.join(DATABASE).is_file(),
            "the folder `{}` is not a host's data folder: pass one with --data, and connect an account at its host first",
            settings.data.display()
        );
        // No integration of the host's is loaded: any folder will do.
        settings.plugins.folder.clone_from(&settings.data);
        Ok(Self { app: App::start(settings).await?, user })
    }

    pub fn services(&self) -> anyhow::Result<LiveServices> {
        let mut upstreams = Upstreams::default();
        for (host, origin) in &self.app.settings().upstreams {
            let upstream: Upstream = origin.parse().with_context(|| format!("[upstreams] {host}"))?;
            upstreams.insert(host, upstream)?;
        }
        Ok(LiveServices {
            connections: Arc::new(self.app.connections().clone()),
            user: self.user.clone(),
            network: FetchClient::builder().upstreams(upstreams).dns(self.app.settings().dns.clone()),
        })
    }

    /// Ends renewals that are under way, and closes the database.
    pub async fn close(self) {
        self.app.close().await;
    }
}
