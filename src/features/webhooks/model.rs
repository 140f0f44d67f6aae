//! States of webhooks, and which addresses they may name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::TimeDelta;

use crate::text_enum;

text_enum! {
    /// State of a webhook.
    pub enum WebhookStatus "webhook_statuses" ["webhooks.status"] {
        Active "active" "Actif" "Active",
        Disabled "disabled" "Désactivé" "Disabled",
    }
}

text_enum! {
    /// State of a delivery.
    pub enum DeliveryStatus "webhook_delivery_statuses" ["webhook_deliveries.status"] {
        Queued "queued" "En attente" "Queued",
        Delivered "delivered" "Livrée" "Delivered",
        Failed "failed" "Abandonnée" "Failed",
    }
}

/// What only webhooks are told: never in the feed, whatever types a webhook asks for. Each with what it means.
pub const TEST: &str = "webhook.test";
pub const FEED_RESTARTED: &str = "feed.restarted";
pub const NOTICES: &[(&str, &str)] = &[
    (TEST, "Sent to try the address, by `POST /api/v1/webhooks/{id}/test`. It has no meaning."),
    (
        FEED_RESTARTED,
        "The database was restored, or another server took over: events sent before may never have happened, and some may be \
         missing. List anew each resource that you follow and replace your copy by these lists (what is not in them is to be \
         removed). What waited to be sent is dropped; what happens from now on follows.",
    ),
];

/// For how long a delivery is tried.
pub const PATIENCE: TimeDelta = TimeDelta::hours(24);

/// Webhooks that one perimeter (a structure, a territory of a prefecture, the ANCT, the Banque des Territoires) may have.
pub const PER_PERIMETER: i64 = 20;

/// Pause of a receiver that has not answered so many times in a row: its other deliveries wait as well.
pub fn rest(silences: i32) -> TimeDelta {
    pause(silences).min(TimeDelta::minutes(10))
}

/// Pause before the next attempt, after so many.
pub fn pause(attempts: i32) -> TimeDelta {
    match attempts {
        ..=1 => TimeDelta::seconds(5),
        2 => TimeDelta::seconds(30),
        3 => TimeDelta::minutes(2),
        4 => TimeDelta::minutes(10),
        5 => TimeDelta::minutes(30),
        6 => TimeDelta::hours(1),
        _ => TimeDelta::hours(3),
    }
}

/// Whether an address lies on the public internet: nothing internal is ever reached on somebody else's behalf.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match (v6.to_ipv4_mapped(), nat64(v6)) {
            (Some(v4), _) | (None, Some(v4)) => is_public_v4(v4),
            (None, None) => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b)))
}

/// The IPv4 address that an address of a NAT64 or 6to4 prefix leads to.
fn nat64(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (s[0], s[1]) {
        (0x64, 0xff9b) => Some(v4(s[6], s[7])),
        (0x2002, _) => Some(v4(s[1], s[2])),
        (0, 0) if s[..6].iter().all(|part| *part == 0) && s[6] != 0 => Some(v4(s[6], s[7])),
        _ => None,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    // Only global unicast is given out; of it not the prefixes for documentation, benchmarks and tunnels.
    (s[0] & 0xe000) == 0x2000
        && !(s[0] == 0x2001 && (s[1] == 0x0db8 || s[1] < 0x0200))
        && !(s[0] == 0x3fff && s[1] < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_internal_is_reached() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.0.8",
            "203.0.113.5",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "ff02::1",
            "::7f00:1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "2a01:e0a::1"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn attempts_go_on_for_a_day() {
        let whole = (1..=13).fold(TimeDelta::zero(), |sum, attempt| sum + pause(attempt));
        assert!(whole < PATIENCE && whole + pause(14) + pause(15) > PATIENCE - TimeDelta::hours(2), "{whole}");
    }
}
