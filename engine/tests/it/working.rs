use std::sync::Mutex;

use engine::workers::{self, WorkerLost};

#[test]
fn every_worker_has_its_shard_and_local_tasks() {
    let done = workers::run(3, |worker| async move {
        let local = std::rc::Rc::new(worker.index);
        let same = local.clone();
        let read = tokio::task::spawn_local(async move { *same });
        (read.await.expect("it does not panic"), worker.shard().of)
    });
    assert_eq!(done, [Ok((0, 3)), Ok((1, 3)), Ok((2, 3))]);
}

#[test]
fn a_worker_that_panics_is_reported_and_the_others_go_on() {
    let finished = Mutex::new(Vec::new());
    let done = workers::run(3, |worker| {
        let finished = &finished;
        async move {
            assert!(worker.index != 1, "a defect planted in worker {}", worker.index);
            finished.lock().expect("nobody panics with it").push(worker.index);
        }
    });
    assert_eq!(done[1], Err(WorkerLost { worker: 1, message: "a defect planted in worker 1".into() }));
    assert!(done[0].is_ok() && done[2].is_ok());
    assert_eq!(finished.lock().expect("nobody panicked with it").len(), 2);
}
