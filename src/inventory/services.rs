//! Checks of services: `tcp http tls dns smtp imap ntp`, each a word, a word with what matters most
//! (`tcp: 22`), or a mapping of all that can be said.

use std::net::IpAddr;
use std::sync::Arc;

use super::node::{Fields, Map, Node, Value, check_keys};
use super::place::{At, Desk, Finding, shown};
use super::scalar;
use crate::model::{DnsRecord, HttpAsk, Message, ServiceAsk, ServiceCheck, TlsAsk};

/// The words.
pub(super) const KINDS: [&str; 7] = ["tcp", "http", "tls", "dns", "smtp", "imap", "ntp"];
/// Longest host name (RFC 1035, section 2.3.4).
const NAME_MAX: usize = 253;
/// Longest path with its query, in bytes.
const PATH_MAX: usize = 2_000;
/// `offset` of a time server where nothing is said, in milliseconds.
const OFFSET_MS: u32 = 1_000;
const OFFSET_MS_BOUNDS: std::ops::RangeInclusive<i64> = 1..=86_400_000;

/// A check of a service as written, with what its subject says filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawService {
    /// Who is asked; `None`: the subject's own address.
    pub address: Option<IpAddr>,
    pub port: u16,
    pub timeout_ms: u32,
    pub ask: ServiceAsk,
}

/// What the subject itself says of where it is: `url`, `host`, `port`.
#[derive(Debug, Default)]
pub(super) struct Own {
    url: Option<Url>,
    host: Option<String>,
    port: Option<u16>,
}

/// `http://host:port/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Url {
    is_tls: bool,
    host: String,
    port: Option<u16>,
    path: String,
}

impl Own {
    /// Reads the three keys; mistakes are reported.
    pub(super) fn read(desk: &mut Desk, fields: &Fields<'_>) -> Self {
        Self {
            url: fields.own("url").and_then(|node| url(desk, node)),
            host: fields.own("host").and_then(|node| host(desk, "host", node)),
            port: fields.own("port").and_then(|node| port(desk, node)),
        }
    }

    fn host(&self) -> Option<&str> {
        self.host.as_deref().or(self.url.as_ref().map(|url| url.host.as_str()))
    }

    /// The address, when the host is written as one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.host().and_then(literal)
    }

    /// The check that a service has where it says none.
    pub(super) fn implied(&self) -> Option<RawService> {
        let tcp = || {
            let ask = ServiceAsk::Tcp { expect: None };
            let timeout_ms = ServiceCheck::TIMEOUT_MS_DEFAULT;
            self.port.map(|port| RawService { address: None, port, timeout_ms, ask })
        };
        let http = self.url.as_ref().map(|url| {
            let ask = http_of(url, HttpKeys::default());
            let timeout_ms = ServiceCheck::TIMEOUT_MS_DEFAULT;
            let port = url.port.or(ask.usual_port()).unwrap_or(80);
            RawService { address: literal(&url.host), port, timeout_ms, ask }
        });
        http.or_else(tcp)
    }
}

fn literal(host: &str) -> Option<IpAddr> {
    host.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn port(desk: &mut Desk, node: &Node) -> Option<u16> {
    scalar::whole(desk, "port", node, 1..=65_535).and_then(|port| u16::try_from(port).ok())
}

fn is_host(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    !text.is_empty() && text.len() <= NAME_MAX && text.chars().all(is_part)
}

/// A host's name or address.
fn host(desk: &mut Desk, key: &str, node: &Node) -> Option<String> {
    let text = scalar::text(desk, key, node)?;
    let is_good = is_host(&text) && (!text.contains(':') || literal(&text).is_some());
    if is_good {
        return Some(text.trim_end_matches('.').to_ascii_lowercase());
    }
    let message = Message::new("check.bad_host").with("key", key).with("text", shown(&text));
    desk.report(Finding::error(node.at, message).hint(Message::new("check.bad_host_hint")));
    None
}

fn url(desk: &mut Desk, node: &Node) -> Option<Url> {
    let text = scalar::text(desk, "url", node)?;
    let parsed = parse_url(&text);
    if parsed.is_none() {
        let message = Message::new("check.bad_url").with("text", shown(&text));
        desk.report(Finding::error(node.at, message).hint(Message::new("check.bad_url_hint")));
    }
    parsed
}

fn parse_url(text: &str) -> Option<Url> {
    let (is_tls, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return None,
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = path.split('#').next().unwrap_or("");
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, port.strip_prefix(':').or(Some("").filter(|_| port.is_empty()))?)
        }
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    let port = match port {
        "" => None,
        port => Some(port.parse::<u16>().ok().filter(|port| *port > 0)?),
    };
    let is_plain = path.len() <= PATH_MAX && path.chars().all(|c| c.is_ascii_graphic());
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    (is_host(&host) && is_plain).then_some(Url { is_tls, host, port, path })
}

