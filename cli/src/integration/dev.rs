//! `workway integration dev`: an edit becomes an answer. Watches the source, builds it, puts the component where a host
//! takes it, and says what the host made of it. It never talks to the host but to hear that.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context;
use workway_api::events::RegistryEvent;

use super::{
    build::{self, Build, Outcome, help_with_target},
    events::{self, News, line_for},
    install::{Installed, Place},
    package::Package,
    watch::{Change, Watcher},
};
use crate::{
    arguments::IntegrationDevArguments,
    event_line::{self, EventLine},
    exit::complain,
    terminal::{asked_to_end, say, wipe_line},
};

pub async fn run(arguments: IntegrationDevArguments) -> anyhow::Result<()> {
    // Before anything is said: whoever reads it may end this right away.
    let asked = asked_to_end(|| {})?;
    // What is dropped half-way ends what it has started, and leaves no file behind.
    tokio::select! {
        biased;
        () = asked => Ok(()),
        result = develop(arguments) => match result? {},
    }
}

async fn develop(arguments: IntegrationDevArguments) -> anyhow::Result<Infallible> {
    let package = Package::read(&arguments.path).await?;
    let place = Place::new(&arguments.plugins, package.component())?;
    let sources: Vec<&Path> =
        std::iter::once(&package.folder).chain(&package.dependencies).map(AsRef::as_ref).collect();
    let mut outputs = package.outputs.clone();
    outputs.push(place.folder().canonicalize().context("cannot open the plugins folder")?);
    let (mut watcher, mut changes) = Watcher::start(&sources, outputs)?;
    say(&watching(&sources));
    let mut news = events::follow(&arguments.host)?;
    let mut session = Session {
        package,
        place,
        arguments,
        build: None,
        saved: None,
        ended: None,
        is_out_of_date: false,
        waiting: None,
        host: Host::Unknown,
    };
    // What the host makes of the first component is heard only by one who listens before.
    session.heard(&news.recv().await.context("the connection to the host ended")?);
    session.start_build().await?;
    loop {
        tokio::select! {
            change = changes.recv() => match change.context("the file watcher ended")? {
                Ok(change) => {
                    watcher.follow(&change).unwrap_or_else(|error| complain(&error));
                    session.changed(&change).await?;
                }
                Err(error) => complain(&anyhow::Error::new(error).context("the file watcher may miss changes")),
            },
            outcome = outcome_of(&mut session.build) => session.built(outcome?).await?,
            heard = news.recv() => session.heard(&heard.context("the connection to the host ended")?),
        }
    }
}

/// Never, while nothing is built.
async fn outcome_of(build: &mut Option<Build>) -> anyhow::Result<Outcome> {
    match build {
        Some(build) => build.finished().await,
        None => std::future::pending().await,
    }
}

/// Whether the host is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Unknown,
    Heard,
    Silent,
}

/// Where things stand.
struct Session {
    package: Package,
    place: Place,
    arguments: IntegrationDevArguments,
    /// The build that runs.
    build: Option<Build>,
    /// When the change was made that the running build is for. The first build is for none.
    saved: Option<Instant>,
    /// When the last build ended.
    ended: Option<Instant>,
    /// Whether something may have changed that the running build has not seen.
    is_out_of_date: bool,
    /// When the change was made that the host was given and has yet to answer.
    waiting: Option<Instant>,
    host: Host,
}

impl Session {
    fn say(&self, line: &str) {
        if self.build.is_some() {
            // Cargo draws its bar anew.
            wipe_line();
        }
        say(line);
    }

    async fn start_build(&mut self) -> anyhow::Result<()> {
        if let Some(build) = self.build.take() {
            build.end().await?;
        }
        self.is_out_of_date = false;
        say(&format!("building {}…", event_line::name(&self.package.name)));
        let options = build::Options { profile: self.arguments.profile.as_deref(), more: &self.arguments.cargo };
        self.build = Some(Build::start(&self.package, options)?);
        Ok(())
    }

    async fn changed(&mut self, change: &Change) -> anyhow::Result<()> {
        let was_building = self.build.is_some() || self.ended.is_some_and(|ended| change.at <= ended);
        if was_building && is_lock_file(change) {
            // Cargo writes it while it builds.
            return Ok(());
        }
        if change.files.is_empty() && self.build.is_some() {
            // Most of what was lost is the build's own doing: ending it would have it begin for ever.
            self.is_out_of_date = true;
            return Ok(());
        }
        self.say(&changed(&change.files));
        self.saved = Some(change.at);
        self.start_build().await
    }

