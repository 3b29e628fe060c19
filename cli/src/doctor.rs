//! `workway doctor`: says whether something in a data folder waits for a host that does not come.

use std::io::{self, Write};

use anyhow::{Context, Result};
use workway_host::{
    app::{Examination, examine},
    settings::{Flags, KeySettings},
};

use crate::{arguments::DoctorArguments, event_line::counted, exit::ExitStatus};

pub fn run(arguments: DoctorArguments) -> Result<ExitStatus> {
    let settings = KeySettings::load(Flags::from(arguments))?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the async runtime")?;
    let found = runtime.block_on(examine(&settings.data))?;
    for line in lines(&found) {
        writeln!(io::stdout(), "{line}")?;
    }
    Ok(if found.is_healthy() { ExitStatus::Success } else { ExitStatus::Failure })
}

/// A finding in each line, or that there is none.
fn lines(found: &Examination) -> Vec<String> {
    let mut lines = Vec::new();
    if found.schedules_without_next > 0 {
        let schedules = counted(found.schedules_without_next, "schedule");
        lines.push(format!("{schedules} without a next time: start a host, whose sweep plans them again"));
    }
    if found.expired_leases > 0 {
        let leases = counted(found.expired_leases, "lease");
        lines.push(format!("{leases} past the end: start a host, which continues these runs"));
    }
    if lines.is_empty() {
        lines.push("no problem found".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Examination, lines};

    #[test]
    fn each_finding_says_what_to_do() {
        let healthy = Examination { schedules_without_next: 0, expired_leases: 0 };
        assert_eq!(lines(&healthy), ["no problem found"]);
        let ill = Examination { schedules_without_next: 1, expired_leases: 2 };
        assert_eq!(
            lines(&ill),
            [
                "1 schedule without a next time: start a host, whose sweep plans them again",
                "2 leases past the end: start a host, which continues these runs"
            ]
        );
    }
}
