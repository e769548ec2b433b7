//! A worker's own timer: exact to some ten microseconds, where tokio's counts whole milliseconds.
//!
//! One timer file descriptor (`timerfd_create(2)`) is set to the earliest moment that anybody on the worker waits for and is
//! watched by the worker's runtime together with its sockets. No thread, no spinning: between two moments the
//! worker sleeps in the same `epoll_wait` as ever.

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending},
    io,
    os::fd::OwnedFd,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    task::spawn_local,
    time::Instant,
};

use super::{now, waiting::Place, waiting::Waiting};

thread_local! {
    /// The timer of the worker that runs on this thread, as tokio has its own.
    static TIMER: RefCell<Option<Rc<Timer>>> = const { RefCell::new(None) };
}

/// Runs a worker's job with a timer of its own, which is gone afterwards. Needs a runtime and a `LocalSet`.
pub(crate) async fn exact<T>(job: impl Future<Output = T>) -> io::Result<T> {
    let timer = Rc::new(Timer::new()?);
    TIMER.set(Some(timer.clone()));
    let _gone_afterwards = Gone;
    let waking = spawn_local(async move { timer.wake_the_due().await });
    let done = job.await;
    waking.abort();
    Ok(done)
}

/// Takes the timer off this thread, also when the job panics.
struct Gone;

impl Drop for Gone {
    fn drop(&mut self) {
        TIMER.set(None);
    }
}

/// A wait until `at` on this thread's timer; `None` where it has none.
pub(super) fn wait(at: Instant) -> Option<Wait> {
    TIMER.with_borrow(Option::clone).map(|timer| Wait { timer, at, place: None })
}

struct Timer {
    descriptor: AsyncFd<OwnedFd>,
    waiting: RefCell<Waiting<Waker>>,
    /// The moment the file descriptor is set to; the timer sleeps otherwise.
    set_to: Cell<Option<Instant>>,
}

impl Timer {
    fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let descriptor = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe for what may be handed to it; an owned descriptor that is never \
                      exchanged is what it asks for"
        )]
        let descriptor = AsyncFd::with_interest(descriptor, Interest::READABLE)?;
        Ok(Self { descriptor, waiting: RefCell::default(), set_to: Cell::new(None) })
    }

    async fn wake_the_due(&self) {
        loop {
            match self.descriptor.readable().await {
                // Its count of expirations is not read: setting it anew clears it (`timerfd_settime(2)`).
                Ok(mut ready) => ready.clear_ready(),
                // The runtime is going away, and this task with it.
                Err(_) => pending().await,
            }
            self.set_to.set(None);
            let now = now();
            while let Some(waker) = self.take_due(now) {
                waker.wake();
            }
            self.set();
        }
    }

    fn take_due(&self, now: Instant) -> Option<Waker> {
        self.waiting.borrow_mut().take_due(now)
    }

    /// Sets the file descriptor to the earliest moment, if that is earlier than what it is set to: one that
    /// goes off for somebody who has left does no harm.
    fn set(&self) {
        let Some(next) = self.waiting.borrow().next() else { return };
        if self.set_to.get().is_some_and(|set| set <= next) {
            return;
        }
        // Zero would switch it off.
        let left = next.saturating_duration_since(now()).max(Duration::from_nanos(1));
        let value = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        timerfd_settime(&self.descriptor, TimerfdTimerFlags::empty(), &once)
            .expect("a timer takes every positive time");
        self.set_to.set(Some(next));
    }
}

/// See [`wait`]. Forgotten by the timer when dropped.
pub(super) struct Wait {
    timer: Rc<Timer>,
    at: Instant,
    place: Option<Place>,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if now() >= self.at {
            return Poll::Ready(());
        }
        let mut waiting = self.timer.waiting.borrow_mut();
        let known = self.place.and_then(|place| waiting.get_mut(place));
        if let Some(waker) = known {
            waker.clone_from(context.waker());
            return Poll::Pending;
        }
        let place = waiting.add(self.at, context.waker().clone());
        drop(waiting);
        self.timer.set();
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            // Dropped when the books are closed again: a waker may hold on to anything.
            let waker = self.timer.waiting.borrow_mut().remove(place);
            drop(waker);
        }
    }
}
