//! What all participants know together: who was there when, what was said, and who heard it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use engine::{clock::Instant, record::Recorder};

use super::Series;
use crate::{
    books::MediaBooks,
    run::{LiveAccount, MISSES_KEPT, Missed, MissedFrom, Receiver, WORST_KEPT},
};

#[cfg(test)]
mod tests;

/// A message counts as missed only by those who stayed this long after it was sent: it may still be on its way
/// to somebody who is leaving.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// The session as its participants lived it.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Every message said or heard, in the order it was first known.
    messages: Vec<Message>,
    /// The place of each in `messages`, by its sender's id for it.
    places: HashMap<String, usize>,
    people: BTreeMap<u64, Person>,
    /// Which message took which place in the session's order, as whoever heard it first was told.
    order: BTreeMap<u64, String>,
    /// What the SFU had counted before the start, where that could be read.
    sfu_before: Option<MediaBooks>,
    /// Kept by [`Session::settle`].
    account: Option<LiveAccount>,
}

#[derive(Debug)]
struct Message {
    client_id: String,
    /// `None` for a message that no participant of this run said.
    said: Option<Said>,
}

#[derive(Debug, Clone, Copy)]
struct Said {
    by: u64,
    at: Instant,
}

#[derive(Debug, Default)]
struct Person {
    /// From the welcome to the last moment at which whatever is said has to reach them: losing the socket, or a little
    /// before leaving.
    present: Vec<(Instant, Option<Instant>)>,
    /// By the message's place; what lies beyond the end was not heard.
    heard: Vec<bool>,
    last_seq: Option<u64>,
    duplicates: u64,
    out_of_order: u64,
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

    /// Somebody left, or lost the socket: only who leaves is excused from what may still be on its way.
    pub(super) fn gone(&mut self, who: u64, at: Instant, left: bool) {
        if let Some((from, until @ None)) = self.people.entry(who).or_default().present.last_mut() {
            let excused = if left { ON_ITS_WAY } else { Duration::ZERO };
            *until = Some(at.checked_sub(excused).unwrap_or(*from));
        }
    }

    pub(super) fn said(&mut self, who: u64, client_id: String, at: Instant) {
        let known = self.places.get(&client_id).copied();
        let place = known.unwrap_or_else(|| self.new_place(client_id));
        self.messages[place].said = Some(Said { by: who, at });
    }

    pub(super) fn heard(
        &mut self,
        who: u64,
        client_id: &str,
        seq: u64,
        message_id: &str,
        at: Instant,
    ) -> Heard {
        let message = self.place(client_id);
        let elsewhere = self.order.entry(seq).or_insert_with(|| message_id.to_owned()) != message_id;
        let person = self.people.entry(who).or_default();
        let duplicate = person.hears(message);
        let backwards = person.last_seq.is_some_and(|last| seq <= last);
        let out_of_order = (backwards && !duplicate) || elsewhere;
        // What comes late or again moves no mark back.
        person.last_seq = person.last_seq.max(Some(seq));
        person.duplicates += u64::from(duplicate);
        person.out_of_order += u64::from(out_of_order);
        let said = self.messages[message].said.filter(|said| said.by != who && !duplicate);
        let latency = said.map(|said| at.saturating_duration_since(said.at));
        Heard { latency, duplicate, out_of_order }
    }

    /// Notes what the SFU had counted before the start.
    pub(super) fn begins(&mut self, sfu: MediaBooks) {
        self.sfu_before = Some(sfu);
    }

    /// Closes the books: what was delivered and missed is recorded, and the account is kept. `sfu` is what the
    /// SFU has counted by now.
    pub(super) fn settle(&mut self, sfu: Option<MediaBooks>, series: Series, recorder: &Recorder) {
        let mut account = self.account();
        account.sfu = sfu.zip(self.sfu_before).map(|(now, before)| now.since(&before));
        let missed = account.missed_in_all();
        recorder.shares(series.delivered, account.expected() - missed, missed);
        for Missed { receiver, sender, message } in &account.missed {
            recorder.counter(series.missed, || {
                format!("participant {receiver} never heard {message} of participant {sender}")
            });
        }
        recorder.add(series.missed, missed - account.missed.len() as u64);
        self.account = Some(account);
    }

