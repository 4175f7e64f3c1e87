//! Everything that is tested from outside: one binary, one file a subject.

mod ais;
mod api;
mod bad_input;
mod crash;
mod edge;
mod faults;
mod feeding;
mod full_disk;
mod held_up;
mod journal;
mod labelled;
mod layers;
mod ledger;
mod night;
mod platform;
mod powercut;
mod probing;
mod program;
mod put_back;
mod receivers;
mod recordings;
mod rerun;
mod restart;
mod rules;
mod same_answer;
mod sea;
mod settings;
mod simulation;
mod strace;
mod tracks;

/// What builds a client of HTTP. Its library asks for a TLS configuration, which nothing here comes to use.
fn http_client() -> reqwest::ClientBuilder {
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls)
}
