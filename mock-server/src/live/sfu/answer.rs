//! The SFU's own descriptions: its answers to offers and its offers, written line by line.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::sdp::{Codec, Direction, Kind, Setup};
use crate::live::passes::random_text;

/// Who the SFU is towards one client: credentials for ICE, a certificate for DTLS, a version that counts up.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    ice_ufrag: String,
    ice_pwd: String,
    fingerprint: String,
    session: u64,
    version: u64,
}

/// A media section as the SFU describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) kind: Kind,
    pub(crate) protocol: String,
    pub(crate) mid: String,
    pub(crate) codecs: Vec<Codec>,
    /// As the SFU sees it.
    pub(crate) direction: Direction,
    pub(crate) setup: Setup,
    /// The stream it sends a track of.
    pub(crate) stream: Option<String>,
}

impl Section {
    /// Whether there is nothing in it that both sides could carry.
    fn is_refused(&self) -> bool {
        self.kind != Kind::Application && self.codecs.is_empty()
    }
}

impl Identity {
    /// A new one.
    pub(crate) fn new() -> Self {
        let certificate = Sha256::digest(random_text::<32>());
        let fingerprint: Vec<String> = certificate.iter().map(|byte| format!("{byte:02X}")).collect();
        let session = certificate.iter().take(7).fold(0, |number, byte| number << 8 | u64::from(*byte));
        let (ice_ufrag, ice_pwd) = credentials();
        Self { ice_ufrag, ice_pwd, fingerprint: fingerprint.join(":"), session, version: 0 }
    }

    /// Takes new credentials for ICE: how the answer to a restart differs (RFC 8839, 4.4.1.1).
    pub(crate) fn restart(&mut self) {
        (self.ice_ufrag, self.ice_pwd) = credentials();
    }

    /// Writes a description of these sections, in their order.
    pub(crate) fn describe(&mut self, sections: &[Section]) -> String {
        self.version += 1;
        let bundled: Vec<&str> = sections
            .iter()
            .filter(|section| !section.is_refused())
            .map(|section| section.mid.as_str())
            .collect();
        let mut sdp = String::new();
        let mut line = |text: std::fmt::Arguments<'_>| {
            sdp.write_fmt(text)
                .and_then(|()| sdp.write_str("\r\n"))
                .expect("writing to a string cannot fail");
        };
        line(format_args!("v=0"));
        line(format_args!("o=- {} {} IN IP4 127.0.0.1", self.session, self.version));
        line(format_args!("s=-"));
        line(format_args!("t=0 0"));
        line(format_args!("a=group:BUNDLE {}", bundled.join(" ")));
        line(format_args!("a=extmap-allow-mixed"));
        line(format_args!("a=msid-semantic: WMS *"));
        line(format_args!("a=ice-lite"));
        for section in sections {
            self.describe_section(section, &mut line);
        }
        sdp
    }

    fn describe_section(&self, section: &Section, line: &mut impl FnMut(std::fmt::Arguments<'_>)) {
        let port = if section.is_refused() { 0 } else { 9 };
        let formats = match section.kind {
            Kind::Application => "webrtc-datachannel".to_owned(),
            _ if section.codecs.is_empty() => "0".to_owned(),
            _ => section.codecs.iter().map(|codec| codec.payload_type.as_str()).collect::<Vec<_>>().join(" "),
        };
        line(format_args!("m={} {port} {} {formats}", section.kind.name(), section.protocol));
        line(format_args!("c=IN IP4 0.0.0.0"));
        line(format_args!("a=mid:{}", section.mid));
        line(format_args!("a=ice-ufrag:{}", self.ice_ufrag));
        line(format_args!("a=ice-pwd:{}", self.ice_pwd));
        line(format_args!("a=fingerprint:sha-256 {}", self.fingerprint));
        let setup = match section.setup {
            Setup::Actpass => "actpass",
            Setup::Active => "active",
            Setup::Passive => "passive",
        };
        line(format_args!("a=setup:{setup}"));
        if section.kind == Kind::Application {
            line(format_args!("a=sctp-port:5000"));
            return;
        }
        line(format_args!("a={}", section.direction.name()));
        line(format_args!("a=rtcp-mux"));
        if let Some(stream) = section.stream.as_ref().filter(|_| section.direction.sends()) {
            line(format_args!("a=msid:{stream} track-{}", section.mid));
        }
        for codec in &section.codecs {
            line(format_args!("a=rtpmap:{} {}", codec.payload_type, codec.name));
            if let Some(parameters) = &codec.parameters {
                line(format_args!("a=fmtp:{} {parameters}", codec.payload_type));
            }
        }
    }
}

/// A user fragment and a password for ICE, of the characters RFC 8839 allows: letters, digits, + and /.
fn credentials() -> (String, String) {
    let token = |text: String| text.replace(['-', '_'], "x");
    (token(random_text::<6>()), token(random_text::<18>()))
}
