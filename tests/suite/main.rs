//! Everything that is tested from outside: one binary, one file a subject.
mod api;
mod settings;
