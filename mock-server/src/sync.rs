//! Locks that a panic elsewhere does not take down with it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes a lock. A handler that panicked while holding it is answered with a 500 and counted; everybody after
/// it goes on with what it left.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
