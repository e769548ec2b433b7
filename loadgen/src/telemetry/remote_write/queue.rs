//! What waits to be sent. Bounded: a receiver that is away for long misses the oldest of it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::Account;

/// Bodies that wait, at most: about a minute's.
const MOST: usize = 12;

/// Bodies in their order, and what came of those that are gone.
#[derive(Debug, Default)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<Vec<u8>>,
    under_way: bool,
    closed: bool,
    account: Account,
}

impl Queue {
    /// Takes one more.
    pub(super) fn push(&self, body: Vec<u8>) {
        let mut inner = self.inner();
        if inner.waiting.len() == MOST {
            inner.waiting.pop_front();
            inner.account.lost += 1;
            inner.account.why.get_or_insert_with(|| "the receiver was away for too long".into());
        }
        inner.waiting.push_back(body);
        self.changed.notify_one();
    }

    /// No more come.
    pub(super) fn close(&self) {
        self.inner().closed = true;
        self.changed.notify_one();
    }

    /// The next, once there is one; none when there never will be.
    pub(super) async fn next(&self) -> Option<Vec<u8>> {
        loop {
            {
                let mut inner = self.inner();
                if let Some(body) = inner.waiting.pop_front() {
                    inner.under_way = true;
                    return Some(body);
                }
                if inner.closed {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    /// The one under way was taken.
    pub(super) fn taken(&self) {
        let mut inner = self.inner();
        inner.under_way = false;
        inner.account.taken += 1;
    }

    /// The one under way was not taken and never will be.
    pub(super) fn lost(&self, why: String) {
        let mut inner = self.inner();
        inner.under_way = false;
        inner.account.lost += 1;
        inner.account.why = Some(why);
    }

    /// What waits or is under way will never be taken.
    pub(super) fn give_up(&self) {
        let mut inner = self.inner();
        inner.account.lost += inner.waiting.len() as u64 + u64::from(inner.under_way);
        inner.waiting.clear();
        inner.account.why.get_or_insert_with(|| "the receiver did not answer in time".into());
    }

    /// What came of those that are gone.
    pub(super) fn account(&self) -> Account {
        self.inner().account.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