/// What a mapping says of a request, beside its URL.
#[derive(Debug, Default)]
struct HttpKeys {
    is_head: bool,
    status: Vec<(u16, u16)>,
    text: Option<Arc<str>>,
    json: Option<(Arc<str>, Arc<str>)>,
    redirects: Option<u8>,
    body_max: Option<u32>,
    tls: TlsKeys,
}

/// What a mapping says of a handshake.
#[derive(Debug, Default)]
struct TlsKeys {
    name: Option<String>,
    expiry_days: Option<u16>,
    is_13_needed: bool,
    chain: Option<bool>,
}

fn tls_of(name: &str, keys: TlsKeys) -> TlsAsk {
    TlsAsk {
        name: keys.name.as_deref().unwrap_or(name).into(),
        expiry_days: keys.expiry_days.unwrap_or(TlsAsk::EXPIRY_DAYS_DEFAULT),
        is_13_needed: keys.is_13_needed,
        is_chain_needed: keys.chain.unwrap_or(true),
    }
}

fn http_of(url: &Url, keys: HttpKeys) -> ServiceAsk {
    let status = if keys.status.is_empty() { vec![(200, 399)] } else { keys.status };
    let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
    let usual = if url.is_tls { 443 } else { 80 };
    let host = match url.port.filter(|port| *port != usual) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    };
    ServiceAsk::Http(Box::new(HttpAsk {
        tls: url.is_tls.then(|| tls_of(&url.host, keys.tls)),
        host: host.into(),
        path: url.path.as_str().into(),
        is_head: keys.is_head,
        status,
        text: keys.text,
        json: keys.json,
        redirects: keys.redirects.unwrap_or(0),
        body_max: keys.body_max.unwrap_or(HttpAsk::BODY_MAX_DEFAULT),
    }))
}

