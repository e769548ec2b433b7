use super::*;

/// Answers, fails or hangs in turn.
struct Moody {
    turn: u32,
    closes: bool,
}

impl Reader for Moody {
    async fn read(&mut self, _: &mut Notes) -> Result<(), String> {
        self.turn += 1;
        match self.turn % 3 {
            1 => Ok(()),
            2 => Err("it would not".to_owned()),
            _ => std::future::pending().await,
        }
    }

    async fn close(&mut self, notes: &mut Notes) {
        if !self.closes {
            std::future::pending::<()>().await;
        }
        notes.say("closed");
    }

    fn fill(self, source: &mut Source) {
        source.every_ms = u64::from(self.turn);
    }
}

async fn attended(closes: bool) -> (Source, Result<(), String>, Duration) {
    let began = clock::now();
    let (end, ended) = watch::channel(None);
    let (first, heard) = oneshot::channel();
    let every = Duration::from_secs(1);
    let source = unread("moody".to_owned(), SourceKind::Metrics, every);
    let attending = attend(Moody { turn: 0, closes }, source, every, ended, first);
    let ending = async {
        // Readings at 0 and 1 s; that of 2 s hangs until 4 s, and the next one is due at 5 s.
        clock::sleep_until(began + Duration::from_millis(4_500)).await;
        end.send_replace(Some(Duration::from_secs(5)));
    };
    let (source, ()) = tokio::join!(attending, ending);
    (source, heard.await.expect("there was a first reading"), clock::now() - began)
}

#[tokio::test(start_paused = true)]
async fn a_place_that_fails_and_hangs_is_asked_on_and_its_troubles_are_told_once() {
    let (source, first, took) = attended(true).await;
    assert_eq!((source.reads, source.failed, first), (2, 2, Ok(())));
    assert_eq!(source.troubles, ["it would not", "no answer within 2 s", "closed"]);
    assert_eq!((source.every_ms, took), (4, Duration::from_millis(4_500)));
}

#[tokio::test(start_paused = true)]
async fn last_questions_have_an_end() {
    let (source, _, took) = attended(false).await;
    assert!(source.troubles.last().is_some_and(|said| said.contains("not answered in time")), "{source:?}");
    assert_eq!(took, Duration::from_millis(9_500));
}
