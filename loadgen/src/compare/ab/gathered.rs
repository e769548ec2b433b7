//! The slices of an experiment, put together as two recordings.

use engine::compare::Timeline;

use super::{
    super::{
        Comparison, Recording, Rules,
        recording::{Heard, Recorded},
        weigh,
    },
    Slice, Which,
};

/// What the slices have brought so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// All slices, in the order they were run.
    pub(super) slices: Vec<Slice>,
    /// Those that count, by round.
    recordings: Vec<(u64, Which, Recording)>,
}

impl Gathered {
    /// Takes in a slice; one in which a scenario fell short is not counted.
    pub(super) fn take(&mut self, round: u64, which: Which, dir: String, of: Recording, anyway: bool) {
        let fell_short = |scenario: &Recorded| {
            let why = scenario.invalid.as_ref().or(scenario.unfinished.as_ref())?;
            Some(format!("{}: {why}", scenario.name))
        };
        let unfit = of.scenarios.iter().find_map(fell_short).filter(|_| !anyway);
        // What was not run at all cannot be counted, whatever one would like.
        let not_run = of.not_run.iter().find(|left| !left.left_out);
        let not_run = not_run.map(|left| format!("{} was NOT RUN, {}", left.name, left.why));
        let left_out = not_run.or(unfit);
        if left_out.is_none() {
            self.recordings.push((round, which, of));
        }
        self.slices.push(Slice { round, which, dir, left_out });
    }

    /// Rounds of which both slices count.
    pub(super) fn whole_rounds(&self) -> Vec<u64> {
        let has = |round: u64, wanted: Which| {
            self.recordings.iter().any(|(of, which, _)| *of == round && *which == wanted)
        };
        let rounds =
            self.recordings.iter().filter(|(_, which, _)| *which == Which::A).map(|(round, ..)| *round);
        rounds.filter(|round| has(*round, Which::B)).collect()
    }

    /// The two targets over all whole rounds.
    pub(super) fn compared(&self, slice_s: f64, rules: Rules) -> Option<Comparison> {
        let rounds = self.whole_rounds();
        let [a, b] = [Which::A, Which::B].map(|which| self.put_together(which, &rounds, slice_s));
        let (mut a, mut b) = (a?, b?);
        a.subject.name = format!("A ({})", a.subject.target);
        b.subject.name = format!("B ({})", b.subject.target);
        Some(weigh::compare(&a, &b, None, rules))
    }

    /// All of a target's slices as one recording, in which each is a "second".
    fn put_together(&self, which: Which, rounds: &[u64], slice_s: f64) -> Option<Recording> {
        let mut all: Option<Recording> = None;
        for (place, round) in (0..).zip(rounds) {
            let slice = self.recordings.iter().find(|(of, side, _)| of == round && *side == which);
            let Some((.., slice)) = slice else { continue };
            let whole = all.get_or_insert_with(|| emptied(slice, slice_s));
            for into in &mut whole.scenarios {
                let from = slice.scenarios.iter().find(|from| from.name == into.name);
                for heard in from.iter().flat_map(|from| &from.series) {
                    match into.series.iter_mut().find(|known| known.name == heard.name) {
                        Some(known) => known.timeline.add_slice(place, &heard.timeline),
                        None => into.series.push(sliced(heard, place)),
                    }
                }
            }
        }
        all
    }
}

fn sliced(heard: &Heard, place: i64) -> Heard {
    let mut timeline = Timeline::default();
    timeline.add_slice(place, &heard.timeline);
    Heard { timeline, ..heard.clone() }
}

/// The same scenarios without their series, each as long as a slice.
fn emptied(slice: &Recording, slice_s: f64) -> Recording {
    let empty = |of: &Recorded| Recorded { seconds: slice_s, sliced: true, series: Vec::new(), ..of.clone() };
    let scenarios = slice.scenarios.iter().map(empty).collect();
    Recording { subject: slice.subject.clone(), scenarios, not_run: Vec::new() }
}
