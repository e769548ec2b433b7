//! What all participants know together: who was there when, what was said, and who heard it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use engine::{clock::Instant, record::Recorder};

use super::Series;

/// A message counts as missed only by those who stayed this long after it was sent: it may still be on its way
/// to somebody who is leaving.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// The session as its participants lived it.
#[derive(Debug, Default)]
pub(super) struct Session {
    messages: BTreeMap<String, Sent>,
    people: BTreeMap<u64, Person>,
    /// Which message took which place in the session's order, as whoever heard it first was told.
    order: BTreeMap<u64, String>,
}

#[derive(Debug)]
struct Sent {
    by: u64,
    at: Instant,
}

#[derive(Debug, Default)]
struct Person {
    /// From the welcome to leaving or losing the socket.
    present: Vec<(Instant, Option<Instant>)>,
    heard: BTreeSet<String>,
    last_seq: Option<u64>,
}

/// What hearing a message showed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// From the sender's sending, if it was somebody else's message.
    pub(super) latency: Option<Duration>,
    /// Heard before.
    pub(super) duplicate: bool,
    /// Not after the one before, or not the message others heard in this place.
    pub(super) out_of_order: bool,
}

impl Session {
    pub(super) fn arrived(&mut self, who: u64, at: Instant) {
        let person = self.people.entry(who).or_default();
        person.present.push((at, None));
        // Whatever was said while somebody was away is missed, not out of order.
        person.last_seq = None;
    }

    pub(super) fn gone(&mut self, who: u64, at: Instant) {
        if let Some((_, until @ None)) = self.people.entry(who).or_default().present.last_mut() {
            *until = Some(at);
        }
    }

    pub(super) fn said(&mut self, who: u64, client_id: String, at: Instant) {
        self.messages.insert(client_id, Sent { by: who, at });
    }

    pub(super) fn heard(
        &mut self,
        who: u64,
        client_id: &str,
        seq: u64,
        message_id: &str,
        at: Instant,
    ) -> Heard {
        let person = self.people.entry(who).or_default();
        let duplicate = !person.heard.insert(client_id.to_owned());
        let backwards = person.last_seq.is_some_and(|last| seq <= last);
        person.last_seq = Some(seq);
        let place = self.order.entry(seq).or_insert_with(|| message_id.to_owned());
        let elsewhere = place != message_id;
        let sent = self.messages.get(client_id).filter(|sent| sent.by != who && !duplicate);
        let latency = sent.map(|sent| at.saturating_duration_since(sent.at));
        Heard { latency, duplicate, out_of_order: (backwards && !duplicate) || elsewhere }
    }

    /// The delivery matrix: every message was expected once at every other participant who was there when it
    /// was sent and stayed long enough to get it.
    pub(super) fn account(&self, series: Series, recorder: &Recorder) {
        for (client_id, sent) in &self.messages {
            for (who, person) in self.people.iter().filter(|(who, _)| **who != sent.by) {
                if !person.stayed_for(sent.at) {
                    continue;
                }
                let heard = person.heard.contains(client_id);
                recorder.share(series.delivered, heard);
                if !heard {
                    recorder.counter(series.missed, || {
                        format!("participant {who} never heard {client_id} of participant {}", sent.by)
                    });
                }
            }
        }
    }
}

impl Person {
    fn stayed_for(&self, sent: Instant) -> bool {
        self.present
            .iter()
            .any(|(from, until)| *from <= sent && until.is_none_or(|until| until >= sent + ON_ITS_WAY))
    }
}
