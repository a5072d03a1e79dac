//! One module above all, by whose name the quick tests can be told from these.

mod advise;
mod commands;
mod control;
mod dead_man;
mod foreign;
mod manage;
mod pages;
mod prices;
mod recovery;
mod sources;
mod strategies;
