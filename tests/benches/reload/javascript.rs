//! The guest `javascript`, componentized anew for every version from a script that changed.

use std::{path::Path, process::Command, process::ExitCode, sync::Arc};

use anyhow::{Context, ensure};
use serde_json::json;
use workway_tests::{Answer, TestHost, guest};

use crate::{
    replacing::{Subject, replace},
    shared::{Bar, Bound, close},
};

/// Each takes some seconds to componentize before anything is measured.
const VERSIONS: u64 = 15;
/// What differs in the script.
const LANGUAGE: &str = "language: 'javascript'";

pub async fn run() -> anyhow::Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the benches lie in the workspace")?;
    let jco = root.join("target/tools/js/node_modules/.bin/jco");
    let Some(first) = guest("javascript").filter(|_| jco.exists()) else {
        println!(
            "skipped: reload --js: jco is not installed; `cargo xtask build-guests` installs it where there is npm"
        );
        return Ok(ExitCode::SUCCESS);
    };
    let script = std::fs::read_to_string(root.join("tests/guests/javascript/hello.js"))?;
    ensure!(script.contains(LANGUAGE), "the script has no {LANGUAGE}");
    println!("componentizing {VERSIONS} versions of the script");
    let folder = tempfile::tempdir()?;
    let versions = (1..=VERSIONS).map(|number| {
        let changed = script.replace(LANGUAGE, &format!("language: 'javascript {number}'"));
        componentize(&jco, &root.join("wit"), &changed, &folder.path().join(format!("{number}.wasm")))
    });
    let versions = versions.collect::<anyhow::Result<Vec<_>>>()?;
    let host = Arc::new(TestHost::builder().quiet().watching().file("js-hello.wasm", first).start().await);
    let mut measured = replace(host.clone(), Arc::new(subject()), versions.into_iter().map(Ok)).await?;
    Arc::into_inner(host).context("every call has ended")?.finish().await;
    let [p50, _, _] = measured.print("javascript");
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let wrong = measured.wrong as f64;
    Ok(close(&[
        Bar { name: "reload_js_p50", value: p50, unit: "ms", bound: Bound::AtMost(1_500.0) },
        Bar { name: "reload_js_wrong_answers", value: wrong, unit: "calls", bound: Bound::AtMost(0.0) },
    ]))
}

fn componentize(jco: &Path, wit: &Path, script: &str, output: &Path) -> anyhow::Result<Vec<u8>> {
    let source = output.with_extension("js");
    std::fs::write(&source, script)?;
    let mut command = Command::new(jco);
    command.arg("componentize").arg(&source).arg("--wit").arg(wit);
    command.args(["--world-name", "integration", "--disable", "all", "--out"]).arg(output);
    let made = command.output().context("jco cannot be run")?;
    ensure!(made.status.success(), "jco failed: {}", String::from_utf8_lossy(&made.stderr));
    Ok(std::fs::read(output)?)
}

fn subject() -> Subject {
    Subject {
        file: "js-hello.wasm",
        action: "js-hello.echo",
        input: json!({ "message": "hello" }),
        version: |answer: &Answer| {
            ensure!(answer.status == 200, "{answer:?}");
            let language = answer.output()["language"].as_str().context("the answer names its language")?;
            let number = language.strip_prefix("javascript").context("the answer is of no version")?.trim();
            if number.is_empty() { Ok(0) } else { Ok(number.parse()?) }
        },
    }
}
