//! Everything that is tested from outside: one binary, one file a subject.

mod ais;
mod api;
mod bad_input;
mod layers;
mod night;
mod program;
mod recordings;
mod restart;
mod rules;
mod same_answer;
mod sea;
mod settings;
