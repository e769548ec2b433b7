//! Ends a scenario before its plan is over, and notes why.

use engine::{ends::Ends, goal::Goal, record::Live};

use crate::{
    options::Options,
    stops::{EndedEarly, Watch},
    watch::Screen,
};

/// What may end one scenario early.
pub(super) struct Stops {
    watch: Watch,
    ended: Option<EndedEarly>,
}

impl Stops {
    pub(super) fn new(options: &Options, goals: &[Goal]) -> Self {
        let goals = if options.abort_early { goals } else { &[] };
        let watch = Watch::new(&options.abort_on, goals).allowing(options.allowance);
        Self { watch, ended: None }
    }

    /// Looks once; when it must end, it ends as on a first Ctrl-C: nothing new starts, whoever thinks leaves.
    pub(super) fn look(&mut self, live: &Live, ends: &Ends, screen: &Screen) {
        if self.ended.is_none()
            && let Some(ended) = self.watch.look(live)
        {
            screen.say(&format!("ended in second {}: {}", ended.second, ended.why));
            ends.leave();
            self.ended = Some(ended);
        }
    }

    pub(super) fn ended(self) -> Option<EndedEarly> {
        self.ended
    }
}
