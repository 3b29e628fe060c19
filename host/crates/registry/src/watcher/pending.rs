//! The names that changed and were not read yet: a bounded set, and when to hand it over. It never reads the system's
//! events or a clock: its caller passes both.

use std::{
    mem,
    time::{Duration, Instant},
};

use super::Changes;

/// The most names that are kept. With more of them, listing the folder is as good.
pub(super) const MAX_NAMES: usize = 4_096;

/// How long nothing more must happen until a burst counts as over, in milliseconds. The pieces of one save come within
/// a fraction of one; `rm` and `cp` in a row start a process in between, which takes one or two.
pub(super) const QUIET: Duration = Duration::from_millis(5);

/// How old the first event of a burst gets before all is handed over, in milliseconds, though more may come. A file that
/// is written to all the time delays the news of another one no longer than that.
pub(super) const LONGEST_BURST: Duration = Duration::from_millis(15);

/// Changes, and the times of the first and of the latest of them.
#[derive(Default)]
pub(super) struct Pending {
    changes: Changes,
    burst: Option<(Instant, Instant)>,
}

impl Pending {
    /// Something happened to the file of this name.
    pub(super) fn name(&mut self, name: &str, now: Instant) {
        self.note(now);
        if self.changes.everything || self.changes.names.contains(name) {
            return;
        }
        if self.changes.names.len() < MAX_NAMES {
            self.changes.names.insert(name.to_owned());
        } else {
            self.everything(now);
        }
    }

    /// Something happened, to nobody knows which files.
    pub(super) fn everything(&mut self, now: Instant) {
        self.note(now);
        self.changes.everything = true;
        self.changes.names.clear();
    }

    /// The folder is gone.
    pub(super) fn folder_gone(&mut self, now: Instant) {
        self.note(now);
        self.changes.folder_gone = true;
    }

    /// When what happened is to be handed over. `None` when nothing did.
    pub(super) fn due(&self) -> Option<Instant> {
        self.burst.map(|(first, latest)| (latest + QUIET).min(first + LONGEST_BURST))
    }

    /// Hands over what happened. What follows is another burst.
    pub(super) fn take(&mut self) -> Changes {
        self.burst = None;
        mem::take(&mut self.changes)
    }

    fn note(&mut self, now: Instant) {
        let first = self.burst.map_or(now, |(first, _)| first);
        self.burst = Some((first, now));
    }
}

#[cfg(test)]
mod tests {
    use super::{Changes, Instant, LONGEST_BURST, MAX_NAMES, Pending, QUIET};

    #[test]
    fn nothing_is_due_until_something_happens() {
        let mut pending = Pending::default();
        assert_eq!(pending.due(), None);
        let now = Instant::now();
        pending.name("a", now);
        assert_eq!(pending.due(), Some(now + QUIET));
        assert_eq!(pending.take(), Changes { names: ["a".into()].into(), ..Changes::default() });
        assert_eq!(pending.due(), None);
    }

    #[test]
    fn every_event_puts_a_burst_off_but_not_for_ever() {
        let mut pending = Pending::default();
        let first = Instant::now();
        let mut now = first;
        while now + QUIET < first + LONGEST_BURST {
            pending.name("a", now);
            assert_eq!(pending.due(), Some(now + QUIET));
            now += QUIET / 2;
        }
        for _ in 0..100 {
            pending.name("a", now);
            assert_eq!(pending.due(), Some(first + LONGEST_BURST));
            now += QUIET / 2;
        }
        // The next burst is another one.
        pending.take();
        pending.name("a", now);
        assert_eq!(pending.due(), Some(now + QUIET));
    }

    #[test]
    fn too_many_names_are_everything() {
        let mut pending = Pending::default();
        let now = Instant::now();
        for number in 0..MAX_NAMES {
            pending.name(&number.to_string(), now);
        }
        // One that is there takes no room.
        pending.name("0", now);
        assert!(!pending.changes.everything);
        assert_eq!(pending.changes.names.len(), MAX_NAMES);
        for number in MAX_NAMES..MAX_NAMES + 2 {
            pending.name(&number.to_string(), now);
            assert_eq!(pending.changes, Changes { everything: true, ..Changes::default() });
        }
        pending.take();
        pending.name("a", now);
        assert_eq!(pending.take().names, ["a".into()].into(), "names are kept again after that");
    }

    #[test]
    fn the_folders_end_is_told_with_what_happened_beside_it() {
        let mut pending = Pending::default();
        let now = Instant::now();
        pending.name("a", now);
        pending.folder_gone(now);
        assert_eq!(pending.due(), Some(now + QUIET));
        let last = Changes { names: ["a".into()].into(), everything: false, folder_gone: true };
        assert_eq!(pending.take(), last);
    }
}
