//! One module above all, by whose name the quick tests can be told from these.

mod advise;
mod commands;
mod control;
mod dead_man;
mod disk;
mod foreign;
mod kills;
mod manage;
mod pages;
mod prices;
mod recovery;
mod soak;
mod sources;
mod strategies;
