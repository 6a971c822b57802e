//! Names, addresses and lists in header values. rsipstack's own readers take the first `<` for the
//! start of an address, also inside quotes, and re-write escapes; what is answered, matched or
//! sent on is therefore read here and kept as it was written.

/// `"Display" <sip:user@host>;param=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameAddr {
    pub(crate) display: Option<String>,
    pub(crate) uri: String,
    pub(crate) params: Vec<(String, Option<String>)>,
}

impl NameAddr {
    /// `None` for what RFC 3261 §25.1 does not allow: open quotes or brackets, no scheme, blanks in the URI.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (display, rest) = if text.starts_with('"') {
            let (quoted, rest) = quoted(text)?;
            (Some(quoted), rest.trim_start())
        } else {
            match text.find('<') {
                Some(at) => (Some(text[..at].trim().to_owned()), &text[at..]),
                None => (None, text),
            }
        };
        let (uri, params) = if let Some(inner) = rest.strip_prefix('<') {
            let close = inner.find('>')?;
            (&inner[..close], inner[close + 1..].trim())
        } else if display.is_some() {
            return None;
        } else {
            let end = rest.find(';').unwrap_or(rest.len());
            (&rest[..end], &rest[end..])
        };
        let bad = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"');
        if uri.contains(bad) || scheme(uri).is_none() {
            return None;
        }
        let params = params_of(params)?;
        Some(Self { display: display.filter(|d| !d.is_empty()), uri: uri.to_owned(), params })
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(found.1.as_deref().unwrap_or(""))
    }
}

/// The text of a leading quoted string, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Some((value, &text[at + 1..])),
            _ => value.push(c),
        }
    }
    None
}

/// `;a=1;b;c="x;y"`. `None` when something else stands there.
pub(crate) fn params_of(text: &str) -> Option<Vec<(String, Option<String>)>> {
    let mut params = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        rest = rest.strip_prefix(';')?.trim_start();
        let end = rest.find([';', '=']).unwrap_or(rest.len());
        let name = rest[..end].trim().to_owned();
        rest = &rest[end..];
        let value = match rest.strip_prefix('=').map(str::trim_start) {
            None => None,
            Some(value) if value.starts_with('"') => {
                let (value, after) = quoted(value)?;
                rest = after.trim_start();
                Some(value)
            }
            Some(value) => {
                let end = value.find(';').unwrap_or(value.len());
                rest = &value[end..];
                Some(value[..end].trim().to_owned())
            }
        };
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b)) {
            return None;
        }
        if !name.is_empty() {
            params.push((name, value));
        }
    }
    Some(params)
}

/// Parts of a list at commas outside quotes and angle brackets.
pub(crate) fn split_list(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quotes, mut escaped, mut brackets) = (0, false, false, 0_u32);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quotes => escaped = true,
            '"' => quotes = !quotes,
            _ if quotes => {}
            '<' => brackets += 1,
            '>' => brackets = brackets.saturating_sub(1),
            ',' if brackets == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The scheme of a URI, as it is written.
pub(crate) fn scheme(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    let mut letters = scheme.bytes();
    let word = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    (word && !rest.is_empty()).then_some(scheme)
}

/// The user part with its escapes decoded, without password; for `tel:` the number.
pub(crate) fn user(uri: &str) -> Option<String> {
    let scheme = scheme(uri)?;
    let rest = &uri[scheme.len() + 1..];
    let user = if scheme.eq_ignore_ascii_case("tel") {
        rest.split(';').next()?
    } else {
        let (user, _) = rest.split_once('@')?;
        user.split(':').next()?
    };
    Some(unescape(user))
}

/// The number in a user part: up to `;` (`+8613800138000;phone-context=…`).
pub(crate) fn number_part(uri: &str) -> Option<String> {
    let user = user(uri)?;
    let number = user.split(';').next()?.trim();
    (!number.is_empty()).then(|| number.to_owned())
}

/// Host and port of a SIP URI, brackets of IPv6 taken off.
pub(crate) fn host_port(uri: &str) -> Option<(String, Option<u16>)> {
    let rest = &uri[scheme(uri)?.len() + 1..];
    let rest = rest.split_once('@').map_or(rest, |(_, host)| host);
    let end = rest.find([';', '?']).unwrap_or(rest.len());
    sent_by(&rest[..end])
}

