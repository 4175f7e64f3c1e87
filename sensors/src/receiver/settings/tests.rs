//! What receivers may be set to, and what is said of what they may not.

use super::*;

fn read(json: serde_json::Value) -> Settings {
    serde_json::from_value(json).unwrap()
}

#[test]
fn good_settings_have_no_problem() {
    for json in [
        serde_json::json!({"name": "mast", "connect": "tcp://192.0.2.10:10110", "latitude": 10.6, "longitude": 103.5}),
        serde_json::json!({"name": "udp", "connect": "udp://127.0.0.1:10110"}),
        serde_json::json!({"name": "udp", "connect": "udp://0.0.0.0:10110", "allow": ["192.0.2.0/24"]}),
        serde_json::json!({"name": "f", "connect": "file://night.nmea", "speed": 60, "repeat": true}),
        serde_json::json!({"name": "f", "connect": "file://night.nmea", "speed": "flat_out",
            "start": "2026-01-01T00:00:00Z", "rate": 50}),
    ] {
        assert_eq!(read(json).check(), []);
    }
}

#[test]
fn every_problem_is_named_at_once() {
    let bad = read(serde_json::json!({"name": " ", "connect": "tcp://x", "latitude": 91, "start": "noon",
        "rate": 0, "speed": "fast", "allow": ["here"], "idle_timeout_seconds": 0}));
    let keys: Vec<String> = bad.check().into_iter().map(|p| p.key).collect();
    let expected = [
        "name",
        "longitude",
        "latitude",
        "idle_timeout_seconds",
        "allow",
        "speed",
        "start",
        "rate",
        "connect",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn a_group_needs_an_interface_and_an_allow_list() {
    let keys = |json| read(json).check().into_iter().map(|p| p.key).collect::<Vec<_>>();
    let group = "udp-multicast://239.192.0.2:60002";
    assert_eq!(keys(serde_json::json!({"name": "m", "connect": group})), ["interface", "allow"]);
    let odd = serde_json::json!({"name": "m", "connect": group, "interface": "../x", "allow": ["::1"]});
    assert_eq!(keys(odd), ["interface"]);
    for interface in ["192.0.2.5", "eth0"] {
        let open = serde_json::json!({"name": "m", "connect": group, "interface": interface});
        assert_eq!(keys(open), ["allow"]);
    }
    let own = serde_json::json!({"name": "m", "connect": group, "interface": "127.0.0.1"});
    assert_eq!(keys(own), Vec::<String>::new());
}

#[test]
fn a_profile_may_be_enough_and_every_key_goes_before_it() {
    let own = read(serde_json::json!({"name": "s", "profile": "sr162"}));
    assert_eq!(own.check(), []);
    assert!(matches!(own.address(), Ok(Address::Serial { baud: 38_400, .. })));
    assert_eq!(own.rate_limit(), Ok(Some(limit::SITE_MAX)));
    let given = read(
        serde_json::json!({"name": "s", "profile": "sr162", "connect": "tcp://h:1", "rate_limit": "off"}),
    );
    assert_eq!(given.address(), Address::parse("tcp://h:1"));
    assert_eq!((given.check(), given.rate_limit()), (vec![], Ok(None)));
}

#[test]
fn a_profile_says_what_it_cannot_know() {
    let problem = |json| read(json).check().remove(0);
    let box_at_the_mast = problem(serde_json::json!({"name": "r", "profile": "comar-r400n"}));
    assert_eq!(box_at_the_mast.key, "connect");
    assert!(box_at_the_mast.message.contains("tcp://HOST:"), "{}", box_at_the_mast.message);
    let unknown = problem(serde_json::json!({"name": "r", "profile": "sr126"}));
    assert_eq!(unknown.key, "profile");
    assert!(unknown.accepted.contains("sr162"));
    assert_eq!(problem(serde_json::json!({"name": "r"})).key, "connect");
}

#[test]
fn feeds_of_many_sites_and_recordings_have_no_rate_limit() {
    let limit = |json| read(json).rate_limit();
    let feed = serde_json::json!({"name": "k", "profile": "kystverket"});
    assert_eq!(limit(feed), Ok(None));
    assert_eq!(limit(serde_json::json!({"name": "f", "connect": "file://night.nmea"})), Ok(None));
    let own = serde_json::json!({"name": "u", "connect": "udp://127.0.0.1:1", "rate_limit": 10});
    assert_eq!(limit(own), Ok(Some(10.0)));
    assert!(limit(serde_json::json!({"name": "u", "connect": "tcp://h:1", "rate_limit": "no"})).is_err());
    assert!(limit(serde_json::json!({"name": "u", "connect": "tcp://h:1", "rate_limit": 0})).is_err());
}

#[test]
fn standard_input_is_read_once() {
    let one = |name: &str| read(serde_json::json!({"name": name, "connect": "stdin:"}));
    assert_eq!(check_all(&[one("a")]), []);
    assert_eq!(check_all(&[one("a"), one("b")])[0].key, "receiver");
}

#[test]
fn udp_beyond_this_machine_needs_an_allow_list() {
    let open = read(serde_json::json!({"name": "u", "connect": "udp://0.0.0.0:10110"}));
    assert_eq!(open.check()[0].key, "allow");
}

#[test]
fn options_of_other_links_are_refused() {
    let odd =
        read(serde_json::json!({"name": "t", "connect": "tcp://h:1", "repeat": true, "allow": ["::1"]}));
    let keys: Vec<String> = odd.check().into_iter().map(|p| p.key).collect();
    assert_eq!(keys, ["allow", "repeat"]);
}

#[test]
fn files_stand_beside_the_settings_file() {
    let mut settings =
        read(serde_json::json!({"name": "h", "connect": "wss://h/{secret}", "ca": "/etc/ca.pem",
        "secret": {"file": "key"}}));
    settings.files_relative_to(Path::new("/srv"));
    assert_eq!(settings.secret.unwrap().file.unwrap(), Path::new("/srv/key"));
    assert_eq!(settings.ca.unwrap(), Path::new("/etc/ca.pem"));
}

#[test]
fn unknown_keys_are_refused() {
    let json = serde_json::json!({"name": "t", "connect": "tcp://h:1", "pasword": "x"});
    assert!(serde_json::from_value::<Settings>(json).unwrap_err().to_string().contains("pasword"));
}

#[test]
fn two_receivers_cannot_share_a_name() {
    let one = read(serde_json::json!({"name": "t", "connect": "tcp://h:1"}));
    let problems = check_all(&[one.clone(), one]);
    assert_eq!(problems[0].key, "receiver[2].name");
}
