//! Tells the user which phase a long command is in and how long each phase took. It never hides a program's own output.

use std::time::Instant;

use anyhow::Result;

pub struct Phases {
    total: usize,
    begun: usize,
}

impl Phases {
    pub fn new(total: usize) -> Self {
        Self { total, begun: 0 }
    }

    /// Announces the next phase as `[2/6] building integrations …`.
    pub fn begin(&mut self, name: &str) {
        self.begun += 1;
        eprintln!("[{}/{}] {name} …", self.begun, self.total);
    }

    /// Announces a phase, runs it, and says how long it took.
    pub fn run<T>(&mut self, name: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        self.begin(name);
        let start = Instant::now();
        let result = step();
        let outcome = if result.is_ok() { "done in" } else { "failed after" };
        eprintln!("      {outcome} {:.1} s", start.elapsed().as_secs_f64());
        result
    }
}
