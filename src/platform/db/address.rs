//! The address of the database: one server, or several of which one is the primary.
//!
//! libpq goes through several hosts in the order written and waits for each. Here each can be asked alone, so that one
//! that hangs holds nobody up and one that fell behind can be passed over.

use std::path::PathBuf;

use super::pool::with_timeouts;
use super::sockets::Server;

/// An address in either form of libpq's, with our time limits added.
#[derive(Clone, Debug)]
pub struct Address {
    whole: String,
    hosts: Vec<Host>,
}

/// One server of the address: what libpq calls host, hostaddr and port, in the form of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Host {
    name: Option<String>,
    address: Option<String>,
    port: Option<String>,
}

impl Address {
    pub fn new(url: &str) -> Self {
        let mut settings = if is_uri(url) { of_uri(url) } else { of_words(url) };
        let mut list = |name: &str| -> Vec<String> {
            // As libpq does, the last mention counts.
            let found = settings.iter().rposition(|(known, _)| known == name).map(|at| settings.swap_remove(at).1);
            found.map(|text| text.split(',').map(ToOwned::to_owned).collect()).unwrap_or_default()
        };
        let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
        let count = names.len().max(addresses.len()).max(1);
        let port = |rank: usize| if ports.len() == 1 { ports.first() } else { ports.get(rank) };
        let host = |rank: usize| Host {
            name: names.get(rank).cloned(),
            address: addresses.get(rank).cloned(),
            port: port(rank).cloned(),
        };
        Self { whole: with_timeouts(url), hosts: (0..count).map(host).collect() }
    }

    /// How many servers it names.
    pub fn count(&self) -> usize {
        self.hosts.len()
    }

    /// The address of one of its servers.
    pub fn alone(&self, rank: usize) -> String {
        let Some(host) = self.hosts.get(rank).filter(|_| self.count() > 1) else { return self.whole.clone() };
        let parts = [("host", &host.name), ("hostaddr", &host.address), ("port", &host.port)];
        let mut url = self.whole.clone();
        for (name, value) in parts {
            let Some(value) = value else { continue };
            if is_uri(&url) {
                // The limits that were added make sure that there is a question mark.
                url.push_str(&format!("&{name}={value}"));
            } else {
                url.push_str(&format!(" {name}='{}'", value.replace('\\', "\\\\").replace('\'', "\\'")));
            }
        }
        url
    }

    /// How one of its servers is called in the log: never a password.
    pub fn name(&self, rank: usize) -> String {
        let host = self.hosts.get(rank).cloned().unwrap_or_default();
        let name = host.name.or(host.address).filter(|name| !name.is_empty());
        let port = host.port.filter(|port| !port.is_empty()).map(|port| format!(":{port}")).unwrap_or_default();
        name.unwrap_or_else(|| "the local server".to_owned()) + &port
    }

    /// Where one of its servers listens.
    pub fn server(&self, rank: usize) -> Server {
        let usual = || std::env::var("PGPORT").ok().and_then(|port| port.parse().ok()).unwrap_or(5432);
        let host = self.hosts.get(rank).cloned().unwrap_or_default();
        let port = host.port.as_ref().and_then(|port| port.parse().ok()).unwrap_or_else(usual);
        let name = host.name.unwrap_or_default();
        let folder = if is_uri(&self.whole) { decoded(&name) } else { name };
        let folder = Some(folder).filter(|folder| folder.starts_with('/')).map(PathBuf::from);
        Server { name: self.name(rank), folder, port }
    }
}

fn is_uri(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code {
            Some(code) if *byte == b'%' => {
                bytes.push(code);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Hosts and ports of the authority, then the query's settings; values stay percent-encoded, but for commas.
fn of_uri(url: &str) -> Vec<(String, String)> {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = before.split_once('/').map_or(before, |(authority, _)| authority);
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    let mut settings = Vec::new();
    if !hosts.is_empty() {
        let split = |host: &str| match host.rsplit_once(':') {
            // The colons of an IPv6 address stand within brackets.
            Some((name, port)) if !port.contains(']') => (name.to_owned(), port.to_owned()),
            _ => (host.to_owned(), String::new()),
        };
        let (names, ports): (Vec<_>, Vec<_>) = hosts.split(',').map(split).unzip();
        settings.push(("host".to_owned(), names.join(",").replace(['[', ']'], "")));
        settings.push(("port".to_owned(), ports.join(",")));
    }
    let commas = |value: &str| value.replace("%2C", ",").replace("%2c", ",");
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    settings.extend(pairs.map(|(name, value)| (name.to_owned(), commas(value))));
    settings
}

/// `name = 'a value'` and `name=value`, as libpq reads them.
fn of_words(text: &str) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    let mut rest = text.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quoted = after.starts_with('\'');
        let (mut value, mut escaped, mut end) = (String::new(), false, after.len());
        for (at, letter) in after.char_indices().skip(usize::from(quoted)) {
            if escaped {
                value.push(letter);
                escaped = false;
            } else if letter == '\\' {
                escaped = true;
            } else if (quoted && letter == '\'') || (!quoted && letter.is_whitespace()) {
                end = at + letter.len_utf8();
                break;
            } else {
                value.push(letter);
            }
        }
        settings.push((name.trim().to_owned(), value));
        rest = after.get(end..).unwrap_or_default().trim_start();
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_of_an_address_can_be_asked_alone() {
        let address = Address::new("postgresql://u:p@a:1,[::1],c:3/db?target_session_attrs=read-write");
        assert_eq!((address.count(), address.server(0).port, address.server(2).port), (3, 1, 3));
        assert!(address.alone(0).ends_with("&host=a&port=1"), "{}", address.alone(0));
        assert!(address.alone(1).ends_with("&host=::1&port="), "{}", address.alone(1));
        assert!(address.alone(2).contains("target_session_attrs=read-write"));
        assert_eq!([address.name(0), address.name(1)], ["a:1", "::1"]);

        let sockets = Address::new("postgresql:///db?host=%2Frun%2Fa,%2Frun%2Fb%2c%2Frun%2Fc&port=5432&user=u");
        assert_eq!(sockets.count(), 3);
        assert!(sockets.alone(1).ends_with("&host=%2Frun%2Fb&port=5432"), "{}", sockets.alone(1));

        assert_eq!(sockets.server(1).folder, Some("/run/b".into()));

        let words = Address::new(r"host='/a b/\'c,h2' password = 'x y' port=5433,5434 dbname=d");
        assert_eq!((words.count(), words.server(1).port), (2, 5434));
        assert!(words.alone(0).ends_with(r" host='/a b/\'c' port='5433'"), "{}", words.alone(0));
    }

    #[test]
    fn the_address_of_one_server_stays_as_it_is() {
        for url in ["postgres://u@h/db", "postgresql:///db?host=%2Frun", "dbname=d", "postgres://"] {
            let address = Address::new(url);
            assert_eq!((address.count(), address.alone(0)), (1, with_timeouts(url)), "{url}");
        }
    }

    #[test]
    fn a_server_is_named_without_its_password() {
        assert_eq!(Address::new("postgres://u:secret@h:7,i/db").name(0), "h:7");
    }
}