/// A check by its word, its place and what stands behind it.
pub(super) fn read(
    desk: &mut Desk,
    own: &Own,
    word: &str,
    at: At,
    value: Option<&Node>,
) -> Option<RawService> {
    const NOTHING: &Map = &Map { entries: Vec::new(), asked: None };
    let (map, short) = match value.map(|node| (node, &node.value)) {
        None => (NOTHING, None),
        Some((_, Value::Map(map))) => (map, None),
        Some((node, _)) => (NOTHING, Some(node)),
    };
    check_keys(desk, map, keys_of(word));
    let errors = desk.errors();
    let fields = Fields::new(at, map);
    let address = fields.get("address").and_then(|n| scalar::address(desk, "address", n));
    let timeout_ms = fields.get("timeout").and_then(|n| {
        scalar::duration_ms(desk, "timeout", n, ServiceCheck::TIMEOUT_MS)
            .and_then(|ms| u32::try_from(ms).ok())
    });
    let said_port = fields.get("port").and_then(|n| port(desk, n));
    let short_port = match word {
        "http" | "dns" => None,
        _ => short.and_then(|n| port(desk, n)),
    };
    let (ask, url_port, url_address) = match word {
        "http" => {
            let said = fields.get("url").or(short).map(|n| url(desk, n));
            let url = match said {
                Some(said) => said?,
                None => own.url.clone().or_else(|| lack(desk, at, word, "url"))?,
            };
            let keys = http_keys(desk, &fields);
            (http_of(&url, keys), url.port, literal(&url.host))
        }
        "tls" => {
            let keys = tls_keys(desk, &fields);
            let name = keys.name.as_deref().or(own.host()).map(str::to_owned);
            if desk.errors() > errors {
                return None;
            }
            let name = name.or_else(|| lack(desk, at, word, "name"))?;
            (ServiceAsk::Tls(tls_of(&name, keys)), None, None)
        }
        "dns" => (dns(desk, &fields, short, at)?, None, None),
        "ntp" => {
            let offset_ms = fields.get("offset").and_then(|n| {
                scalar::duration_ms(desk, "offset", n, OFFSET_MS_BOUNDS)
                    .and_then(|ms| u32::try_from(ms).ok())
            });
            (ServiceAsk::Ntp { offset_ms: offset_ms.unwrap_or(OFFSET_MS) }, None, None)
        }
        "smtp" => (ServiceAsk::Smtp, None, None),
        "imap" => (ServiceAsk::Imap, None, None),
        _ => (ServiceAsk::Tcp { expect: words(desk, &fields, "expect") }, None, None),
    };
    // The service's own port is that of its first protocol: what asks a mail server by several
    // names the others.
    let named = said_port.or(short_port).or(url_port);
    let is_own = matches!(ask, ServiceAsk::Tcp { .. } | ServiceAsk::Tls(_));
    let port = named.or(own.port.filter(|_| is_own)).or(ask.usual_port());
    // One that is wrong has been reported as that.
    if desk.errors() > errors {
        return None;
    }
    let port = port.or_else(|| lack(desk, at, word, "port"))?;
    let timeout_ms = timeout_ms.unwrap_or(ServiceCheck::TIMEOUT_MS_DEFAULT);
    let address = address.or(url_address);
    Some(RawService { address, port, timeout_ms, ask })
}

fn keys_of(word: &str) -> &'static [&'static str] {
    match word {
        "http" => &[
            "url",
            "address",
            "port",
            "timeout",
            "method",
            "status",
            "text",
            "json",
            "redirects",
            "body",
            "name",
            "expiry",
            "version",
            "chain",
        ],
        "tls" => &["address", "port", "timeout", "name", "expiry", "version", "chain"],
        "dns" => &["address", "port", "timeout", "name", "record", "answer"],
        "ntp" => &["address", "port", "timeout", "offset"],
        "tcp" => &["address", "port", "timeout", "expect"],
        _ => &["address", "port", "timeout"],
    }
}

fn lack<T>(desk: &mut Desk, at: At, check: &str, key: &str) -> Option<T> {
    let message = Message::new("check.service_lacks").with("check", check).with("key", key);
    desk.report(Finding::error(at, message).hint(Message::new("check.service_lacks_hint")));
    None
}

fn words(desk: &mut Desk, fields: &Fields<'_>, key: &str) -> Option<Arc<str>> {
    fields.get(key).and_then(|n| scalar::text(desk, key, n)).map(Into::into)
}

fn http_keys(desk: &mut Desk, fields: &Fields<'_>) -> HttpKeys {
    let method =
        fields.get("method").and_then(|n| scalar::one_of(desk, "method", n, &["GET", "HEAD"]));
    let status = fields.get("status").map(|n| statuses(desk, n)).unwrap_or_default();
    let json = fields.sub(desk, "json", &["at", "is"]).and_then(|json| {
        let (at, is) = (words(desk, &json, "at"), words(desk, &json, "is"));
        if at.is_none() || is.is_none() {
            lack::<()>(desk, json.at, "json", if at.is_none() { "at" } else { "is" });
        }
        at.zip(is)
    });
    HttpKeys {
        is_head: method == Some("HEAD"),
        status,
        text: words(desk, fields, "text"),
        json,
        redirects: number(desk, fields, "redirects", HttpAsk::REDIRECTS),
        body_max: number(desk, fields, "body", HttpAsk::BODY_MAX),
        tls: tls_keys(desk, fields),
    }
}

