//! Ctrl-C, twice: the first stops starting and still reports, the second leaves at once.

use std::{io, thread, time::Duration};

use engine::{clock, ends::Ends};
use tokio::sync::{mpsc, oneshot};

/// After the first Ctrl-C, how long answers on their way are waited for. The report then has the
/// rest of the three seconds it may take.
const PATIENCE: Duration = Duration::from_millis(1_200);

/// What became of work that could be interrupted.
#[derive(Debug)]
pub enum Ended<T> {
    /// It came to its end, interrupted once or not at all ([`Ends::interrupted`] says which).
    Done(T),
    /// It was interrupted twice and left behind: the process should end.
    Left,
    /// It panicked.
    Panicked,
}

/// Does `work` on a thread of its own. The first Ctrl-C (or SIGTERM) interrupts the ends it was given and,
/// shortly after, aborts them, so that it can report; a second one leaves it behind.
///
/// Call it from a thread outside of any runtime.
pub fn guarded<T: Send + 'static>(work: impl FnOnce(Ends) -> T + Send + 'static) -> io::Result<Ended<T>> {
    let ends = Ends::new();
    let (done, finished) = oneshot::channel();
    let theirs = ends.clone();
    thread::Builder::new().name("suite".into()).spawn(move || drop(done.send(work(theirs))))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(watch(&ends, finished))
}

async fn watch<T>(ends: &Ends, mut finished: oneshot::Receiver<T>) -> io::Result<Ended<T>> {
    let mut signals = signals()?;
    let ended = |result: Result<T, _>| result.map_or(Ended::Panicked, Ended::Done);
    tokio::select! {
        result = &mut finished => return Ok(ended(result)),
        _ = signals.recv() => ends.interrupt(),
    }
    let patience = clock::now() + PATIENCE;
    let mut waiting = true;
    loop {
        tokio::select! {
            result = &mut finished => return Ok(ended(result)),
            _ = signals.recv() => return Ok(Ended::Left),
            () = clock::sleep_until(patience), if waiting => {
                waiting = false;
                ends.abort();
            }
        }
    }
}

/// Ctrl-C and SIGTERM alike, one message each.
fn signals() -> io::Result<mpsc::UnboundedReceiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (tell, told) = mpsc::unbounded_channel();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let (mut stream, tell) = (signal(kind)?, tell.clone());
        tokio::spawn(async move { while stream.recv().await.is_some() && tell.send(()).is_ok() {} });
    }
    Ok(told)
}
