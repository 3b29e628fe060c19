//! Events about integrations, for at most `MAX_FOLLOWERS`. An event without followers is dropped; a follower that is
//! too slow gets the number of events that it missed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::broadcast::{self, error::RecvError};
use workway_model::{Definition, FileName, IntegrationId, Timestamp};
use workway_sandbox::{CodeSource, LinkedComponent};

use super::{Active, snapshot::Loaded};

/// Events that a follower may be behind.
const MAX_BEHIND: usize = 256;
/// Followers at once. Each holds a connection for as long as it likes.
const MAX_FOLLOWERS: usize = 64;

/// Something that happened to the integration of a file.
#[derive(Clone, Debug)]
pub struct RegistryEvent {
    pub file: FileName,
    pub at: Timestamp,
    pub change: Change,
}

#[derive(Clone, Debug)]
pub enum Change {
    /// It answers calls, and did not before.
    Loaded(Loading),
    /// Another version of it answers calls.
    Reloaded(Loading),
    /// The file's content is not what answers.
    Failed {
        /// The integration that the file held before; its last good version goes on answering.
        integration: Option<IntegrationId>,
        message: String,
    },
    /// Its file is gone or holds another integration, and this one is no more.
    Removed(IntegrationId),
}

/// How a version came to answer calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loading {
    pub integration: IntegrationId,
    pub version: semver::Version,
    pub actions: usize,
    pub triggers: usize,
    pub code: CodeSource,
    pub phases: Phases,
}

/// Where the time of a load went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Reading and hashing the file.
    pub read: Duration,
    /// Compiling, or finding what was compiled before.
    pub compile: Duration,
    pub link: Duration,
    /// Asking the component what it is, and checking that.
    pub describe: Duration,
    /// Comparing with what was granted, and having it answer calls.
    pub swap: Duration,
}

impl Loading {
    pub(super) fn of(loaded: &Loaded) -> Self {
        Self::new(&loaded.definition, &loaded.component, loaded.phases)
    }

    /// A version that answers already, and whose file is as it was again.
    pub(super) fn again(active: &Active) -> Self {
        Self::new(&active.definition, &active.component, Phases::default())
    }

    fn new(definition: &Definition, component: &LinkedComponent, phases: Phases) -> Self {
        Self {
            integration: definition.id.clone(),
            version: definition.version.clone(),
            actions: definition.actions.len(),
            triggers: definition.triggers.len(),
            code: component.source(),
            phases,
        }
    }
}

impl Phases {
    pub fn total(&self) -> Duration {
        self.read + self.compile + self.link + self.describe + self.swap
    }
}

/// Why nobody can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    #[error("at most {MAX_FOLLOWERS} clients can follow events at once: try again later")]
    TooMany,
    #[error("the host is shutting down")]
    Ended,
}

/// Where events go. Dropped for good when the host shuts down, so that followers end.
pub(super) struct Events(Mutex<Option<broadcast::Sender<Arc<RegistryEvent>>>>);

/// One that follows.
pub struct Follower(broadcast::Receiver<Arc<RegistryEvent>>);

/// An item of a follower's stream.
#[derive(Clone, Debug)]
pub enum Notification {
    Event(Arc<RegistryEvent>),
    /// This many events were dropped, because they came faster than they were read.
    Missed(u64),
}

impl Events {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Some(broadcast::Sender::new(MAX_BEHIND))))
    }

    pub(super) fn tell(&self, file: FileName, change: Change) {
        let event = Arc::new(RegistryEvent { file, at: Timestamp::now(), change });
        if let Some(sender) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // That nobody follows is no failure.
            let _ = sender.send(event);
        }
    }

    pub(super) fn follow(&self) -> Result<Follower, FollowError> {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = sender.as_ref().ok_or(FollowError::Ended)?;
        if sender.receiver_count() >= MAX_FOLLOWERS {
            return Err(FollowError::TooMany);
        }
        Ok(Follower(sender.subscribe()))
    }

    pub(super) fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Follower {
    /// The next event; `None` once the host shuts down. Nothing is lost when this is dropped half-way.
    pub async fn next(&mut self) -> Option<Notification> {
        match self.0.recv().await {
            Ok(event) => Some(Notification::Event(event)),
            Err(RecvError::Lagged(missed)) => Some(Notification::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Events, FollowError, MAX_BEHIND, MAX_FOLLOWERS, Notification};

    fn removal() -> Change {
        Change::Removed("hello".parse().unwrap())
    }

    #[tokio::test]
    async fn a_slow_follower_is_told_what_it_missed() {
        let events = Events::new();
        let mut follower = events.follow().unwrap();
        for _ in 0..MAX_BEHIND + 3 {
            events.tell("hello.wasm".parse().unwrap(), removal());
        }
        assert!(matches!(follower.next().await, Some(Notification::Missed(3))));
        assert!(matches!(follower.next().await, Some(Notification::Event(_))));
    }

    #[tokio::test]
    async fn followers_are_bounded_and_end_with_the_host() {
        let events = Events::new();
        let mut followers: Vec<_> = (0..MAX_FOLLOWERS).map(|_| events.follow().unwrap()).collect();
        assert_eq!(events.follow().err(), Some(FollowError::TooMany));
        followers.pop();
        assert!(events.follow().is_ok());
        events.end();
        for mut follower in followers {
            assert!(follower.next().await.is_none());
        }
        assert_eq!(events.follow().err(), Some(FollowError::Ended));
        events.tell("hello.wasm".parse().unwrap(), removal());
    }
}
