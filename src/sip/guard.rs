//! The raw guard before the parser. It decides what is a SIP message at all, repairs what carriers
//! get wrong (text that is not UTF-8, a missing Content-Length), and refuses what two readers could
//! understand in two ways. What passes is parsed by rsipstack and checked once for all that the
//! machine relies on.
use rsipstack::sip::headers::make_header;
use rsipstack::sip::{Headers, Method, SipMessage};

use crate::address::{self, NameAddr};
use crate::message::{self, Head, Incoming, Reply, Via};

/// Longest datagram or WebSocket frame taken.
pub(crate) const DATAGRAM_AT_MOST: usize = 8 * 1024;
/// Longest message on a stream.
pub(crate) const STREAM_AT_MOST: usize = 64 * 1024;
const HEADERS_AT_MOST: usize = 100;
const VIAS_AT_MOST: usize = 20;
/// Headers that stand once (RFC 3261 §7.3.1).
const SINGLE: [&str; 7] =
    ["From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type"];

/// What became of some bytes.
#[derive(Debug)]
pub(crate) enum Verdict {
    Request(Box<Incoming>),
    Response(Box<Reply>),
    /// A request that cannot be served, with enough in it to say so.
    Answer(Box<Refusal>),
    /// Keep-alive: CRLF and nothing else.
    Blank,
    /// Nothing that can be answered.
    Drop(&'static str),
}

/// A status for a broken request, and the headers the answer is made from.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) reason: &'static str,
    pub(crate) headers: Headers,
    pub(crate) via: Via,
}

/// A message taken apart into lines, before any meaning is given to it.
struct Raw<'a> {
    start: String,
    headers: Headers,
    body: &'a [u8],
}

/// Looks at one datagram, WebSocket frame or framed piece of a stream.
pub(crate) fn inspect(bytes: &[u8]) -> Verdict {
    let bytes = skip_blank(bytes);
    if bytes.is_empty() {
        return Verdict::Blank;
    }
    if bytes.len() > STREAM_AT_MOST {
        return Verdict::Drop("too long");
    }
    let Some(end) = header_end(bytes) else { return Verdict::Drop("no end of headers") };
    let text = String::from_utf8_lossy(&bytes[..end]);
    let (raw, flaw) = take_apart(&text, &bytes[end + 4..]);
    let response = raw.start.starts_with("SIP/");
    let checked = match flaw {
        Some(flaw) => Err(flaw),
        None if response => check_response(&raw).map(Verdict::Response),
        None => check_request(&raw).map(Verdict::Request),
    };
    checked.unwrap_or_else(|(status, reason)| {
        let via = message::first(&raw.headers, "Via").and_then(Via::parse);
        match via {
            Some(via) if !response && !raw.start.starts_with("ACK ") => {
                Verdict::Answer(Box::new(Refusal { status, reason, headers: raw.headers, via }))
            }
            _ => Verdict::Drop(reason),
        }
    })
}

type Flaw = (u16, &'static str);

/// Leading line ends are keep-alive, or what an old element put there (RFC 3261 §7.5).
fn skip_blank(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n' | 0)).unwrap_or(bytes.len());
    &bytes[start..]
}

/// Where the empty line begins.
pub(crate) fn header_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n")
}

