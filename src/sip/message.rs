//! SIP messages as this room reads and writes them, over rsipstack's types.
use bytes::Bytes;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::{Headers, Method, Response, StatusCode};

use crate::address::{self, NameAddr};

/// Methods served, as told in `Allow`.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REGISTER";
const SDP: &str = "application/sdp";

/// The first value of a header.
pub(crate) fn first<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    every(headers, name).next()
}

/// Every value of a header, line by line.
pub(crate) fn every<'a>(headers: &'a Headers, name: &str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |h| h.name().eq_ignore_ascii_case(name)).map(|h| h.value().trim())
}

/// Every value of a header that is a list.
pub(crate) fn list<'a>(headers: &'a Headers, name: &str) -> Vec<&'a str> {
    every(headers, name).flat_map(address::split_list).collect()
}

/// Whether a list holds a token.
pub(crate) fn has(headers: &Headers, name: &str, token: &str) -> bool {
    list(headers, name).iter().any(|item| item.eq_ignore_ascii_case(token))
}

/// The top Via, as far as we need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Via {
    pub(crate) transport: String,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) branch: Option<String>,
    pub(crate) rport: bool,
    /// The value as it was written.
    pub(crate) raw: String,
}

impl Via {
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let raw = *address::split_list(value).first()?;
        let mut protocol = raw.splitn(3, '/');
        let name = protocol.next()?.trim();
        protocol.next()?;
        let rest = protocol.next()?.trim_start();
        let (transport, rest) = rest.split_once(char::is_whitespace)?;
        let end = rest.find(';').unwrap_or(rest.len());
        let (host, port) = address::sent_by(&rest[..end])?;
        let params = address::params_of(&rest[end..])?;
        let param = |wanted: &str| params.iter().find(|(n, _)| n.eq_ignore_ascii_case(wanted));
        name.eq_ignore_ascii_case("SIP").then(|| Self {
            transport: transport.to_ascii_uppercase(),
            host,
            port,
            branch: param("branch").and_then(|(_, v)| v.clone()).filter(|b| !b.is_empty()),
            rport: param("rport").is_some(),
            raw: raw.to_owned(),
        })
    }

    /// The branch when it can name a transaction (RFC 3261 §17.2.3): the cookie and something behind it.
    pub(crate) fn usable_branch(&self) -> Option<&str> {
        let branch = self.branch.as_deref()?;
        let cookie = branch.get(..7)?;
        (cookie.eq_ignore_ascii_case("z9hG4bK") && branch.len() > 7).then_some(branch)
    }
}

/// What every message names; checked by the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) via: Via,
    pub(crate) call_id: String,
    pub(crate) from_tag: Option<String>,
    pub(crate) to_tag: Option<String>,
    pub(crate) cseq: u32,
    pub(crate) method: Method,
}

/// A request that passed the guard.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub(crate) head: Head,
    /// The Request-URI as it was written.
    pub(crate) uri: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// A response that passed the guard.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) head: Head,
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// What a body holds for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    Empty,
    Sdp(String),
    /// Something else, named by its type.
    Other(String),
}

/// The SDP of a body, also inside a multipart one.
pub(crate) fn body_of(headers: &Headers, body: &[u8]) -> Body {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Body::Empty;
    }
    let kind = first(headers, "Content-Type").unwrap_or(SDP);
    let essence = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let text = String::from_utf8_lossy(body);
    if essence == SDP {
        return Body::Sdp(text.into_owned());
    }
    if essence.starts_with("multipart/") {
        let params = kind.find(';').and_then(|at| address::params_of(&kind[at..]));
        let boundary = params.and_then(|params| {
            params.into_iter().find(|(n, _)| n.eq_ignore_ascii_case("boundary"))?.1
        });
        if let Some(sdp) = boundary.filter(|b| !b.is_empty()).and_then(|b| sdp_part(&text, &b)) {
            return Body::Sdp(sdp);
        }
    }
    Body::Other(essence)
}

fn sdp_part(text: &str, boundary: &str) -> Option<String> {
    text.split(&format!("--{boundary}")).find_map(|part| {
        let (head, body) = part.split_once("\r\n\r\n")?;
        let sdp = head.lines().any(|line| {
            let (name, value) = line.split_once(':').unwrap_or(("", ""));
            name.trim().eq_ignore_ascii_case("Content-Type")
                && value.trim().to_ascii_lowercase().starts_with(SDP)
        });
        // The line end before a boundary belongs to the boundary; SDP ends with one of its own.
        let body = body.strip_suffix("\r\n").unwrap_or(body);
        let end = if body.ends_with("\r\n") { "" } else { "\r\n" };
        sdp.then(|| body.to_owned() + end)
    })
}

/// The address in a header that holds one.
pub(crate) fn address_in(headers: &Headers, name: &str) -> Option<NameAddr> {
    NameAddr::parse(first(headers, name)?)
}

/// The URI of the first Contact.
pub(crate) fn contact(headers: &Headers) -> Option<String> {
    list(headers, "Contact").first().and_then(|c| NameAddr::parse(c)).map(|c| c.uri)
}

/// The words of a Reason header (`Q.850;cause=16;text="normal"`).
pub(crate) fn reason(headers: &Headers) -> Option<String> {
    first(headers, "Reason").map(str::to_owned)
}

