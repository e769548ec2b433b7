//! What runs while there is a bus: writing, listening, looking.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use redis::RedisResult;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::entry::Position;
use super::{Bus, Submission};
use crate::clock;
use crate::live::room::{Command, Room};
use crate::sync::lock;

/// How often the lease is renewed, and the logs are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long nobody tries to listen after it failed.
const REST: Duration = Duration::from_millis(250);
/// Looks in a row at which a server had no lease before it is called lost: it may be coming back with Redis.
const LOOKS: u32 = 3;

/// Runs the bus until this is dropped.
pub(crate) async fn run(bus: Arc<Bus>) {
    let Some(submitted) = lock(&bus.submitted).take() else { return };
    tokio::join!(write(&bus, submitted), listen(&bus), watch(&bus));
}

/// Writes commands, one after the other.
async fn write(bus: &Bus, mut submitted: mpsc::Receiver<Submission>) {
    while let Some(submission) = submitted.recv().await {
        let in_time = clock::now() < submission.until;
        let written = if in_time { bus.write(&submission).await } else { Ok(false) };
        if matches!(written, Ok(true)) {
            bus.counts.published.fetch_add(1, Ordering::Relaxed);
        } else {
            bus.give_up(submission.content.call);
        }
    }
}

/// Applies what is published. What was missed before this listened is read.
async fn listen(bus: &Bus) {
    loop {
        if let Ok(mut messages) = bus.store.subscribe().await {
            // What cannot be read now is read at the next look.
            drop(look(bus, &[]).await);
            while let Some(message) = messages.next().await {
                if let Ok(text) = message.get_payload::<String>() {
                    bus.hear(&text).await;
                }
            }
        }
        sleep(REST).await;
    }
}

/// Renews the lease, looks for what was missed and for who is gone, and says when the bus begins and ceases to answer.
async fn watch(bus: &Bus) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut missed: BTreeMap<u64, u32> = BTreeMap::new();
    let mut silent = false;
    loop {
        ticks.tick().await;
        let others: BTreeSet<u64> = bus.rooms().iter().flat_map(|(_, room)| servers(room)).collect();
        let others: Vec<u64> = others.into_iter().filter(|server| *server != bus.server).collect();
        let looked = look(bus, &others).await;
        bus.counts.answers.store(looked.is_ok(), Ordering::Relaxed);
        match looked {
            Ok(alive) => {
                count(&mut missed, &others, &alive);
                bus.tidy(&missed);
                silent = false;
            }
            Err(error) => {
                if !std::mem::replace(&mut silent, true) {
                    tracing::warn!("the bus does not answer, live sessions wait for it: {error}");
                }
                missed.clear();
            }
        }
    }
}

fn servers(room: &Room) -> BTreeSet<u64> {
    room.with_roster(crate::live::room::Roster::servers)
}

/// Renews the lease and catches up with every log; which of these servers are there.
async fn look(bus: &Bus, others: &[u64]) -> RedisResult<Vec<bool>> {
    let sessions = bus.positions();
    let names: Vec<&str> = sessions.iter().map(|(name, _)| &**name).collect();
    let look = bus.store.look(bus.server, others, &names).await?;
    for ((name, here), head) in sessions.iter().zip(look.heads) {
        if head.is_some_and(|head| head.life != here.life || head.n > here.n) {
            bus.catch_up(name).await?;
        }
    }
    Ok(look.alive)
}

/// Counts for how many looks in a row each of these servers was not there.
fn count(missed: &mut BTreeMap<u64, u32>, servers: &[u64], alive: &[bool]) {
    missed.retain(|server, _| servers.contains(server));
    for (server, alive) in servers.iter().zip(alive) {
        let looks = missed.entry(*server).or_default();
        *looks = if *alive { 0 } else { *looks + 1 };
    }
}

impl Bus {
    /// The sessions that are still there.
    fn rooms(&self) -> Vec<(Arc<str>, Arc<Room>)> {
        let mut followed = lock(&self.followed);
        followed.retain(|_, session| session.room.strong_count() > 0);
        let rooms =
            followed.iter().filter_map(|(name, session)| Some((name.clone(), session.room.upgrade()?)));
        rooms.collect()
    }

    /// How far the log of each session was applied.
    fn positions(&self) -> Vec<(Arc<str>, Position)> {
        let followed = lock(&self.followed);
        followed.iter().map(|(name, session)| (name.clone(), session.feed.position().clone())).collect()
    }

    /// Has sockets closed that are gone: those of lost servers, and this server's whose end could not be written.
    fn tidy(&self, missed: &BTreeMap<u64, u32>) {
        let gone: Vec<u64> =
            missed.iter().filter(|(_, looks)| **looks >= LOOKS).map(|(server, _)| *server).collect();
        for (name, room) in self.rooms() {
            let has = servers(&room);
            let lost = gone.iter().filter(|server| has.contains(server));
            let said_lost = lost.map(|server| Command::Lose { server: *server });
            for command in said_lost.chain(room.lost_sockets()) {
                drop(self.submit(&name, command));
            }
        }
        lock(&self.calls).retain(|_, waiting| !waiting.is_closed());
    }
}
