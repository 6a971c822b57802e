//! Who calls, and which number they dialled (来电识别).
use base::PhoneNumber;

use crate::address::{self, NameAddr};
use crate::message::{self, Incoming};
use crate::{Caller, NumberRule};

/// The caller of an INVITE from a trunk: P-Asserted-Identity, Remote-Party-ID, From, in this order.
pub(crate) fn caller(request: &Incoming) -> Caller {
    let headers = &request.headers;
    let asserted = message::list(headers, "P-Asserted-Identity");
    let party = message::list(headers, "Remote-Party-ID");
    let from = message::list(headers, "From");
    let candidates: Vec<(&str, NameAddr)> = asserted
        .iter()
        .chain(&party)
        .chain(&from)
        .filter_map(|raw| Some((*raw, NameAddr::parse(raw)?)))
        .collect();
    let with_number = candidates.iter().find(|(_, name)| number(&name.uri).is_some());
    let (raw, name) = match with_number.or_else(|| candidates.first()) {
        Some((raw, name)) => ((*raw).to_owned(), Some(name)),
        None => (String::new(), None),
    };
    Caller {
        number: name.and_then(|name| number(&name.uri)),
        withheld: withheld(request),
        display: name.and_then(|name| name.display.clone()),
        raw,
    }
}

fn number(uri: &str) -> Option<PhoneNumber> {
    address::number_part(uri)?.parse().ok()
}

/// Privacy (RFC 3323, RFC 3325), Remote-Party-ID's own word for it, or an anonymous From.
fn withheld(request: &Incoming) -> bool {
    let privacy =
        message::every(&request.headers, "Privacy").flat_map(|value| value.split([';', ',']));
    let asked = privacy.map(str::trim).any(|word| {
        ["id", "user", "header", "full"].iter().any(|hide| word.eq_ignore_ascii_case(hide))
    });
    let party = message::list(&request.headers, "Remote-Party-ID");
    let party = party.iter().filter_map(|raw| NameAddr::parse(raw)).any(|party| {
        party
            .param("privacy")
            .is_some_and(|word| !word.is_empty() && !word.eq_ignore_ascii_case("off"))
    });
    let from = message::address_in(&request.headers, "From");
    let anonymous = from.is_some_and(|from| {
        let user = address::user(&from.uri).unwrap_or_default();
        let host = address::host_port(&from.uri).map(|(host, _)| host).unwrap_or_default();
        user.eq_ignore_ascii_case("anonymous") || host.eq_ignore_ascii_case("anonymous.invalid")
    });
    asked || party || anonymous
}

/// The number first dialled, by the trunk's rules; the Request-URI when no rule finds one.
pub(crate) fn dialled(request: &Incoming, rules: &[NumberRule]) -> String {
    let by_rule = rules.iter().find_map(|rule| match rule {
        NumberRule::HistoryInfo => oldest_history(request),
        NumberRule::DiversionLast => {
            message::list(&request.headers, "Diversion").last().and_then(|raw| of(raw))
        }
        NumberRule::CalledParty => {
            message::list(&request.headers, "P-Called-Party-ID").first().and_then(|raw| of(raw))
        }
        NumberRule::To => message::first(&request.headers, "To").and_then(of),
        NumberRule::RequestUri => address::number_part(&request.uri),
    });
    by_rule.or_else(|| address::number_part(&request.uri)).unwrap_or_default()
}

fn of(raw: &str) -> Option<String> {
    address::number_part(&NameAddr::parse(raw)?.uri)
}

fn oldest_history(request: &Incoming) -> Option<String> {
    let entries = message::list(&request.headers, "History-Info");
    let mut entries: Vec<(Vec<u32>, String)> = entries
        .iter()
        .filter_map(|raw| {
            let name = NameAddr::parse(raw)?;
            let index = name.param("index").unwrap_or("").split('.').map_while(|n| n.parse().ok());
            Some((index.collect(), address::number_part(&name.uri)?))
        })
        .collect();
    entries.sort();
    entries.into_iter().next().map(|(_, number)| number)
}
