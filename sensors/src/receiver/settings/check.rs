//! What can be wrong with the settings of receivers, told without opening anything.

use super::{Problem, Settings, is_rate};
use crate::Time;
use crate::receiver::address::{self, Address};
use crate::receiver::allow::AllowList;
use crate::receiver::profile;
use crate::receiver::udp::is_interface_name;
use std::net::{IpAddr, Ipv4Addr};

/// Every problem of all receivers, each with its place in the list; opens nothing.
pub fn check_all(receivers: &[Settings]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, receiver) in receivers.iter().enumerate() {
        let place = |p: Problem| Problem { key: format!("receiver[{}].{}", index + 1, p.key), ..p };
        problems.extend(receiver.check().into_iter().map(place));
        if receivers[..index].iter().any(|earlier| earlier.name == receiver.name) {
            let message = format!("`{}` is the name of another receiver too", receiver.name);
            problems.push(place(Problem::new("name", message, "a name of its own for each receiver")));
        }
    }
    let reads_stdin = |r: &&Settings| r.address() == Ok(Address::Stdin);
    if receivers.iter().filter(reads_stdin).count() > 1 {
        let message = "two receivers can't share standard input";
        problems.push(Problem::new("receiver", message, "`connect = \"stdin:\"` once"));
    }
    if receivers.len() > usize::from(u16::MAX) {
        problems.push(Problem::new("receiver", "too many receivers", "at most 65535"));
    }
    problems
}

impl Settings {
    /// Every problem with these settings, each with its field; opens nothing.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem =
            |key, message: String, accepted: &str| problems.push(Problem::new(key, message, accepted));

        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) || self.name.len() > 100 {
            problem(
                "name",
                "the name is empty, too long or not printable".into(),
                "1 to 100 printable characters",
            );
        }
        match (self.latitude, self.longitude) {
            (Some(_), None) => problem("longitude", "missing beside a latitude".into(), "-180 to 180"),
            (None, Some(_)) => problem("latitude", "missing beside a longitude".into(), "-90 to 90"),
            _ => {}
        }
        // Written so that "not a number" is a problem.
        if self.latitude.is_some_and(|lat| !(-90.0..=90.0).contains(&lat)) {
            problem("latitude", "outside the earth".into(), "-90 to 90");
        }
        if self.longitude.is_some_and(|lon| !(-180.0..=180.0).contains(&lon)) {
            problem("longitude", "outside the earth".into(), "-180 to 180");
        }
        if self.idle_timeout_seconds == 0 {
            problem("idle_timeout_seconds", "0 would never let a link live".into(), "1 or more");
        }
        if let Err(message) = AllowList::parse(&self.allow) {
            problem("allow", message, "networks such as 192.0.2.0/24, or single IP addresses");
        }
        if let Err(message) = self.pace() {
            problem("speed", message, "\"as_recorded\", \"flat_out\" or a number above 0");
        }
        if self.start.as_deref().is_some_and(|start| Time::parse(start).is_none()) {
            problem("start", "not a time".into(), "RFC 3339, such as 2026-01-01T00:00:00Z");
        }
        if self.rate.is_some_and(|rate| !is_rate(rate)) {
            problem("rate", "not a rate".into(), "lines a second, above 0 and at most 1000000");
        }
        if let Err(message) = self.rate_limit() {
            problem("rate_limit", message, "AIS sentences a second, above 0 and at most 1000000, or \"off\"");
        }
        if self.init.iter().any(|line| line.chars().any(char::is_control) || line.len() > 100) {
            problem("init", "not lines of text".into(), "lines of 1 to 100 characters, without their ends");
        }
        if let Some(unknown) = self.profile.as_deref().filter(|name| profile::find(name).is_none()) {
            let known = profile::all().iter().map(|p| p.id).collect::<Vec<_>>().join(", ");
            problem("profile", format!("`{unknown}` is not a known model"), &known);
            if self.connect.is_empty() {
                return problems;
            }
        }
        match self.address() {
            Err(message) => problem("connect", message, address::ACCEPTED),
            Ok(address) => self.check_options(&address, &mut problem),
        }
        problems
    }

    fn check_options(&self, address: &Address, problem: &mut impl FnMut(&'static str, String, &str)) {
        let mut misplaced = |key: &'static str, set: bool, belongs: &str| {
            if set {
                problem(key, format!("means nothing for {address}"), belongs);
            }
        };
        let bind = match address {
            // Whatever the interface is connected to can reach the group.
            Address::Multicast { .. } => {
                Some(self.interface_address().unwrap_or(Ipv4Addr::UNSPECIFIED.into()))
            }
            _ => address.bind().map(|bind| bind.ip()),
        };
        let may_send = "tcp-listen://, udp://, udp-multicast:// and http-listen:// only";
        misplaced("allow", bind.is_none() && !self.allow.is_empty(), may_send);
        let is_group = matches!(address, Address::Multicast { .. });
        misplaced("interface", !is_group && self.interface.is_some(), "udp-multicast:// only");
        let is_serial = matches!(address, Address::Serial { .. });
        misplaced("init", !is_serial && !self.init.is_empty(), "serial:// only");
        let is_tail = matches!(address, Address::Tail { .. });
        misplaced("from_start", !is_tail && self.from_start, "tail:// only");
        if !matches!(address, Address::File { .. }) {
            misplaced("speed", self.speed.is_some(), "file:// only");
            misplaced("start", self.start.is_some(), "file:// only");
            misplaced("rate", self.rate.is_some(), "file:// only");
            misplaced("repeat", self.repeat, "file:// only");
        }
        let interface = self.interface.as_deref();
        let is_interface = |text: &str| text.parse::<Ipv4Addr>().is_ok() || is_interface_name(text);
        if is_group && !interface.is_some_and(is_interface) {
            let message = match interface {
                None => "is missing: a group is joined on one interface".to_owned(),
                Some(text) => format!("`{text}` is not an interface"),
            };
            problem("interface", message, "its name, such as \"eth0\", or its IPv4 address");
        }
        if bind.is_some_and(|bind| !bind.is_loopback()) && self.allow.is_empty() {
            let message =
                format!("{address} is open beyond this machine and nobody is allowed to send to it");
            problem("allow", message, "the networks the receivers are in, such as [\"192.0.2.0/24\"]");
        }
        self.check_messages(address, problem);
    }

    fn interface_address(&self) -> Option<IpAddr> {
        match self.interface.as_deref()? {
            "lo" => Some(Ipv4Addr::LOCALHOST.into()),
            address => address.parse().ok(),
        }
    }
}
