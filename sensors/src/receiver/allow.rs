//! Who may send to us: networks from which datagrams and connections are taken.

use ipnet::IpNet;
use std::net::IpAddr;

/// Networks that are let in; without any, this machine only.
///
/// Anyone on the network can send a datagram under another's address, so that a UDP receiver beyond this machine
/// is open only to networks the settings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowList(Vec<IpNet>);

impl AllowList {
    /// Reads networks such as `192.0.2.0/24` and single addresses; the error names the first that is neither.
    pub fn parse(networks: &[String]) -> Result<AllowList, String> {
        let read = |text: &String| {
            let single = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse().or_else(|_| single()).map_err(|_| format!("`{text}` is not a network"))
        };
        Ok(AllowList(networks.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// Whether `peer` may send.
    pub fn admits(&self, peer: IpAddr) -> bool {
        // A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d.
        let peer = peer.to_canonical();
        if self.0.is_empty() { peer.is_loopback() } else { self.0.iter().any(|net| net.contains(&peer)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(networks: &[&str], peer: &str) -> bool {
        let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
        AllowList::parse(&networks).unwrap().admits(peer.parse().unwrap())
    }

    #[test]
    fn lets_in_this_machine_only_by_default() {
        assert!(admits(&[], "127.0.0.1") && admits(&[], "::1") && admits(&[], "::ffff:127.0.0.1"));
        assert!(!admits(&[], "192.0.2.1"));
    }

    #[test]
    fn lets_in_named_networks_only() {
        let named = ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"];
        assert!(
            admits(&named, "192.0.2.200") && admits(&named, "2001:db8::5") && admits(&named, "198.51.100.7")
        );
        assert!(admits(&named, "::ffff:192.0.2.1"));
        assert!(
            !admits(&named, "192.0.3.1") && !admits(&named, "127.0.0.1") && !admits(&named, "198.51.100.8")
        );
    }

    #[test]
    fn names_what_is_not_a_network() {
        let error = AllowList::parse(&["192.0.2.0/33".to_owned()]).unwrap_err();
        assert!(error.contains("192.0.2.0/33"));
    }
}