/// Lines, folding undone. A flaw does not stop the reading: what can be read is needed for the answer.
fn take_apart<'a>(text: &str, rest: &'a [u8]) -> (Raw<'a>, Option<Flaw>) {
    let mut flaw = None;
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut lines = text.split("\r\n");
    let start = lines.next().unwrap_or("").to_owned();
    for line in lines {
        if line.contains(|c: char| c.is_control() && c != '\t') {
            flaw.get_or_insert((400, "Control Character In Header"));
            continue;
        }
        if line.starts_with([' ', '\t']) {
            match fields.last_mut() {
                Some((_, value)) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                None => drop(flaw.get_or_insert((400, "Blank Before First Header"))),
            }
            continue;
        }
        match line.split_once(':') {
            Some((name, value)) if is_token(name.trim_end()) => {
                fields.push((name.trim_end().to_owned(), value.trim().to_owned()));
            }
            _ => drop(flaw.get_or_insert((400, "Line Without Header Name"))),
        }
    }
    if start.contains(char::is_control) {
        flaw.get_or_insert((400, "Control Character In Start Line"));
    }
    if fields.len() > HEADERS_AT_MOST {
        flaw.get_or_insert((513, "Too Many Headers"));
        fields.truncate(HEADERS_AT_MOST);
    }
    let headers: Vec<_> =
        fields.into_iter().map(|(name, value)| make_header(&name, value)).collect();
    let headers = Headers::from(headers);
    for name in SINGLE {
        if message::every(&headers, name).nth(1).is_some() {
            flaw.get_or_insert((400, "Header Given Twice"));
        }
    }
    if message::list(&headers, "Via").len() > VIAS_AT_MOST {
        flaw.get_or_insert((483, "Too Many Hops"));
    }
    let body = match content_length(&headers) {
        Ok(None) => rest,
        Ok(Some(length)) if length <= rest.len() => &rest[..length],
        Ok(Some(_)) => {
            flaw.get_or_insert((400, "Body Shorter Than Content-Length"));
            rest
        }
        Err(()) => {
            flaw.get_or_insert((400, "Bad Content-Length"));
            rest
        }
    };
    (Raw { start, headers, body }, flaw)
}

/// The Content-Length, if there is one. A stream is framed by the same reading.
pub(crate) fn content_length(headers: &Headers) -> Result<Option<usize>, ()> {
    let mut values = message::every(headers, "Content-Length");
    let Some(value) = values.next() else { return Ok(None) };
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    if !digits || values.next().is_some() {
        return Err(());
    }
    value.parse().ok().filter(|length| *length <= STREAM_AT_MOST).map(Some).ok_or(())
}

/// The headers of the message a stream begins with, as far as framing needs them.
pub(crate) fn stream_length(head: &[u8]) -> Result<usize, ()> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    lines.next();
    let named = lines.filter_map(|line| line.split_once(':'));
    let lengths: Vec<_> = named
        .filter(|(name, _)| {
            let name = name.trim_end();
            name.eq_ignore_ascii_case("Content-Length") || name.eq_ignore_ascii_case("l")
        })
        .map(|(_, value)| make_header("Content-Length", value.trim().to_owned()))
        .collect();
    content_length(&Headers::from(lengths))?.ok_or(())
}

fn is_token(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b);
    !text.is_empty() && text.bytes().all(fits)
}

fn check_request(raw: &Raw<'_>) -> Result<Box<Incoming>, Flaw> {
    let mut words = raw.start.trim_end().split(' ');
    let (Some(method), Some(uri), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err((400, "Bad Request-Line"));
    };
    if !is_token(method) {
        return Err((400, "Bad Method"));
    }
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        let other = version.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("SIP/"));
        return Err(if other { (505, "Version Not Supported") } else { (400, "Bad Request-Line") });
    }
    check_singles(&raw.headers)?;
    let (cseq, cseq_method) = cseq(&raw.headers)?;
    if cseq_method != method {
        return Err((400, "CSeq Names Another Method"));
    }
    let known: Result<Method, _> = method.parse();
    let Some(known) = known.ok().filter(|known| known.to_string() == method) else {
        return Err((501, "Not Implemented"));
    };
    check_uri(uri)?;
    let hops = message::first(&raw.headers, "Max-Forwards");
    if hops.is_some_and(|hops| hops.parse::<u8>().is_err()) {
        return Err((400, "Bad Max-Forwards"));
    }
    let head = head(raw, cseq, known)?;
    let contacts = message::list(&raw.headers, "Contact");
    if contacts.iter().any(|contact| *contact != "*" && NameAddr::parse(contact).is_none()) {
        return Err((400, "Bad Contact"));
    }
    // The second opinion, and the types the rest of the room works with.
    match SipMessage::try_from(rebuilt(raw).as_slice()) {
        Ok(SipMessage::Request(request)) => Ok(Box::new(Incoming {
            head,
            uri: uri.to_owned(),
            headers: request.headers,
            body: request.body,
        })),
        _ => Err((400, "Bad Request")),
    }
}

