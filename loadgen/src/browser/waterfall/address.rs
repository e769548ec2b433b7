//! What an address says of who is asked.

/// Scheme, host and port of what is asked over the network; nothing where it is not, as of `data:`.
pub(super) fn origin(url: &str) -> &str {
    let Some(at) = ["https://", "http://"].into_iter().find(|scheme| url.starts_with(scheme)).map(str::len)
    else {
        return "";
    };
    let length = url[at..].find(['/', '?', '#']).unwrap_or(url.len() - at);
    &url[..at + length]
}

/// The host that is asked, in lower case and an IPv6 address without its brackets; `None` where none is.
pub(in crate::browser) fn host(url: &str) -> Option<String> {
    let authority = origin(url).split_once("://")?.1;
    let named = authority.rsplit_once('@').map_or(authority, |(_, named)| named);
    let host = match named.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => named.split_once(':').map_or(named, |(host, _)| host),
    };
    Some(host.to_ascii_lowercase())
}