    async fn built(&mut self, outcome: Outcome) -> anyhow::Result<()> {
        let took = self.build.take().map(|build| event_line::duration(build.elapsed())).unwrap_or_default();
        self.ended = Some(Instant::now());
        let saved = self.saved.take();
        match outcome {
            Outcome::Built(component) => {
                say(&format!("built in {took}"));
                self.install(&component, saved);
            }
            Outcome::Failed => {
                say(&format!("build failed after {took}"));
                help_with_target(&self.package.folder).await;
            }
            Outcome::NoComponent => {
                complain(&anyhow::anyhow!("cargo built no component: check for another --target after `--`"));
            }
        }
        if self.is_out_of_date { self.start_build().await } else { Ok(()) }
    }

    fn install(&mut self, component: &Path, saved: Option<Instant>) {
        let path = event_line::name(&self.place.path().display().to_string());
        match self.place.install(component) {
            Ok(Installed::Written { bytes }) => {
                say(&format!("installed {path} ({} KiB)", bytes.div_ceil(1024)));
                self.waiting = saved.filter(|_| self.host == Host::Heard);
            }
            Ok(Installed::Unchanged) => say(&format!("unchanged {path}")),
            Err(error) => complain(&error),
        }
    }

    fn heard(&mut self, news: &News) {
        match news {
            News::Connected => {
                if self.host == Host::Silent {
                    self.say(&format!(
                        "connected to the host at {}",
                        self.arguments.host.origin().ascii_serialization()
                    ));
                }
                self.host = Host::Heard;
            }
            News::Trouble(trouble) => {
                self.say(&trouble.line(&self.arguments.host));
                self.host = Host::Silent;
                self.waiting = None;
            }
            News::Event(event) => self.told(event),
        }
    }

    fn told(&mut self, event: &RegistryEvent) {
        let Some(line) = line_for(event, self.place.file()) else { return };
        self.say(&line.to_string());
        let waiting = self.waiting.take();
        if let (EventLine::Loaded(_) | EventLine::Reloaded(_), Some(saved)) = (line, waiting) {
            self.say(&format!("serving {} after the change was saved", event_line::duration(saved.elapsed())));
        }
    }
}

fn is_lock_file(change: &Change) -> bool {
    let is_lock = |file: &PathBuf| file.file_name().is_some_and(|name| name == "Cargo.lock");
    !change.files.is_empty() && change.files.iter().all(is_lock)
}

/// For the terminal: a path below the folder that the program runs in goes by what follows that.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let path = match here.as_deref().and_then(|here| path.strip_prefix(here).ok()) {
        Some(below) if below.as_os_str().is_empty() => Path::new("."),
        Some(below) => below,
        None => path,
    };
    event_line::name(&path.display().to_string())
}

fn watching(sources: &[&Path]) -> String {
    let names: Vec<String> = sources.iter().map(|source| shown(source)).collect();
    match names.split_first() {
        Some((own, others)) if !others.is_empty() => format!("watching {own} (and {})", others.join(", ")),
        _ => format!("watching {}", names.join(", ")),
    }
}

/// Names one file, and one that is there if any is: editors leave and take others.
fn changed(files: &[PathBuf]) -> String {
    let Some(named) = files.iter().find(|file| file.exists()).or(files.first()) else {
        return "changed: unknown files, because file events were lost".to_owned();
    };
    match files.iter().filter(|file| *file != named).count() {
        0 => format!("changed {}", shown(named)),
        more => format!("changed {} and {more} more", shown(named)),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        path::{Path, PathBuf},
        time::Instant,
    };

    use super::{Change, changed, is_lock_file, watching};

    #[test]
    fn paths_are_said_as_the_user_has_them() {
        let here = std::env::current_dir().expect("a folder");
        let (below, elsewhere) = (here.join("plugins/slack"), Path::new("/elsewhere/sdk\u{1b}[2J"));
        assert_eq!(watching(&[&here]), "watching .");
        assert_eq!(watching(&[&below, elsewhere]), "watching plugins/slack (and /elsewhere/sdk\u{fffd}[2J)");
    }

    #[test]
    fn a_change_names_a_file_that_is_there() {
        let here = std::env::current_dir().expect("a folder");
        let files = ["was-here.rs", "Cargo.toml", "src/lib.rs"].map(|name| here.join(name));
        assert_eq!(changed(&files), "changed Cargo.toml and 2 more");
        assert_eq!(changed(&files[..1]), "changed was-here.rs");
        assert_eq!(changed(&[]), "changed: unknown files, because file events were lost");
    }

    #[test]
    fn only_the_lock_file_is_cargos_own() {
        let is_cargos = |files: &[&str]| {
            is_lock_file(&Change { at: Instant::now(), files: files.iter().map(PathBuf::from).collect() })
        };
        assert!(is_cargos(&["/a/Cargo.lock", "/b/Cargo.lock"]));
        assert!(!is_cargos(&["/a/Cargo.lock", "/a/Cargo.toml"]));
        assert!(!is_cargos(&[]));
    }
}
