//! What can be wrong with the settings of links that bring messages: tokens, keys, users, certificates.

use super::{Settings, Token};
use crate::receiver::address::{Address, SECRET};

/// Stations with a token at one address.
const TOKENS_MAX: usize = 1000;

/// Bytes of a subscription: aisstream.io's list of 50 MMSI and a few boxes is 2 KiB.
const SUBSCRIBE_MAX: usize = 65_536;

impl Settings {
    /// What links that bring messages take: tokens, keys, users, certificates.
    pub(super) fn check_messages(
        &self,
        address: &Address,
        problem: &mut impl FnMut(&'static str, String, &str),
    ) {
        let mut misplaced = |key: &'static str, set: bool, fits: bool, belongs: &str| {
            if set && !fits {
                problem(key, format!("means nothing for {address}"), belongs);
            }
        };
        let listens = matches!(address, Address::HttpListen { .. });
        let polls = matches!(address, Address::HttpPoll { .. });
        let socket = matches!(address, Address::WebSocket { .. });
        let mqtt = matches!(address, Address::Mqtt { .. });
        let encrypted = match address {
            Address::HttpPoll { url } | Address::WebSocket { url } => {
                url.starts_with("https:") || url.starts_with("wss:")
            }
            Address::Mqtt { tls, .. } => *tls,
            _ => false,
        };
        misplaced("tokens", !self.tokens.is_empty(), listens, "http-listen:// only");
        misplaced(
            "interval_seconds",
            self.interval_seconds.is_some(),
            polls,
            "poll+https:// and poll+http:// only",
        );
        misplaced("subscribe", self.subscribe.is_some(), socket, "wss:// and ws:// only");
        misplaced(
            "secret",
            self.secret.is_some(),
            polls || socket,
            "poll+https://, wss:// and the like only",
        );
        misplaced("user", self.user.is_some(), mqtt, "mqtt:// and mqtts:// only");
        misplaced("password", self.password.is_some(), mqtt, "mqtt:// and mqtts:// only");
        misplaced("client_id", self.client_id.is_some(), mqtt, "mqtt:// and mqtts:// only");
        misplaced("ca", self.ca.is_some(), encrypted, "poll+https://, wss:// and mqtts:// only");
        if mqtt && !cfg!(feature = "mqtt") {
            problem(
                "connect",
                "this program was built without MQTT".into(),
                "a build with the feature `mqtt`",
            );
        }
        self.check_tokens(address, problem);
        self.check_secrets(problem);
    }

    /// Whether the address, its own or its profile's, or the subscription has a place for the secret.
    pub(in crate::receiver) fn names_secret(&self) -> bool {
        let has_place = |text: &str| text.contains(SECRET);
        self.address().is_ok_and(|address| has_place(&address.to_string()))
            || self.subscribe.as_deref().is_some_and(has_place)
    }

