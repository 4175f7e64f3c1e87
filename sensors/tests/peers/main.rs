//! Every link that brings messages, with real peers: each is started by its test and stopped by it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]
#![cfg(feature = "receiver")]

mod gpsd;
mod http_listen;
mod http_poll;
mod listening;
#[cfg(feature = "mqtt")]
mod mqtt;
mod program;
mod tls;
mod websocket;

const FIRST: &str = "!AIVDM,1,1,,A,13HOI:0P0000VOHLCnHQKwvL05Ip,0*23";
const SECOND: &str = "!AIVDM,1,1,,A,133sVfPP00PD>hRMDH@jNOvN20S8,0*7F";
