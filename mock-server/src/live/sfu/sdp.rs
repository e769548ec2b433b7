//! Session descriptions (RFC 8866), as far as WebRTC's offers and answers need them (RFC 8829): read into media
//! sections, with everything an answer must correspond to.

/// Longest description that is read.
const MAX_BYTES: usize = 256 * 1024;

/// A description, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sdp {
    pub(crate) media: Vec<Media>,
    /// User fragment and password for ICE: of the session, else of the first section that has them.
    pub(crate) credentials: Option<(String, String)>,
}

/// A media section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Media {
    pub(crate) kind: Kind,
    /// `UDP/TLS/RTP/SAVPF` or `UDP/DTLS/SCTP`.
    pub(crate) protocol: String,
    pub(crate) mid: String,
    pub(crate) direction: Direction,
    pub(crate) setup: Setup,
    /// Payload types the SFU can carry, in the other side's order of preference.
    pub(crate) codecs: Vec<Codec>,
    /// Port 0: the section was refused or is not used any more.
    pub(crate) refused: bool,
}

/// What a section carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Audio,
    Video,
    /// A data channel.
    Application,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Application => "application",
        }
    }
}

/// Who sends in a section, as its author sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    pub(crate) const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }
}

/// Who opens the DTLS connection (RFC 4145).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    Actpass,
    Active,
    Passive,
}

/// A payload type and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Codec {
    pub(crate) payload_type: String,
    /// As in `opus/48000/2`.
    pub(crate) name: String,
    /// Its `fmtp` parameters, if it has any.
    pub(crate) parameters: Option<String>,
}

impl Codec {
    /// The part of its name before the clock rate, as in `opus`.
    pub(crate) fn encoding(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    fn is_carried(&self, kind: Kind) -> bool {
        let encoding = self.encoding().to_ascii_lowercase();
        match kind {
            Kind::Audio => encoding == "opus",
            Kind::Video => matches!(encoding.as_str(), "vp8" | "vp9" | "h264" | "av1" | "rtx"),
            Kind::Application => false,
        }
    }

    /// The payload type that a retransmission stream repairs.
    fn repairs(&self) -> Option<&str> {
        let parameters =
            self.parameters.as_deref().filter(|_| self.name.to_ascii_lowercase().starts_with("rtx/"))?;
        parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("apt="))
    }
}

/// Reads a description; the error is a sentence about the first thing wrong with it.
pub(crate) fn parse(text: &str) -> Result<Sdp, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("the description has more than {MAX_BYTES} bytes"));
    }
    let lines: Vec<(&str, &str)> = text.lines().map(line).collect::<Result<_, _>>()?;
    let first_media = lines.iter().position(|(key, _)| *key == "m").unwrap_or(lines.len());
    let (session, rest) = lines.split_at(first_media);
    if lines.first() != Some(&("v", "0")) {
        return Err("it does not begin with v=0".to_owned());
    }
    for key in ["o", "s", "t"] {
        if !session.iter().any(|(present, _)| *present == key) {
            return Err(format!("its session part has no {key}= line"));
        }
    }
    let starts: Vec<usize> = (0..rest.len()).filter(|at| rest[*at].0 == "m").collect();
    let ends = starts.iter().skip(1).copied().chain([rest.len()]);
    let media: Vec<Media> = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| section(session, &rest[*start..end]))
        .collect::<Result<_, _>>()?;
    if media.is_empty() {
        return Err("it has no media section".to_owned());
    }
    for (at, section) in media.iter().enumerate() {
        if media[..at].iter().any(|earlier| earlier.mid == section.mid) {
            return Err(format!("mid {:?} occurs twice", section.mid));
        }
    }
    let credentials = attribute(session, "ice-ufrag").zip(attribute(session, "ice-pwd"));
    let credentials = credentials.or_else(|| attribute(rest, "ice-ufrag").zip(attribute(rest, "ice-pwd")));
    Ok(Sdp { media, credentials })
}

/// The value of the first attribute of this name: empty for a flag.
fn attribute(lines: &[(&str, &str)], name: &str) -> Option<String> {
    lines.iter().filter(|(key, _)| *key == "a").find_map(|(_, value)| {
        let (attribute, value) = value.split_once(':').unwrap_or((value, ""));
        (attribute == name).then(|| value.to_owned())
    })
}

fn line(text: &str) -> Result<(&str, &str), String> {
    match text.split_once('=') {
        Some((key, value)) if key.len() == 1 => Ok((key, value)),
        _ => Err(format!("not a line of the form x=…: {:?}", text.chars().take(40).collect::<String>())),
    }
}

fn section(session: &[(&str, &str)], lines: &[(&str, &str)]) -> Result<Media, String> {
    let (_, description) = lines[0];
    let mut words = description.split_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
        return Err(format!("incomplete media line: m={description}"));
    };
    let kind = match kind {
        "audio" => Kind::Audio,
        "video" => Kind::Video,
        "application" => Kind::Application,
        other => return Err(format!("unknown kind of media: {other}")),
    };
    let port: u16 = port.parse().map_err(|_| format!("not a port in m={description}"))?;
    let formats: Vec<&str> = words.collect();
    let own = |name: &str| attribute(lines, name);
    let inherited = |name: &str| own(name).or_else(|| attribute(session, name));
    let mid =
        own("mid").filter(|mid| !mid.is_empty()).ok_or_else(|| format!("no a=mid under m={description}"))?;
    for name in ["ice-ufrag", "ice-pwd", "fingerprint"] {
        if port != 0 && inherited(name).is_none_or(|value| value.is_empty()) {
            return Err(format!("no a={name} for mid {mid:?}"));
        }
    }
    let setup = match inherited("setup").as_deref() {
        Some("actpass") => Setup::Actpass,
        Some("active") => Setup::Active,
        Some("passive") => Setup::Passive,
        None if port == 0 => Setup::Actpass,
        other => return Err(format!("a=setup of mid {mid:?} is {}", other.unwrap_or("missing"))),
    };
    let directions = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
    let direction = directions.into_iter().find(|direction| inherited(direction.name()).is_some());
    Ok(Media {
        codecs: codecs(kind, &formats, lines),
        kind,
        protocol: protocol.to_owned(),
        direction: direction.unwrap_or(Direction::SendRecv),
        setup,
        refused: port == 0,
        mid,
    })
}

/// The payload types of a section that the SFU carries, in order.
fn codecs(kind: Kind, formats: &[&str], lines: &[(&str, &str)]) -> Vec<Codec> {
    let about = |attribute: &str, format: &str| {
        lines.iter().filter(|(key, _)| *key == "a").find_map(|(_, value)| {
            let (payload_type, rest) = value.strip_prefix(attribute)?.split_once(' ')?;
            (payload_type == format).then(|| rest.to_owned())
        })
    };
    let described = formats.iter().filter_map(|format| {
        Some(Codec {
            payload_type: (*format).to_owned(),
            name: about("rtpmap:", format)?,
            parameters: about("fmtp:", format),
        })
    });
    let carried: Vec<Codec> = described.filter(|codec| codec.is_carried(kind)).collect();
    let is_carried = |payload_type: &str| carried.iter().any(|codec| codec.payload_type == payload_type);
    carried.iter().filter(|codec| codec.repairs().is_none_or(is_carried)).cloned().collect()
}