    fn check_tokens(&self, address: &Address, problem: &mut impl FnMut(&'static str, String, &str)) {
        if let Address::HttpListen { bind } = address
            && !bind.ip().is_loopback()
            && self.tokens.is_empty()
        {
            let message = format!("{address} is open beyond this machine, and no station has a token");
            problem("tokens", message, "[{ station = \"MAST\", token = { file = \"mast.token\" } }]");
        }
        for (index, Token { station, .. }) in self.tokens.iter().enumerate() {
            if station.trim().is_empty() || station.chars().any(char::is_control) || station.len() > 64 {
                problem(
                    "tokens",
                    format!("`{station:.80}` is not a station's name"),
                    "1 to 64 printable characters",
                );
            }
            if self.tokens[..index].iter().any(|earlier| earlier.station == *station) {
                problem("tokens", format!("`{station}` has two tokens"), "one token for each station");
            }
        }
        if self.tokens.len() > TOKENS_MAX {
            problem("tokens", "too many stations for one address".into(), "at most 1000");
        }
    }

    fn check_secrets(&self, problem: &mut impl FnMut(&'static str, String, &str)) {
        let kept = "{ file = \"PATH\" } or { env = \"NAME\" }";
        let tokens = self.tokens.iter().map(|token| ("tokens", &token.token));
        let others = [("secret", &self.secret), ("password", &self.password)];
        let others = others.into_iter().filter_map(|(key, secret)| Some((key, secret.as_ref()?)));
        for (key, secret) in tokens.chain(others) {
            if let Err(why) = secret.check() {
                problem(key, why, kept);
            }
        }
        match (&self.secret, self.names_secret()) {
            (None, true) => {
                problem("secret", "missing beside the `{secret}` that it stands for".into(), kept);
            }
            (Some(_), false) => {
                problem(
                    "secret",
                    "nothing says where it goes".into(),
                    "`{secret}` in `connect` or `subscribe`",
                );
            }
            _ => {}
        }
        if self.password.is_some() && self.user.is_none() {
            problem("user", "missing beside a password".into(), "the user's name at the broker");
        }
        let bad_id = |id: &String| {
            id.is_empty()
                || id.len() > 64
                || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        if self.client_id.as_ref().is_some_and(bad_id) {
            problem(
                "client_id",
                "not a name for a broker".into(),
                "1 to 64 letters, digits, `-`, `_` and `.`",
            );
        }
        if self.interval_seconds.is_some_and(|seconds| !(1..=86_400).contains(&seconds)) {
            problem("interval_seconds", "not an interval".into(), "1 to 86400");
        }
        if self.subscribe.as_ref().is_some_and(|text| text.len() > SUBSCRIBE_MAX) {
            problem("subscribe", "too long".into(), "at most 65536 bytes");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: serde_json::Value) -> Settings {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn links_that_bring_messages_have_no_problem_when_all_is_said() {
        let place = serde_json::json!({"env": "KEY"});
        for json in [
            serde_json::json!({"name": "h", "connect": "http-listen://127.0.0.1:8110"}),
            serde_json::json!({"name": "h", "connect": "http-listen://0.0.0.0:8110", "allow": ["192.0.2.0/24"],
                "tokens": [{"station": "MAST", "token": {"file": "mast.token"}}, {"station": "B", "token": place}]}),
            serde_json::json!({"name": "p", "connect": "poll+https://h/x?key={secret}", "secret": place,
                "interval_seconds": 120, "ca": "ca.pem"}),
            serde_json::json!({"name": "w", "connect": "wss://h/x", "subscribe": "{\"APIKey\":\"{secret}\"}",
                "secret": place}),
            serde_json::json!({"name": "g", "connect": "gpsd://localhost/dev/ttyUSB0"}),
        ] {
            assert_eq!(read(json).check(), []);
        }
        let mqtt = read(serde_json::json!({"name": "m", "connect": "mqtts://h/ais/#", "user": "u",
            "password": place, "client_id": "watch-1", "ca": "ca.pem"}));
        let problems: Vec<String> = mqtt.check().into_iter().map(|p| p.accepted).collect();
        match cfg!(feature = "mqtt") {
            true => assert_eq!(problems, Vec::<String>::new()),
            false => assert_eq!(problems, ["a build with the feature `mqtt`"]),
        }
    }

    #[test]
    fn a_link_that_brings_messages_has_each_problem_named() {
        for (json, key) in [
            (serde_json::json!({"connect": "http-listen://0.0.0.0:1", "allow": ["::/0"]}), "tokens"),
            (
                serde_json::json!({"connect": "http-listen://127.0.0.1:1", "tokens": [
                    {"station": "A", "token": {"env": "A"}}, {"station": "A", "token": {"env": "B"}}]}),
                "tokens",
            ),
            (
                serde_json::json!({"connect": "http-listen://127.0.0.1:1", "tokens": [{"station": "A", "token": {}}]}),
                "tokens",
            ),
            (
                serde_json::json!({"connect": "udp://127.0.0.1:1", "tokens": [{"station": "A", "token": {"env": "A"}}]}),
                "tokens",
            ),
            (serde_json::json!({"connect": "poll+http://h/?k={secret}"}), "secret"),
            (serde_json::json!({"connect": "poll+http://h/", "secret": {"env": "A"}}), "secret"),
            (serde_json::json!({"connect": "poll+http://h/", "interval_seconds": 0}), "interval_seconds"),
            (serde_json::json!({"connect": "ws://h/", "interval_seconds": 60}), "interval_seconds"),
            (serde_json::json!({"connect": "ws://h/", "ca": "ca.pem"}), "ca"),
            (serde_json::json!({"connect": "gpsd://h", "subscribe": "x"}), "subscribe"),
            (serde_json::json!({"connect": "gpsd://h", "user": "x"}), "user"),
            (serde_json::json!({"connect": "gpsd://h", "client_id": "x"}), "client_id"),
        ] {
            let mut json = json;
            json["name"] = "x".into();
            let keys: Vec<String> = read(json.clone()).check().into_iter().map(|p| p.key).collect();
            assert_eq!(keys, [key], "{json}");
        }
    }

    #[test]
    fn the_place_for_the_secret_may_be_in_the_profile() {
        let keys = |json| read(json).check().into_iter().map(|p| p.key).collect::<Vec<_>>();
        assert_eq!(keys(serde_json::json!({"name": "a", "profile": "aishub"})), ["secret"]);
        let told =
            serde_json::json!({"name": "a", "profile": "aishub", "secret": {"env": "AISHUB_USERNAME"}});
        assert_eq!(keys(told), Vec::<String>::new());
    }
}