fn check_uri(uri: &str) -> Result<(), Flaw> {
    if !uri.bytes().all(|b| b.is_ascii_graphic()) || uri.contains(['<', '>', '"']) {
        return Err((400, "Bad Request-URI"));
    }
    let scheme = address::scheme(uri).ok_or((400, "Bad Request-URI"))?;
    if scheme.eq_ignore_ascii_case("tel") {
        return Ok(());
    }
    if !scheme.eq_ignore_ascii_case("sip") && !scheme.eq_ignore_ascii_case("sips") {
        return Err((416, "Unsupported URI Scheme"));
    }
    // RFC 4475 §3.1.2.11: a Request-URI carries no headers.
    let after_user = uri.split_once('@').map_or(uri, |(_, host)| host);
    if after_user.contains('?') || address::host_port(uri).is_none() {
        return Err((400, "Bad Request-URI"));
    }
    Ok(())
}

fn check_response(raw: &Raw<'_>) -> Result<Box<Reply>, Flaw> {
    let line = raw.start.strip_prefix("SIP/2.0 ").ok_or((400, "version"))?;
    let (code, reason) = line.split_once(' ').unwrap_or((line, ""));
    let status: u16 = code.parse().map_err(|_| (400, "status"))?;
    if code.len() != 3 || !(100..700).contains(&status) {
        return Err((400, "status"));
    }
    check_singles(&raw.headers)?;
    let (cseq, method) = cseq(&raw.headers)?;
    let method = method.parse().map_err(|_| (400, "method"))?;
    let head = head(raw, cseq, method)?;
    match SipMessage::try_from(rebuilt(raw).as_slice()) {
        Ok(SipMessage::Response(response)) => Ok(Box::new(Reply {
            head,
            status,
            reason: reason.trim().to_owned(),
            headers: response.headers,
            body: response.body,
        })),
        _ => Err((400, "response")),
    }
}

fn check_singles(headers: &Headers) -> Result<(), Flaw> {
    for name in ["From", "To", "Call-ID", "CSeq", "Via"] {
        if message::first(headers, name).is_none_or(str::is_empty) {
            return Err((400, "Header Missing"));
        }
    }
    Ok(())
}

fn cseq(headers: &Headers) -> Result<(u32, &str), Flaw> {
    let flaw = (400, "Bad CSeq");
    let value = message::first(headers, "CSeq").ok_or(flaw)?;
    let (number, method) = value.split_once(char::is_whitespace).ok_or(flaw)?;
    let number = number.parse::<u32>().ok().filter(|n| *n < 1 << 31).ok_or(flaw)?;
    Ok((number, method.trim()))
}

fn head(raw: &Raw<'_>, cseq: u32, method: Method) -> Result<Head, Flaw> {
    let tag = |name: &str, flaw: Flaw| {
        let address = message::address_in(&raw.headers, name).ok_or(flaw)?;
        Ok(address.param("tag").filter(|tag| !tag.is_empty()).map(str::to_owned))
    };
    let call_id = message::first(&raw.headers, "Call-ID").unwrap_or("").to_owned();
    if call_id.contains(char::is_whitespace) {
        return Err((400, "Bad Call-ID"));
    }
    Ok(Head {
        via: message::first(&raw.headers, "Via").and_then(Via::parse).ok_or((400, "Bad Via"))?,
        call_id,
        from_tag: tag("From", (400, "Bad From"))?,
        to_tag: tag("To", (400, "Bad To"))?,
        cseq,
        method,
    })
}

/// The message again, in the one form every reader understands alike.
fn rebuilt(raw: &Raw<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024 + raw.body.len());
    bytes.extend_from_slice(raw.start.trim_end().as_bytes());
    bytes.extend_from_slice(b"\r\n");
    for header in raw.headers.iter() {
        let name = header.name();
        if !name.eq_ignore_ascii_case("Content-Length") {
            bytes.extend_from_slice(format!("{name}: {}\r\n", header.value()).as_bytes());
        }
    }
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", raw.body.len()).as_bytes());
    bytes.extend_from_slice(raw.body);
    bytes
}
