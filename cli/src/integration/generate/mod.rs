//! `workway integration generate`: adds an action or a trigger to a project, with its tests and its registration. It
//! writes all of it or nothing, and never over a file that is there.

mod rustfmt;
mod source;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use self::{
    rustfmt::Rustfmt,
    source::{Uncertain, registered, with_entry, with_module},
};
use super::{
    changes::Changes,
    name::Name,
    template::{ACTION, Item, POLL, WEBHOOK, fill},
};
use crate::{
    arguments::{GenerateCommand, ItemArguments},
    exit::complain,
    terminal::say,
};

pub fn run(command: GenerateCommand) -> anyhow::Result<()> {
    let (kind, ItemArguments { name, path }) = match command {
        GenerateCommand::Action(item) => (Kind { template: ACTION, field: "actions" }, item),
        GenerateCommand::Trigger(trigger) => {
            let template = if trigger.webhook { WEBHOOK } else { POLL };
            (Kind { template, field: "triggers" }, trigger.item)
        }
    };
    let project = Project::open(&path)?;
    let plan = project.plan(&kind, name.as_ref())?;
    plan.changes.apply()?;
    if let Err(error) = plan.rustfmt {
        complain(&error.context("the files were written but not formatted: run `cargo fmt`"));
    }
    for line in &plan.lines {
        say(line);
    }
    Ok(())
}

/// An action or a kind of trigger.
struct Kind {
    template: Item,
    /// The list of `integration!` that it belongs to, and the module.
    field: &'static str,
}

/// A project that has an integration.
struct Project {
    folder: PathBuf,
    lib: String,
}

/// The changes to write, and the lines to print then.
struct Plan<'project> {
    folder: &'project Path,
    changes: Changes,
    lines: Vec<String>,
    /// Why sources are not formatted, if they are not.
    rustfmt: anyhow::Result<Rustfmt>,
}

impl Project {
    fn open(folder: &Path) -> anyhow::Result<Self> {
        let manifest = folder.join("Cargo.toml");
        ensure!(
            manifest.is_file(),
            "no file {}: change to the integration's folder or pass it with --path",
            manifest.display()
        );
        let lib = folder.join(LIB);
        let lib = fs::read_to_string(&lib).with_context(|| format!("cannot read {}", lib.display()))?;
        Ok(Self { folder: folder.to_owned(), lib })
    }

    fn plan(&self, kind: &Kind, name: &Name) -> anyhow::Result<Plan<'_>> {
        let (function, field) = (name.snake(), kind.field);
        let source_file = format!("src/{field}/{function}.rs");
        let case_file = format!("tests/{name}.yaml");
        for field in ["actions", "triggers"] {
            self.refuse_file(&format!("src/{field}/{function}.rs"), name)?;
        }
        self.refuse_file(&case_file, name)?;
        let by_hand = |file: &str, reason: Uncertain| by_hand(file, &reason, field, &function);
        let known = registered(&self.lib).map_err(|reason| by_hand(LIB, reason))?;
        ensure!(!known.contains(&function), "{LIB} already has {function}: choose another name");

        let lib = with_module(&self.lib, "", field).map_err(|reason| by_hand(LIB, reason))?;
        let lib = lib.as_ref().unwrap_or(&self.lib);
        let path = format!("{field}::{function}::{function}");
        let lib = with_entry(lib, field, &path).map_err(|reason| by_hand(LIB, reason))?;

        let mut plan = Plan::of(&self.folder);
        let values = [("name", name.as_str()), ("words", &name.words()), ("function", &function)];
        plan.create(&source_file, fill(kind.template.source, &values));
        plan.create(&case_file, fill(kind.template.case, &values));
        match self.modules(field)? {
            Some((file, before)) => {
                let after = with_module(&before, "pub(crate) ", &function).map_err(|reason| by_hand(&file, reason))?;
                let Some(after) = after else { bail!("{file} already has a module {function}: choose another name") };
                plan.edit(&file, before, after);
            }
            None => {
                let content = format!("//! The {field}, one file each.\n\npub(crate) mod {function};\n");
                plan.create(&format!("src/{field}/mod.rs"), content);
            }
        }
        plan.edit(LIB, self.lib.clone(), lib);
        plan.lines.push(format!("next: edit {source_file}, then run `cargo test` and `workway integration test`"));
        Ok(plan)
    }

    fn refuse_file(&self, file: &str, name: &Name) -> anyhow::Result<()> {
        // A link that leads nowhere is a file that is there.
        let is_there = fs::symlink_metadata(self.folder.join(file)).is_ok();
        ensure!(!is_there, "the name {name} is taken, because {file} exists: choose another name");
        Ok(())
    }

    /// The file of a module, and what is in it.
    fn modules(&self, field: &str) -> anyhow::Result<Option<(String, String)>> {
        for file in [format!("src/{field}/mod.rs"), format!("src/{field}.rs")] {
            match fs::read_to_string(self.folder.join(&file)) {
                Ok(content) => return Ok(Some((file, content))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| format!("cannot read {file}")),
            }
        }
        Ok(None)
    }
}

impl<'project> Plan<'project> {
    fn of(folder: &'project Path) -> Self {
        Self { folder, changes: Changes::default(), lines: Vec::new(), rustfmt: Rustfmt::for_project(folder) }
    }

