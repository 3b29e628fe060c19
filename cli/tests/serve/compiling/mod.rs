//! Compiling in a process of the program's own: components that make the compiler slow or large, and a worker or a host that
//! is killed. Programs that only pretend to be a worker are tested in `workway-sandbox`.

mod bombs;
mod child;
mod ends;
mod worker;
