//! Watchkeeper: keeps watch over the waters of a port.
//!
//! The modules stand in the order data flows. Data moves down this list and never back up; a test
//! (`tests/suite/layers.rs`) refuses a back edge.

// The core: journal entries in, tracks and alert changes out. No I/O, no clock, no randomness, no errors.
pub mod geo;
pub mod place;
pub mod entry;
pub mod admit;
pub mod track;
pub mod picture;
pub mod reception;
pub mod detector;
pub mod alert;
pub mod watch;

// The edges: they may wait, fail and be retried.
pub mod telemetry;
pub mod edge;
pub mod store;
pub mod journal;
pub mod history;
pub mod desk;
pub mod web;
pub mod exercise;
pub mod config;
pub mod pipeline;
pub mod rerun;
pub mod replay;
pub mod daemon;
