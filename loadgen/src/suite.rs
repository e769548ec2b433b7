//! The suite: checks, baseline, warm-up, the scenarios in their order, the end.

mod baseline;
mod begun;
pub(crate) mod crew;
mod error;
mod faults;
mod fits;
pub(crate) mod folder;
mod play;
mod preflight;
pub(crate) mod prepare;
mod setup;
pub(crate) mod several;
mod stops;
mod warm_up;

use std::{net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use engine::{
    clock,
    ends::{Ends, Stage},
};

pub use error::SuiteError;
pub use fits::fits;
pub use preflight::Checked;
pub(crate) use setup::Control;
pub use setup::{Prepared, plans};

use crate::{
    books::Audit,
    judgement::{self, Judgement},
    options::Options,
    preflight::{Findings, Ink, summary, text},
    probes::Probing,
    report,
    run::{Measured, NotRun, Run},
    shards::ShardError,
    telemetry::Outlets,
    watch::{Screen, web::Door},
};

/// How long it may take at the end to tell what is still to be told, and how long when somebody waits to leave.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(5);
pub(crate) const LAST_WORDS_WHEN_INTERRUPTED: Duration = Duration::from_millis(300);
/// What a mock calls its environment.
const MOCK: &str = "mock";

/// A run that came to an end.
#[derive(Debug)]
pub struct Outcome {
    /// The run.
    pub run: Run,
    /// Its verdicts.
    pub judgement: Judgement,
    /// Where its reports are.
    pub dir: PathBuf,
}

/// Runs the suite and writes its reports. Blocks; call it outside of any runtime. `ends` is what Ctrl-C
/// ends it with: see [`crate::interrupt::guarded`].
///
/// Nothing is written before the target has answered and the plan was found to fit.
pub fn run(options: &Options, ends: &Ends) -> Result<Outcome, SuiteError> {
    let started = clock::wall();
    let nonce: Arc<str> = folder::nonce(started).into();
    let prepared = setup::plans(options, &nonce);
    let sources = fits(&prepared, options)?;
    let chosen = sources != options.sources;
    let options = &Options { sources, ..options.clone() };
    let door = options.web.map(Door::open).transpose()?;
    if let Some(door) = &door {
        eprintln!("watch it at {}", door.url());
    }
    let mut outlets = Outlets::open(&options.telemetry)?;
    let mut control = Control::new(options, nonce.clone())?;
    let checked = control.unless_interrupted(ends, async {
        let health = preflight::identify(&control).await?;
        faults::rest(&control, preflight::ANSWER_WITHIN).await;
        Ok(preflight::look(&control, &prepared, health).await)
    })?;
    let Checked { health, findings, state } = checked;
    state?;
    let (prepared, not_run) = preflight::sort(prepared, &findings, options)?;
    let options = &Options {
        scenarios: prepared.iter().map(|prepared| prepared.scenario).collect(),
        ..options.clone()
    };
    let probing = Probing::begin(&options.probes.beside(&options.target, health.environment == MOCK))?;
    let folder = folder::create(&options.out, "run", started)?;
    let began = begun::announced(options, &folder.id, &prepared);
    let screen = Screen::new(&folder.dir, &options.watch, door, began)?.feeding(outlets.feed());
    // Only now: whoever reads early waits and reads this run, not one without a name.
    outlets.begin(&folder.id, &nonce, options)?;
    let untold = control.tell(options.telemetry.otlp.as_ref(), begun::about(options, &folder.id, &nonce));
    screen.say(&format!("{} against {} ({})", folder.id, options.target, health.environment));
    tell(&screen, &findings, &not_run);
    probing.missed().iter().for_each(|missed| screen.say(missed));

    if chosen {
        screen.say(&from_where(options));
    }

    let mut run = Run {
        baseline: baseline::measure(&control, options, ends, &screen)?,
        ..begun::run(options, &folder, &nonce, &health, &prepared, not_run)
    };
    run.notes.extend(untold);
    let played = play_all(&mut run, prepared, &control, ends, &screen, &outlets);
    run.evidence = probing.end(ends.interrupted());
    played?;
    run.interrupted = ends.interrupted();
    run.notes.extend(outlets.end(run.interrupted));
    run.faults = faults::read(&control, ends);
    run.audit = audit(&control, &mut run.notes, ends);
    run.notes.extend(last_words(&mut control, ends));
    let judgement = judgement::judge(&run);
    report::write_all(&run, &folder.dir)
        .map_err(|source| SuiteError::Report { dir: folder.dir.clone(), source })?;
    screen.finish(report::answer(&judgement), &folder.dir);
    Ok(Outcome { run, judgement, dir: folder.dir })
}

/// Which addresses load comes from, where the suite chose them.
fn from_where(options: &Options) -> String {
    let from: Vec<String> = options.sources.iter().map(IpAddr::to_string).collect();
    format!("load comes from {}: one address has too few ports for so many connections", from.join(", "))
}

/// Gives the collector what it has not been told yet, and says what became of it, where there is one.
fn last_words(control: &mut Control, ends: &Ends) -> Option<String> {
    let within = if ends.interrupted() { LAST_WORDS_WHEN_INTERRUPTED } else { LAST_WORDS };
    Some(control.exporter.take()?.end(within).note())
}

/// Looks at a target as [`run`] does before it starts, and sends nothing else. Blocks; call it outside of any
/// runtime.
pub fn preflight(options: &Options, ends: &Ends) -> Result<Checked, SuiteError> {
    let nonce: Arc<str> = folder::nonce(clock::wall()).into();
    let prepared = setup::plans(options, &nonce);
    let control = Control::new(options, nonce)?;
    control.unless_interrupted(ends, async {
        let health = preflight::identify(&control).await?;
        Ok(preflight::look(&control, &prepared, health).await)
    })
}

/// What the preflight found: in a line when everything is fine, in none when nothing was asked.
fn tell(screen: &Screen, findings: &Findings, not_run: &[NotRun]) {
    if findings.endpoints.is_empty() {
        return;
    }
    let sound = findings.endpoints.iter().all(|probed| probed.trouble.is_none());
    let told = if sound { summary(findings) } else { text(findings, Ink::Plain) };
    told.lines().for_each(|line| screen.say(line));
    for NotRun { name, why, .. } in not_run {
        screen.say(&format!("{name} is left out: {why}"));
    }
}

fn play_all(
    run: &mut Run,
    prepared: Vec<Prepared>,
    control: &Control,
    ends: &Ends,
    screen: &Screen,
    outlets: &Outlets,
) -> Result<(), SuiteError> {
    let settling = control.options.preset.settling();
    let mut gone: Option<String> = None;
    let mut stopped = run.baseline.iter().find_map(|measured| {
        let ended = measured.ended_early.as_ref().filter(|ended| ended.cause.ends_the_run())?;
        Some(format!("the run was ended in the baseline of {}: {}", measured.run.name, ended.why))
    });
    for (place, prepared) in prepared.into_iter().enumerate() {
        let name = prepared.scenario.name();
        if place > 0 && gone.is_none() && stopped.is_none() && !ends.interrupted() {
            control.block_on(pause(settling, ends, screen));
            gone = control.block_on(async {
                tokio::select! {
                    biased;
                    () = ends.reached(Stage::Leaving) => None,
                    there = preflight::reachable(control) => there.err().map(|e| e.to_string()),
                }
            });
            if let Some(why) = &gone {
                screen.say(why);
            }
        }
        let interrupted = ends.interrupted().then(|| "interrupted".to_owned());
        let why = interrupted.or_else(|| stopped.clone()).or_else(|| gone.clone());
        match why {
            Some(why) => run.not_run.push(NotRun { name: name.to_owned(), why, left_out: false }),
            None => match play::play(control, prepared, control.options.split.as_ref(), &ends.part(), screen)
            {
                Ok(measured) => {
                    let ended = measured.ended_early.as_ref().filter(|ended| ended.cause.ends_the_run());
                    stopped = ended.map(|ended| format!("the run was ended in {name}: {}", ended.why));
                    outlets.scenario(&measured);
                    run.scenarios.push(measured);
                }
                Err(SuiteError::Shard(ShardError::Interrupted)) => {
                    let why = "interrupted".to_owned();
                    run.not_run.push(NotRun { name: name.to_owned(), why, left_out: false });
                }
                // The first scenario that cannot be prepared ends the run; later ones leave a report.
                Err(e) if run.scenarios.is_empty() => return Err(e),
                Err(e) => {
                    screen.say(&e.to_string());
                    let why = e.to_string();
                    run.not_run.push(NotRun { name: name.to_owned(), why, left_out: false });
                }
            },
        }
    }
    Ok(())
}

async fn pause(settling: Duration, ends: &Ends, screen: &Screen) {
    if !settling.is_zero() {
        screen.say(&format!("settling for {} s", settling.as_secs()));
        // An early end is noticed by whoever asks next.
        let _ = ends.think(settling).await;
    }
}

/// The target's own books; without a token there is nothing to read. Books that should be there and cannot be
/// read prove nothing, however fast the answers were: that is an audit that failed.
fn audit(control: &Control, notes: &mut Vec<String>, ends: &Ends) -> Option<Audit> {
    let Some(books) = control.books() else {
        notes.push("The target's own books were not read (no admin token).".into());
        return None;
    };
    let read = control.block_on(setup::patiently(ends, books.audit()));
    let why = match read {
        Ok(Ok(audit)) => return Some(audit),
        Ok(Err(e)) => format!("{e:#}"),
        Err(_) => "no answer in time".to_owned(),
    };
    notes.push(format!("The target's own books could not be read: {why}."));
    (!ends.interrupted()).then(|| Audit::unread(why))
}

/// All requests of several scenarios.
pub fn requests(measured: &[Measured]) -> (u64, u64) {
    measured.iter().map(|measured| measured.run.requests()).fold((0, 0), |sum, n| (sum.0 + n.0, sum.1 + n.1))
}
