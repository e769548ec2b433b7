//! Who heard whom: the delivery matrix, and who heard something twice or out of order.

use crate::{
    run::{LiveAccount, Receiver},
    words::{count, number},
};

/// Missed messages and receivers that are named one by one.
const NAMED: usize = 10;

/// Who heard whom.
pub(in crate::report) struct Hearing {
    /// Whether everybody heard everything, in a sentence.
    pub(in crate::report) sentence: String,
    /// Who missed whom, where anybody missed anything.
    pub(in crate::report) matrix: Option<Matrix>,
    /// Who heard something twice or out of order, each in a line.
    pub(in crate::report) disturbed: Vec<String>,
}

/// Receivers and senders: who missed how much of whom.
pub(in crate::report) struct Matrix {
    /// Participants are numbered from 0 to below this.
    pub(in crate::report) senders: u64,
    /// Receivers who missed something, those who missed most first.
    pub(in crate::report) rows: Vec<Row>,
    /// What the rows leave out; empty where they are all there is.
    pub(in crate::report) further: String,
    /// The first missed messages, each in a line.
    pub(in crate::report) misses: Vec<String>,
}

/// What one receiver missed.
pub(in crate::report) struct Row {
    pub(in crate::report) receiver: u64,
    pub(in crate::report) expected: u64,
    pub(in crate::report) missed: u64,
    /// By sender: the missed and the expected messages.
    pub(in crate::report) cells: Vec<Cell>,
}

/// What one receiver missed of one sender.
pub(in crate::report) struct Cell {
    pub(in crate::report) sender: u64,
    pub(in crate::report) missed: u64,
    pub(in crate::report) expected: u64,
}

impl Hearing {
    pub(super) fn new(account: Option<&LiveAccount>) -> Self {
        let Some(account) = account else {
            let sentence = "Who heard whom was not measured: the run holds no account of it.".to_owned();
            return Self { sentence, matrix: None, disturbed: Vec::new() };
        };
        let worst = account.worst_first();
        let matrix = (!worst.is_empty()).then(|| Matrix::new(account, &worst));
        Self { sentence: sentence(account, worst.len()), matrix, disturbed: disturbed(account) }
    }
}

fn sentence(account: &LiveAccount, who_missed: usize) -> String {
    let (expected, missed) = (account.expected(), account.missed_in_all());
    let receivers = count(account.receivers.len() as u64, "participant was", "participants were");
    if expected == 0 {
        format!(
            "Who heard whom was not measured: {receivers} there, and no message was expected at anybody else."
        )
    } else if missed == 0 {
        format!(
            "Everybody heard everything: {receivers} there, {} messages expected and heard.",
            number(expected)
        )
    } else {
        format!(
            "{receivers} there; {} of {} expected messages were never heard, by {}.",
            number(missed),
            number(expected),
            count(who_missed as u64, "participant", "participants")
        )
    }
}

impl Matrix {
    fn new(account: &LiveAccount, worst: &[&Receiver]) -> Self {
        let rows: Vec<Row> = worst
            .iter()
            .filter(|receiver| !receiver.missed_from.is_empty())
            .map(|receiver| Row::new(receiver))
            .collect();
        let numbers = account.receivers.iter().map(|receiver| receiver.participant);
        let senders = rows.iter().flat_map(|row| row.cells.iter().map(|cell| cell.sender));
        let left_out = worst.len() - rows.len();
        let further = match left_out {
            0 => String::new(),
            n => format!("{} who missed less are not shown.", count(n as u64, "receiver", "receivers")),
        };
        let all = account.missed_in_all();
        let named = account.missed.iter().take(NAMED).map(|missed| {
            format!(
                "participant {} never heard {} of participant {}",
                missed.receiver, missed.message, missed.sender
            )
        });
        let unnamed = all.saturating_sub(account.missed.len().min(NAMED) as u64);
        let more = (unnamed > 0).then(|| format!("and {} more", number(unnamed)));
        Self {
            senders: numbers.chain(senders).max().map_or(0, |last| last + 1),
            rows,
            further,
            misses: named.chain(more).collect(),
        }
    }

    /// The first rows in words, for a format without pictures.
    pub(in crate::report) fn worst(&self) -> &[Row] {
        &self.rows[..self.rows.len().min(NAMED)]
    }
}

impl Row {
    fn new(receiver: &Receiver) -> Self {
        let cells = receiver.missed_from.iter().map(|from| Cell {
            sender: from.sender,
            missed: from.missed,
            expected: from.expected,
        });
        Self {
            receiver: receiver.participant,
            expected: receiver.expected,
            missed: receiver.missed(),
            cells: cells.collect(),
        }
    }

    /// Those missed most, in words: `3 (5 of 5), 7 (2 of 5) and 12 others`.
    pub(in crate::report) fn whom(&self) -> String {
        let mut cells: Vec<&Cell> = self.cells.iter().collect();
        cells.sort_by_key(|cell| (std::cmp::Reverse(cell.missed), cell.sender));
        let named = cells
            .iter()
            .take(3)
            .map(|cell| format!("{} ({} of {})", cell.sender, number(cell.missed), number(cell.expected)));
        let named = named.collect::<Vec<_>>().join(", ");
        match cells.len().saturating_sub(3) {
            0 => named,
            others => format!("{named} and {}", count(others as u64, "other", "others")),
        }
    }
}

/// Those who heard something twice or out of order, those first who did most.
fn disturbed(account: &LiveAccount) -> Vec<String> {
    let of = |receiver: &&Receiver| receiver.duplicates + receiver.out_of_order;
    let mut receivers: Vec<&Receiver> =
        account.receivers.iter().filter(|receiver| of(receiver) > 0).collect();
    receivers.sort_by_key(|receiver| (std::cmp::Reverse(of(receiver)), receiver.participant));
    let named = receivers.iter().take(NAMED).map(|receiver| {
        format!(
            "participant {} heard {} twice and {} out of order",
            receiver.participant,
            count(receiver.duplicates, "message", "messages"),
            number(receiver.out_of_order)
        )
    });
    let unnamed = receivers.len().saturating_sub(NAMED) as u64;
    let more = (unnamed > 0).then(|| format!("and {} more", count(unnamed, "participant", "participants")));
    named.chain(more).collect()
}