    /// The account, once the session is settled.
    pub(super) fn settled(&self) -> Option<LiveAccount> {
        self.account.clone()
    }

    /// The delivery matrix: every message was expected once at every other participant who was there when it
    /// was sent and stayed long enough to get it.
    fn account(&self) -> LiveAccount {
        let mut receivers: Vec<Receiver> =
            self.people.iter().map(|(who, person)| self.receiver(*who, person)).collect();
        let mut by_misses: Vec<usize> = (0..receivers.len()).collect();
        by_misses.sort_by_key(|place| Reverse(receivers[*place].missed()));
        for place in by_misses.into_iter().skip(WORST_KEPT) {
            receivers[place].missed_from.clear();
        }
        LiveAccount { receivers, missed: self.first_misses(), sfu: None }
    }

    fn receiver(&self, who: u64, person: &Person) -> Receiver {
        let mut from: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for (place, said) in self.all_said().filter(|(_, said)| person.expects(who, *said)) {
            let (expected, missed) = from.entry(said.by).or_default();
            *expected += 1;
            *missed += u64::from(!person.has_heard(place));
        }
        let (expected, missed) = from.values().fold((0, 0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
        let cells = from.into_iter().filter(|(_, (_, missed))| *missed > 0);
        Receiver {
            participant: who,
            expected,
            heard: expected - missed,
            duplicates: person.duplicates,
            out_of_order: person.out_of_order,
            missed_from: cells
                .map(|(sender, (expected, missed))| MissedFrom { sender, expected, missed })
                .collect(),
        }
    }

    fn first_misses(&self) -> Vec<Missed> {
        let mut said: Vec<(usize, Said)> = self.all_said().collect();
        said.sort_by_key(|(_, said)| said.at);
        let misses = said.into_iter().flat_map(|(place, said)| {
            let missed_by = self
                .people
                .iter()
                .filter(move |(who, person)| person.expects(**who, said) && !person.has_heard(place));
            missed_by.map(move |(who, _)| Missed {
                receiver: *who,
                sender: said.by,
                message: self.messages[place].client_id.clone(),
            })
        });
        misses.take(MISSES_KEPT).collect()
    }

    /// Every message that was said here, with its place.
    fn all_said(&self) -> impl Iterator<Item = (usize, Said)> {
        self.messages.iter().enumerate().filter_map(|(place, message)| Some((place, message.said?)))
    }

    /// The place of a message, a new one where it was not known.
    fn place(&mut self, client_id: &str) -> usize {
        let known = self.places.get(client_id).copied();
        known.unwrap_or_else(|| self.new_place(client_id.to_owned()))
    }

    fn new_place(&mut self, client_id: String) -> usize {
        let place = self.messages.len();
        self.messages.push(Message { client_id: client_id.clone(), said: None });
        self.places.insert(client_id, place);
        place
    }
}

impl Person {
    /// Notes that a message was heard; true where it had been before.
    fn hears(&mut self, place: usize) -> bool {
        if self.heard.len() <= place {
            self.heard.resize(place + 1, false);
        }
        std::mem::replace(&mut self.heard[place], true)
    }

    fn has_heard(&self, place: usize) -> bool {
        self.heard.get(place).copied().unwrap_or(false)
    }

    /// Whether this person, `who`, was to hear what was said: by somebody else, while they were there.
    fn expects(&self, who: u64, said: Said) -> bool {
        said.by != who && self.stayed_for(said.at)
    }

    fn stayed_for(&self, sent: Instant) -> bool {
        self.present.iter().any(|(from, until)| *from <= sent && until.is_none_or(|until| until >= sent))
    }
}
