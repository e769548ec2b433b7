//! `loadgen shard`: one process's share of a scenario, driven as the parent says.

use std::{
    io::{BufRead, Write},
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use engine::{
    clock,
    ends::Ends,
    exit::Exit,
    record::{self, Collector, Ending},
};

use super::{
    order::{Order, Telling},
    protocol::{self, Said, Told},
};
use crate::{
    scenario::Plan,
    suite::{
        Control, LAST_WORDS, LAST_WORDS_WHEN_INTERRUPTED,
        crew::{Crew, Driven},
        prepare::prepare,
    },
    telemetry::otlp::{self, Headers},
};

/// From one look at how it stands, told to the parent, to the next.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// What the listening thread has to act on.
enum Event {
    Told(Told),
    /// The parent has gone.
    Closed,
    /// The shard is over, or its thread panicked.
    Finished(bool),
}

/// Serves one order: read from `input`, played, answered on `output`. Returns when it is done, or at once when
/// `input` closes, whatever is still going on: the caller ends the process.
pub(crate) fn serve(mut input: impl BufRead + Send + 'static, output: impl Write + Send + 'static) -> Exit {
    let voice = Voice(Arc::new(Mutex::new(output)));
    let mut line = String::new();
    let order = match input.read_line(&mut line) {
        Ok(0) | Err(_) => return Exit::Usage,
        Ok(_) => protocol::read::<Order>(&line),
    };
    let order = match order {
        Ok(order) => order,
        Err(why) => {
            voice.say(&Said::Refused(format!("the order cannot be read: {why}")));
            return Exit::Usage;
        }
    };
    let (tell, told) = mpsc::channel();
    let (start, starts) = mpsc::channel();
    let ends = Ends::new();
    listen(input, tell.clone());
    let theirs = ends.clone();
    thread::spawn(move || {
        let played = panic::catch_unwind(AssertUnwindSafe(|| play(&order, &theirs, &starts, &voice)));
        if let Ok(Err(why)) = &played {
            voice.say(&Said::Refused(why.clone()));
        }
        let _ = tell.send(Event::Finished(played.is_ok()));
    });
    obey(&told, &start, &ends)
}

/// Passes on what the parent says, from a thread of its own: reading waits.
fn listen(input: impl BufRead + Send + 'static, tell: mpsc::Sender<Event>) {
    thread::spawn(move || {
        for line in input.lines().map_while(Result::ok) {
            // A word of another version is none to act on.
            if let Ok(told) = protocol::read(&line)
                && tell.send(Event::Told(told)).is_err()
            {
                return;
            }
        }
        let _ = tell.send(Event::Closed);
    });
}

fn obey(told: &mpsc::Receiver<Event>, start: &mpsc::Sender<Duration>, ends: &Ends) -> Exit {
    while let Ok(event) = told.recv() {
        match event {
            Event::Told(Told::Start(at)) => drop(start.send(at)),
            Event::Told(Told::Close) => ends.close(),
            Event::Told(Told::Leave) => ends.leave(),
            Event::Told(Told::Interrupt) => ends.interrupt(),
            Event::Told(Told::Abort) => ends.abort(),
            Event::Closed => return Exit::Interrupted,
            Event::Finished(well) => return if well { Exit::Ok } else { Exit::Invalid },
        }
    }
    Exit::Interrupted
}

fn play<W: Write>(
    order: &Order,
    ends: &Ends,
    starts: &mpsc::Receiver<Duration>,
    voice: &Voice<W>,
) -> Result<(), String> {
    let options = order.options()?;
    let nonce: Arc<str> = order.nonce.as_str().into();
    let mut control = Control::new(&options, nonce.clone()).map_err(|e| e.to_string())?;
    tell(&mut control, &order.telling);
    let [scenario] = options.scenarios[..] else { return Err("an order is for one scenario".to_owned()) };
    let name = scenario.name();
    let Plan { flows, registry, goals, script, .. } = scenario.plan(&options.scope(name, nonce));
    let shared = Arc::new(registry.clone());
    prepare(&control, name, &shared, script.as_ref(), ends).map_err(|e| e.to_string())?;
    voice.say(&Said::Ready);

    // Without a start the parent has gone.
    let Ok(at) = starts.recv() else { return Ok(()) };
    // A start that is heard late has been all the same: what was due since then is late, not moved.
    let (started, here, shown) = (clock::wall(), clock::now(), clock::monotonic());
    let epoch = here + at.saturating_sub(shown) - shown.saturating_sub(at);
    let collector = Collector::start(record::Plan::new(name, registry, goals, flows.clone()));
    let crew = Crew {
        scenario: name,
        flows,
        first_flow: 0,
        script,
        registry: shared,
        tap: collector.tap(),
        tracing: control.tracing(name),
        ends: ends.clone(),
        epoch,
        shard: order.shard(),
    };
    let mut next = epoch;
    let driven = crew.drive(&control, || {
        if clock::now() >= next {
            next += TELL_EVERY;
            let live = collector.live();
            crew.tracing.tick(live.users);
            voice.say(&Said::Live(Box::new(live)));
        }
    });
    let (ended, interrupted) = (clock::now(), ends.interrupted());
    let Driven { flows, workers, lost, .. } = driven;
    let run = collector.finish(Ending { started, epoch, ended, interrupted, workers, flows, lost });
    let traced = crew.tracing.finish();
    let within = if interrupted { LAST_WORDS_WHEN_INTERRUPTED } else { LAST_WORDS };
    let told = control.exporter.take().map(|exporter| exporter.end(within));
    voice.say(&Said::Traced(Box::new(traced), told));
    voice.say(&Said::Done(Box::new(run)));
    Ok(())
}

/// Begins to tell a collector what is to be told of this process; what it cannot be told, the parent's own notes say.
fn tell(control: &mut Control, telling: &Telling) {
    control.parts.set(telling.part);
    if let Some((wish, about)) = &telling.otlp {
        let wish = otlp::Wish { headers: Headers::of_environment().unwrap_or_default(), ..wish.clone() };
        drop(control.tell(Some(&wish), about.clone()));
    }
}

/// The way to the parent.
struct Voice<W>(Arc<Mutex<W>>);

impl<W: Write> Voice<W> {
    /// Says it. A parent that has gone is noticed where it is listened to.
    fn say(&self, said: &Said) {
        let mut output = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = protocol::write(&mut *output, said);
    }
}
