//! The parent's end: starts the children, keeps them in step, gathers what they recorded.

mod member;

use std::{io, sync::mpsc, time::Duration};

use engine::{
    clock,
    ends::{Ends, Stage},
    load::{Flow, Shard},
    merge,
    record::Live,
    run::FlowRun,
    workers::WorkerLost,
};

use self::member::{Member, State};
use super::{
    order::Order,
    protocol::{Said, Told},
};
use crate::{
    options::Split,
    suite::{
        Control,
        crew::{Driven, LOOK, Part},
        prepare::PREPARE,
    },
    telemetry::{otlp::Exporter, traces::Tracing},
};

/// How long a child may take to plan and to prepare.
const READY_WITHIN: Duration = PREPARE.saturating_mul(2);
/// A child that drives load says how it stands once a second; after this long without a word it is given up.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a child may take to end once everything is to be dropped: the report comes within three seconds.
const LAST_WORDS: Duration = Duration::from_millis(800);

/// Why a load could not be split.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// A child cannot be started.
    #[error("process {place} of {of} ({program}) cannot be started: {source}")]
    NotStarted {
        /// Which of them, from 1.
        place: u64,
        /// How many there are.
        of: u64,
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A child cannot play.
    #[error("process {place} of {of} (pid {pid}) did not get ready: {why}")]
    NotReady {
        /// Which of them, from 1.
        place: u64,
        /// How many there are.
        of: u64,
        /// Its process id.
        pid: u32,
        /// What it said, or how it ended.
        why: String,
    },
    /// Ctrl-C before they were ready.
    #[error("interrupted before the start; nothing was measured")]
    Interrupted,
}

/// What is heard of a child.
#[derive(Debug)]
enum Heard {
    Said(Said),
    /// A line nobody understands.
    Garbled(String),
    /// Its output has closed: it has ended, or is about to.
    Gone,
}

/// The processes that drive a scenario together. Dropped, it takes them with it.
#[derive(Debug)]
pub(crate) struct Shards {
    members: Vec<Member>,
    inbox: mpsc::Receiver<(usize, Heard)>,
    /// Threads of each.
    workers: u64,
}

impl Shards {
    /// Starts the processes and waits until each has planned and prepared.
    pub(crate) fn muster(
        control: &Control,
        split: &Split,
        tracing: &Tracing,
        ends: &Ends,
    ) -> Result<Self, ShardError> {
        let (hear, inbox) = mpsc::channel();
        let (of, mut members) = (split.processes, Vec::new());
        for index in 0..of {
            let telling = control.exporter.as_ref().map(Exporter::begun_with);
            let order = Order::new(&control.options, tracing.scenario(), &control.nonce, Shard { index, of })
                .telling(tracing.part(), telling);
            members.push(Member::start(&split.program, &order, members.len(), hear.clone()).map_err(
                |source| {
                    let program = split.program.display().to_string();
                    ShardError::NotStarted { place: index + 1, of, program, source }
                },
            )?);
        }
        let mut shards = Self { members, inbox, workers: control.options.workers };
        shards.all_ready(ends)?;
        Ok(shards)
    }

    fn all_ready(&mut self, ends: &Ends) -> Result<(), ShardError> {
        let until = clock::now() + READY_WITHIN;
        while self.members.iter().any(|member| matches!(member.state, State::Preparing)) {
            if ends.stage() >= Stage::Leaving {
                return Err(ShardError::Interrupted);
            }
            self.hear();
            if clock::now() > until {
                let late = format!("not within {} s", READY_WITHIN.as_secs());
                self.give_up(|member| matches!(member.state, State::Preparing), &late);
            }
        }
        let of = self.members.len() as u64;
        for (place, member) in (1..).zip(&self.members) {
            if let State::Lost(why) = &member.state {
                return Err(ShardError::NotReady { place, of, pid: member.pid(), why: why.clone() });
            }
        }
        Ok(())
    }

    /// Who they are.
    pub(crate) fn roll(&self) -> String {
        let pids: Vec<String> = self.members.iter().map(|member| member.pid().to_string()).collect();
        format!(
            "split over {} processes (pids {}) of {} threads each",
            pids.len(),
            pids.join(", "),
            self.workers
        )
    }

    /// Has them drive their shards from `epoch` on, to the end, natural or not. `look` is shown how they stand
    /// together.
    pub(crate) fn drive(
        mut self,
        flows: &[Flow],
        epoch: clock::Instant,
        ends: &Ends,
        mut look: impl FnMut(&Live),
    ) -> Driven {
        let start = Told::Start(clock::monotonic() + epoch.saturating_duration_since(clock::now()));
        for member in &mut self.members {
            member.play(start);
        }
        let (mut passed_on, mut aborted_at) = (None, None);
        while self.members.iter().any(Member::playing) {
            let told = Told::of(ends);
            if let Some(told) = told.filter(|_| told != passed_on) {
                self.members.iter_mut().for_each(|member| member.tell(told));
                passed_on = Some(told);
            }
            self.hear();
            let now = clock::now();
            if told == Some(Told::Abort) {
                let since = *aborted_at.get_or_insert(now);
                self.give_up(
                    |member| member.playing() && now > since + LAST_WORDS,
                    "did not end when it was told to",
                );
            }
            self.give_up(
                |member| member.playing() && now > member.heard_at + SILENCE,
                &format!("said nothing for {} s", SILENCE.as_secs()),
            );
            look(&merge::live(self.members.iter().map(|member| &member.live)));
        }
        self.gather(flows)
    }

    /// Takes in what has been said, waiting a little for it.
    fn hear(&mut self) {
        let first = self.inbox.recv_timeout(LOOK).ok();
        for (place, heard) in first.into_iter().chain(self.inbox.try_iter()) {
            self.members[place].hear(heard);
        }
    }

    fn give_up(&mut self, whom: impl Fn(&Member) -> bool, why: &str) {
        self.members.iter_mut().filter(|member| whom(member)).for_each(|member| member.give_up(why));
    }

    /// What each has recorded; those that were lost had as many workers.
    fn gather(mut self, flows: &[Flow]) -> Driven {
        let (of, each) = (self.members.len(), self.workers);
        let mut driven = Driven {
            flows: flows.iter().map(|flow| FlowRun::new(flow, [])).collect(),
            workers: 0,
            lost: Vec::new(),
            parts: Vec::new(),
        };
        for (place, member) in self.members.iter_mut().enumerate() {
            let (pid, first_worker) = (member.pid(), place as u64 * each);
            match member.take() {
                State::Done(run) => {
                    let (traced, told) = member.traced();
                    driven.parts.push(Part { first_worker, run: *run, traced, told });
                }
                State::Lost(why) => {
                    driven.workers += each;
                    let message = format!(
                        "process {} of {of} (pid {pid}) {why}; whatever its {each} workers measured is gone",
                        place + 1
                    );
                    driven.lost.push(WorkerLost { worker: first_worker, message });
                }
                State::Preparing | State::Ready | State::Playing => {}
            }
        }
        driven
    }
}