fn number<T: TryFrom<i64>>(
    desk: &mut Desk,
    fields: &Fields<'_>,
    key: &str,
    bounds: std::ops::RangeInclusive<i64>,
) -> Option<T> {
    let number = fields.get(key).and_then(|n| scalar::decimal(desk, key, n, 0, bounds))?;
    T::try_from(number).ok()
}

fn tls_keys(desk: &mut Desk, fields: &Fields<'_>) -> TlsKeys {
    let days = TlsAsk::EXPIRY_DAYS;
    let ms = fields.get("expiry").and_then(|n| {
        let bounds = days.start() * DAY_MS..=days.end() * DAY_MS;
        scalar::duration_ms(desk, "expiry", n, bounds)
    });
    let version =
        fields.get("version").and_then(|n| scalar::one_of(desk, "version", n, &["1.2", "1.3"]));
    TlsKeys {
        name: fields.get("name").and_then(|n| host(desk, "name", n)),
        expiry_days: ms.and_then(|ms| u16::try_from(ms / DAY_MS).ok()),
        is_13_needed: version == Some("1.3"),
        chain: fields.get("chain").and_then(|n| scalar::truth(desk, "chain", n)),
    }
}

const DAY_MS: i64 = 86_400_000;

/// `200` or `200-299`, one or a list.
fn statuses(desk: &mut Desk, node: &Node) -> Vec<(u16, u16)> {
    let mut found = Vec::new();
    for item in node.as_words(desk, "status") {
        let Some(text) = scalar::word(desk, "status", item) else { continue };
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let range = from.trim().parse::<u16>().ok().zip(to.trim().parse::<u16>().ok());
        match range.filter(|(from, to)| 100 <= *from && from <= to && *to <= 599) {
            Some(range) => found.push(range),
            None => {
                let message = Message::new("check.bad_status").with("text", shown(text));
                desk.report(Finding::error(item.at, message));
            }
        }
    }
    found
}

fn dns(desk: &mut Desk, fields: &Fields<'_>, short: Option<&Node>, at: At) -> Option<ServiceAsk> {
    let name = match fields.get("name").or(short) {
        Some(node) => host(desk, "name", node)?,
        None => lack(desk, at, "dns", "name")?,
    };
    let record = fields
        .get("record")
        .map(|n| scalar::one_of(desk, "record", n, &DnsRecord::ALL.map(DnsRecord::as_str)));
    let record = match record {
        Some(word) => DnsRecord::ALL.into_iter().find(|known| Some(known.as_str()) == word)?,
        None => DnsRecord::A,
    };
    Some(ServiceAsk::Dns { name: name.into(), record, answer: words(desk, fields, "answer") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_and_strange_ones_refused() {
        let url = |text: &str| parse_url(text).map(|u| (u.is_tls, u.host, u.port, u.path));
        let one = |tls, host: &str, port, path: &str| Some((tls, host.into(), port, path.into()));
        assert_eq!(url("https://Portal.VN"), one(true, "portal.vn", None, "/"));
        assert_eq!(url("http://a:8080/x?y=1#z"), one(false, "a", Some(8080), "/x?y=1"));
        assert_eq!(url("http://a?q"), one(false, "a", None, "/?q"));
        assert_eq!(url("https://[fd00::1]:444/"), one(true, "fd00::1", Some(444), "/"));
        for strange in [
            "",
            "ftp://a/",
            "http://",
            "http://u:p@a/",
            "http://a:0/",
            "http://a:x/",
            "http://a/ b",
            "http://a/é",
            "http://[a]/",
            "http://[::1]x/",
        ] {
            assert_eq!(url(strange), None, "{strange}");
        }
    }
}
