//! The accounts that a user has connected at a host, for cases that are run against the real upstream. They are read
//! from the host's data folder, beside that host or without it. It never prints or keeps a token.

use std::sync::Arc;

use anyhow::Context;
use workway_host::{
    app::App,
    capability::fetch::{FetchClient, Upstream, Upstreams},
    integration::UserId,
    settings::{Flags, Mode, Settings},
    testkit::{KitOptions, LiveServices},
};

use crate::arguments::IntegrationTestArguments;

/// A host's accounts, opened.
pub struct Accounts {
    app: App,
    user: UserId,
}

impl Accounts {
    /// # Errors
    /// The folder that is to hold them, or what the host's settings lack.
    pub async fn open(arguments: &IntegrationTestArguments) -> anyhow::Result<Self> {
        let flags = Flags {
            // The developer's own machine, where `[upstreams]` may stand in for the upstream.
            mode: Some(Mode::Development),
            listen: Some(([127, 0, 0, 1], 0).into()),
            data: arguments.data.clone(),
            config: arguments.config.clone(),
            ..Flags::default()
        };
        let mut settings = Settings::load(flags.with_environment()?)?;
        anyhow::ensure!(
            settings.data.is_dir(),
            "there is no data folder {}: name that of the host that has the accounts with --data, and connect one there \
             first",
            settings.data.display()
        );
        // No integration of the host's is loaded: any folder will do.
        settings.plugins.clone_from(&settings.data);
        let app = App::start(settings).await?;
        Ok(Self { app, user: arguments.user.clone() })
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
            network: FetchClient::builder().upstreams(upstreams),
        })
    }

    pub fn options(&self) -> KitOptions {
        KitOptions { catalogue: Some(self.app.catalogue().clone()), limits: self.app.settings().limits }
    }

    /// Ends renewals that are under way, and closes the database.
    pub async fn close(self) {
        self.app.close().await;
    }
}