/// `host`, `host:port`, `[v6]:port`.
pub(crate) fn sent_by(text: &str) -> Option<(String, Option<u16>)> {
    let text = text.trim();
    let (host, port) = if let Some(inner) = text.strip_prefix('[') {
        let (host, after) = inner.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        match after.trim().strip_prefix(':') {
            None if after.trim().is_empty() => (host, None),
            None => return None,
            port => (host, port),
        }
    } else {
        match text.split_once(':') {
            None => (text, None),
            Some((host, port)) => (host.trim_end(), Some(port)),
        }
    };
    let port = match port {
        None => None,
        Some(port) => Some(port.trim().parse().ok()?),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    (!host.is_empty() && host.chars().all(fits)).then(|| (host.to_owned(), port))
}

/// The value of a URI parameter.
pub(crate) fn uri_param(uri: &str, name: &str) -> Option<String> {
    let rest = uri.split_once('@').map_or(uri, |(_, host)| host);
    let rest = rest.split('?').next()?;
    let params = rest.find(';').map(|at| &rest[at..])?;
    let found = params_of(params)?.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
    Some(found.1.unwrap_or_default())
}

/// Percent escapes decoded; what is no escape, or would be no text, stays. `%00` stays too: NUL
/// never leaves this room.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = (first == b'%').then(|| after.get(..2)).flatten();
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(|byte| *byte != 0);
        if let Some(byte) = byte {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// What may stand in a user part unescaped; the rest is escaped.
pub(crate) fn escape_user(user: &str) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(user.len());
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a String takes everything");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_may_hold_brackets_and_quotes() {
        let name = NameAddr::parse(r#""a <b>; \"c\"" <sip:1@h>;tag=x;y"#).unwrap();
        assert_eq!(name.display.as_deref(), Some(r#"a <b>; "c""#));
        assert_eq!(name.uri, "sip:1@h");
        assert_eq!(
            (name.param("TAG"), name.param("y"), name.param("z")),
            (Some("x"), Some(""), None)
        );
    }

    #[test]
    fn without_brackets_parameters_belong_to_the_header() {
        let name = NameAddr::parse("sip:alice@h;tag=88").unwrap();
        assert_eq!((name.uri.as_str(), name.param("tag")), ("sip:alice@h", Some("88")));
        assert_eq!(NameAddr::parse("<sip:a@h;lr>").unwrap().param("lr"), None);
    }

    #[test]
    fn broken_addresses_are_none() {
        for bad in
            ["\"open <sip:a@h>", "<sip:a@h", "\"x\" sip:a@h", "<a>", "", "<sip:a@h> x", "sip: a@h"]
        {
            assert_eq!(NameAddr::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_user_part_keeps_its_semicolon_and_loses_its_escapes() {
        let uri = "sip:user;par=u%40example.net@example.com;p=1";
        assert_eq!(user(uri).as_deref(), Some("user;par=u@example.net"));
        assert_eq!(user("sip:%31234%35;x@h").as_deref(), Some("12345;x"));
        assert_eq!(number_part("sip:12345;phone-context=+86434@h").as_deref(), Some("12345"));
        assert_eq!(user("tel:+864341234567;ext=1").as_deref(), Some("+864341234567"));
        assert_eq!(user("sip:null-%00-null@h").as_deref(), Some("null-%00-null"));
        assert_eq!(user("sip:example.com"), None);
    }

    #[test]
    fn hosts_have_ports_and_brackets() {
        let host = |uri| host_port(uri).unwrap();
        assert_eq!(host("sip:1@10.0.0.1:5070;lr"), ("10.0.0.1".into(), Some(5070)));
        assert_eq!(host("sip:1@[2001:db8::10]:5070"), ("2001:db8::10".into(), Some(5070)));
        assert_eq!(host("sip:example.com?x=1"), ("example.com".into(), None));
        assert_eq!(host_port("sip:1@2001:db8::10"), None);
    }

    #[test]
    fn lists_split_at_their_own_commas_only() {
        assert_eq!(split_list(r#""a,b" <sip:a@h;x="1,2">, <sip:c,d@h>,"#).len(), 2);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_text_makes_a_reader_panic(text in "[ -~\u{4e00}-\u{4e10}]{0,60}") {
            let _ = NameAddr::parse(&text);
            let _ = (user(&text), host_port(&text), sent_by(&text), split_list(&text));
            let _ = (uri_param(&text, "lr"), params_of(&text));
        }

        #[test]
        fn an_escaped_user_reads_back(name in "[^\u{0}]{1,20}") {
            let uri = format!("sip:{}@h", escape_user(&name));
            proptest::prop_assert_eq!(user(&uri), Some(name));
        }
    }
}
