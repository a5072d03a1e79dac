//! The versions of `wit/` that this host serves, each in a module that turns its types into those of
//! `model` and back. Nothing else in this crate knows them.

pub(crate) mod v0_1;