    fn create(&mut self, file: &str, content: String) {
        let content = self.formatted(file, content);
        self.changes.create(self.folder.join(file), content);
        self.lines.push(format!("created {file}"));
    }

    fn edit(&mut self, file: &str, before: String, after: String) {
        let after = self.formatted(file, after);
        self.changes.edit(self.folder.join(file), before, after);
        self.lines.push(format!("changed {file}"));
    }

    /// A source as rustfmt has it, or unchanged where there is no rustfmt.
    fn formatted(&mut self, file: &str, content: String) -> String {
        let Ok(rustfmt) = &self.rustfmt else { return content };
        if !file.ends_with(".rs") {
            return content;
        }
        rustfmt.format(&content).unwrap_or_else(|error| {
            self.rustfmt = Err(error);
            content
        })
    }
}

const LIB: &str = "src/lib.rs";

/// For a source that is left to its author.
fn by_hand(file: &str, reason: &Uncertain, field: &str, function: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "cannot edit {file}: {reason}. Nothing was changed. Add these lines yourself:\n\n    \
         mod {field};    in {LIB}\n    \
         pub(crate) mod {function};    in src/{field}/mod.rs\n    \
         {field}: [{field}::{function}::{function}]    in integration! {{ … }}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nname = \"a\"\nedition = \"2024\"\n\n[workspace]\n";
    const LIB_TEXT: &str = "//! About.\n\nintegration! {\n    id: \"a\",\n    name: \"A\",\n}\n";

    fn project(lib: &str) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("Cargo.toml"), MANIFEST).expect("a file");
        fs::create_dir(folder.path().join("src")).expect("a folder");
        fs::write(folder.path().join(LIB), lib).expect("a file");
        let project = Project::open(folder.path()).expect("a project");
        (folder, project)
    }

    fn generate(project: &Project, name: &str) -> anyhow::Result<Vec<String>> {
        let kind = Kind { template: ACTION, field: "actions" };
        let plan = project.plan(&kind, &name.parse().expect("a name"))?;
        plan.changes.apply()?;
        Ok(plan.lines)
    }

    #[test]
    fn what_is_generated_is_registered() {
        let (folder, project) = project(LIB_TEXT);
        let lines = generate(&project, "post-message").expect("it is generated");
        assert!(lines.contains(&"created src/actions/post_message.rs".to_owned()), "{lines:?}");
        let lib = fs::read_to_string(folder.path().join(LIB)).expect("a file");
        assert!(lib.contains("\nmod actions;\n") && lib.contains("actions::post_message::post_message,"), "{lib}");
        let modules = fs::read_to_string(folder.path().join("src/actions/mod.rs")).expect("a file");
        assert_eq!(modules, "//! The actions, one file each.\n\npub(crate) mod post_message;\n");
    }

    #[test]
    fn a_second_one_joins_the_first_whichever_file_the_modules_are_in() {
        let (folder, project) = project(&LIB_TEXT.replace("integration!", "mod actions;\n\nintegration!"));
        fs::write(folder.path().join("src/actions.rs"), "pub(crate) mod zoo;\n").expect("a file");
        let lines = generate(&project, "ask").expect("it is generated");
        assert!(lines.contains(&"changed src/actions.rs".to_owned()), "{lines:?}");
        let modules = fs::read_to_string(folder.path().join("src/actions.rs")).expect("a file");
        let mut lines: Vec<&str> = modules.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["pub(crate) mod ask;", "pub(crate) mod zoo;"]);
    }

    #[test]
    fn leaves_sources_as_they_are_without_rustfmt() {
        let (folder, project) = project(LIB_TEXT);
        // Cargo cannot tell the edition.
        fs::write(folder.path().join("Cargo.toml"), "").expect("a file");
        let kind = Kind { template: ACTION, field: "actions" };
        let plan = project.plan(&kind, &"ask".parse().expect("a name")).expect("a plan");
        plan.changes.apply().expect("it is written");
        assert!(plan.rustfmt.is_err());
        assert!(folder.path().join("src/actions/ask.rs").is_file());
    }

    #[test]
    fn a_name_that_is_taken_is_refused_before_anything_is_written() {
        for (file, content) in [
            ("src/actions/ask.rs", ""),
            ("src/triggers/ask.rs", ""),
            ("tests/ask.yaml", ""),
            ("src/actions/mod.rs", "mod ask;"),
            (LIB, "integration! { triggers: [elsewhere::ask] }"),
        ] {
            let (folder, _) = project(LIB_TEXT);
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(&path, content).expect("a file");
            let project = Project::open(folder.path()).expect("a project");
            let error = generate(&project, "ask").expect_err(file).to_string();
            assert!(error.contains("choose another name") || error.contains("cannot edit"), "{file}: {error}");
            assert_eq!(fs::read_to_string(&path).expect("a file"), content);
            let entries = fs::read_dir(folder.path().join("src")).expect("a folder").count();
            assert!(entries <= 2, "{file}");
        }
    }

    #[test]
    fn a_source_that_cannot_be_edited_is_left_with_a_word_of_what_to_add() {
        let (folder, project) = project("integration! { actions: LIST }");
        let error = generate(&project, "ask").expect_err("no list").to_string();
        for part in ["src/lib.rs", "`actions` must be a list", "pub(crate) mod ask;", "actions: [actions::ask::ask]"] {
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }
}
