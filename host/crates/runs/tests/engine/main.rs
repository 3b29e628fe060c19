//! The engine of runs, through its public face, on the real store.

mod actions;
mod crashes;
mod double;
mod faults;
mod queues;
mod repeats;
mod schedules;
mod shelf;
mod steps;
mod triggers;
mod waits;
mod webhooks;
mod workers;
mod world;