/// Text that fits into one header line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// An answer to be written.
#[derive(Debug, Default)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) reason: Option<&'a str>,
    /// Our tag, put on a To that has none.
    pub(crate) to_tag: Option<&'a str>,
    pub(crate) extra: Vec<(&'a str, String)>,
    pub(crate) sdp: Option<&'a str>,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(status: u16, to_tag: &'a str) -> Self {
        Self { status, to_tag: Some(to_tag), ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.extra.push((name, value.into()));
        self
    }

    /// The response to a request with these headers (RFC 3261 §8.2.6).
    pub(crate) fn to(&self, request: &Headers, product: &str) -> Bytes {
        let mut headers = Headers::default();
        let early_or_up = (101..300).contains(&self.status);
        for header in request.iter() {
            let name = header.name();
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            if is("To") {
                let mut to = header.value().to_owned();
                let tagged = NameAddr::parse(&to).is_some_and(|to| to.param("tag").is_some());
                if let Some(tag) = self.to_tag.filter(|_| !tagged && self.status > 100) {
                    to = format!("{to};tag={tag}");
                }
                headers.push(make_header("To", to));
            } else if is("Via")
                || is("From")
                || is("Call-ID")
                || is("CSeq")
                || (is("Timestamp") && self.status == 100)
                || (is("Record-Route") && early_or_up)
            {
                headers.push(header.clone());
            }
        }
        for (name, value) in &self.extra {
            headers.push(make_header(name, one_line(value)));
        }
        headers.push(make_header("Server", product.to_owned()));
        let body = self.sdp.unwrap_or("").as_bytes().to_vec();
        if self.sdp.is_some() {
            headers.push(make_header("Content-Type", SDP.into()));
        }
        headers.push(make_header("Content-Length", body.len().to_string()));
        let status_code = match self.reason.filter(|r| !r.is_empty()) {
            Some(reason) => StatusCode::Other(self.status, one_line(reason)),
            None => StatusCode::from(self.status),
        };
        Response { status_code, headers, body, ..Response::default() }.to_bytes().into()
    }
}

/// A request to be written; Via is put on when it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) headers: Headers,
    pub(crate) sdp: Option<String>,
}

impl Outbound {
    pub(crate) fn new(method: Method, uri: impl Into<String>) -> Self {
        Self { method, uri: uri.into(), headers: Headers::default(), sdp: None }
    }

    pub(crate) fn push(&mut self, name: &str, value: impl Into<String>) {
        self.headers.push(make_header(name, one_line(&value.into())));
    }

    /// Another value for a header that stands once.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|h| !h.name().eq_ignore_ascii_case(name));
        self.push(name, value);
    }

    pub(crate) fn cseq(&self) -> u32 {
        let cseq = first(&self.headers, "CSeq").and_then(|v| v.split_whitespace().next());
        cseq.and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// The bytes on the wire. The URI stands as given: rsipstack would re-write its escapes.
    pub(crate) fn bytes(&self, via: &str) -> Bytes {
        let sdp = self.sdp.as_deref().unwrap_or("");
        let kind = if self.sdp.is_some() { "Content-Type: application/sdp\r\n" } else { "" };
        format!(
            "{} {} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\n{}{kind}Content-Length: {}\r\n\r\n{sdp}",
            self.method,
            self.uri,
            self.headers,
            sdp.len()
        )
        .into()
    }

    /// The ACK of a refusal, or the CANCEL, of this INVITE: same hop, same routes (RFC 3261 §9.1, §17.1.1.3).
    pub(crate) fn same_hop(&self, method: Method, to: Option<&str>) -> Self {
        let mut request = Self::new(method, &*self.uri);
        for header in self.headers.iter() {
            let is = |wanted: &str| header.name().eq_ignore_ascii_case(wanted);
            if is("From") || is("Call-ID") || is("Route") || (is("To") && to.is_none()) {
                request.headers.push(header.clone());
            }
        }
        if let Some(to) = to {
            request.push("To", to);
        }
        request.push("CSeq", format!("{} {method}", self.cseq()));
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_via_is_read_with_its_odd_blanks() {
        let via =
            Via::parse("SIP / 2.0 / UDP 192.0.2.2 : 5070 ;rport; branch = z9hG4bKa, SIP/2.0/TCP b")
                .unwrap();
        assert_eq!(
            (via.transport.as_str(), via.host.as_str(), via.port),
            ("UDP", "192.0.2.2", Some(5070))
        );
        assert_eq!((via.usable_branch(), via.rport), (Some("z9hG4bKa"), true));
        assert_eq!(Via::parse("SIP/2.0/UDP h;branch=z9hG4bK").unwrap().usable_branch(), None);
        assert_eq!(Via::parse("SIP/2.0/UDP"), None);
    }

    #[test]
    fn the_sdp_of_a_multipart_body_is_found() {
        let mut headers = Headers::default();
        headers.push(make_header("Content-Type", "multipart/mixed;boundary=\"b-1\"".into()));
        let body = "--b-1\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b-1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\ns=-\r\n--b-1--\r\n";
        assert_eq!(body_of(&headers, body.as_bytes()), Body::Sdp("v=0\r\ns=-\r\n".into()));
    }

    #[test]
    fn an_extra_header_cannot_bring_a_second_line() {
        let answer = Answer::new(480, "t")
            .with("Retry-After", "5\r\nX-Evil: 1")
            .to(&Headers::default(), "p");
        assert!(!String::from_utf8_lossy(&answer).contains("\r\nX-Evil"));
    }
}
