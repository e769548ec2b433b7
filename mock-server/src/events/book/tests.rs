//! The book under any interleaving, and the audit against books that were tampered with.

use proptest::prelude::*;

use super::*;

fn person(n: u8) -> Participant {
    Participant {
        email: format!("loadtest+{n}@wwmaa.com"),
        first_name: "Ana".to_owned(),
        last_name: "Lee".to_owned(),
        phone: None,
    }
}

fn at(second: i64) -> DateTime<Utc> {
    fixtures::epoch() + chrono::Duration::seconds(second)
}

fn seat(book: &mut Book, n: u8) -> Result<Arc<str>, Refusal> {
    book.register(&person(n), at(0), || Ok(None)).map(|booking| Arc::clone(&booking.id))
}

fn queue_up(book: &mut Book, n: u8) -> (Arc<str>, u32) {
    let (booking, position) = book.wait(&person(n), at(0)).expect("full and not booked yet");
    (Arc::clone(&booking.id), position)
}

/// Two seats taken by 0 and 1; 2, 3 and 4 wait.
fn busy() -> Book {
    let mut book = Book::new("evt", 2);
    for n in 0..2 {
        seat(&mut book, n).expect("a seat is free");
    }
    for n in 2..5 {
        queue_up(&mut book, n);
    }
    book
}

fn rules(book: &Book) -> Vec<Rule> {
    let mut rules: Vec<Rule> =
        book.audit(book.taken(), book.waiting()).into_iter().map(|offence| offence.rule).collect();
    rules.sort();
    rules.dedup();
    rules
}

#[test]
fn a_seat_is_refused_to_whoever_has_one_or_waits() {
    let mut book = Book::new("evt", 1);
    let first = seat(&mut book, 0).expect("a seat is free");
    assert_eq!(seat(&mut book, 0), Err(Refusal::HasSeat(first)));
    assert_eq!(seat(&mut book, 1), Err(Refusal::Full));
    let (place, position) = queue_up(&mut book, 1);
    assert_eq!(position, 1);
    assert_eq!(seat(&mut book, 1), Err(Refusal::Waits(place.clone())));
    assert_eq!(book.wait(&person(1), at(0)).err(), Some(NoPlace::Waits(place)));
    assert_eq!(Book::new("evt", 1).wait(&person(0), at(0)).err(), Some(NoPlace::SeatFree));
}

#[test]
fn addresses_are_one_whatever_their_case() {
    let mut book = Book::new("evt", 5);
    seat(&mut book, 7).expect("a seat is free");
    let shouting = Participant { email: " LOADTEST+7@WWMAA.com ".to_owned(), ..person(7) };
    assert!(matches!(book.register(&shouting, at(1), || Ok(None)), Err(Refusal::HasSeat(_))));
    assert_eq!(book.bookings_of("LoadTest+7@wwmaa.com").count(), 1);
}

#[test]
fn a_card_is_charged_only_when_a_seat_is_there_and_a_refusal_changes_nothing() {
    let mut book = Book::new("evt", 1);
    let declined = book.register(&person(0), at(0), || Err("Your card was declined."));
    assert_eq!(declined.err(), Some(Refusal::Unpaid("Your card was declined.")));
    assert_eq!((book.taken(), book.bookings().len()), (0, 0));
    seat(&mut book, 1).expect("the seat is still free");
    let full = book.register(&person(2), at(0), || unreachable!("no seat, no charge"));
    assert_eq!(full.err(), Some(Refusal::Full));
    assert_eq!(rules(&book), []);
}

#[test]
fn a_freed_seat_goes_to_the_head_of_the_waitlist_and_money_goes_back() {
    let mut book = Book::new("evt", 1);
    book.register(&person(0), at(0), || Ok(Some(2_500))).expect("a seat is free");
    let (head, _) = queue_up(&mut book, 1);
    let (next, _) = queue_up(&mut book, 2);
    let released = book.cancel(&person(0).email, at(1), true);
    assert_eq!(released, Some(Released { refund: Some(2_500), promoted: Some(head) }));
    let row = &book.bookings_of(&person(0).email).next().expect("it stays on record").row;
    assert_eq!((row.status, row.payment_status), (RsvpStatus::Canceled, Some(PaymentStatus::Refunded)));
    // Whoever leaves the waitlist frees no seat, and nobody is promoted past them.
    assert_eq!(book.cancel(&person(2).email, at(2), true), Some(Released { refund: None, promoted: None }));
    assert_eq!(book.cancel(&person(2).email, at(3), true), None);
    assert!(book.bookings_of(&person(2).email).all(|booking| booking.id == next));
    assert_eq!((book.taken(), book.waiting()), (1, 0));
    assert_eq!(rules(&book), []);
}

#[test]
fn a_late_cancellation_keeps_the_money() {
    let mut book = Book::new("evt", 1);
    book.register(&person(0), at(0), || Ok(Some(2_500))).expect("a seat is free");
    assert_eq!(book.cancel(&person(0).email, at(1), false), Some(Released { refund: None, promoted: None }));
    let row = &book.bookings()[0].row;
    assert_eq!(row.payment_status, Some(PaymentStatus::Succeeded));
}

#[test]
fn whoever_gave_their_seat_back_may_book_again_under_a_new_id() {
    let mut book = Book::new("evt", 1);
    let first = seat(&mut book, 0).expect("a seat is free");
    book.cancel(&person(0).email, at(1), true);
    let second = seat(&mut book, 0).expect("it is free again");
    assert_ne!(first, second);
    assert_eq!(book.bookings_of(&person(0).email).count(), 2);
    assert_eq!(rules(&book), []);
}

#[test]
fn forgetting_load_leaves_the_others_and_seats_those_who_wait() {
    let mut book = busy();
    let community = Participant { email: "ana@example.com".to_owned(), ..person(0) };
    book.wait(&community, at(3)).expect("full");
    let gone = book.forget(at(4), |email| email.starts_with("loadtest+"));
    assert_eq!(gone, 5);
    assert_eq!((book.taken(), book.waiting(), book.bookings().len()), (1, 0, 1));
    assert_eq!(rules(&book), []);
    // Ids are not used again, though there are fewer rows now.
    let mut again = Book::new("evt", 5);
    let first = seat(&mut again, 0).expect("a seat is free");
    again.forget(at(5), |_| true);
    assert_ne!(seat(&mut again, 0), Ok(first));
}

#[test]
fn the_audit_sees_an_oversold_seat() {
    let mut book = busy();
    book.capacity = 3;
    book.queue.clear();
    seat(&mut book, 9).expect("the tampered book thinks there is a seat");
    assert!(rules(&book).contains(&Rule::SeatsWithinCapacity));
}

#[test]
fn the_audit_sees_an_oversold_seat_that_was_given_back_since() {
    let mut book = Book::new("evt", 1);
    seat(&mut book, 0).expect("a seat is free");
    book.capacity = 2;
    let oversold = seat(&mut book, 1).expect("the tampered book thinks there is a seat");
    book.cancel(&person(1).email, at(1), true);
    book.capacity = 1;
    let offence = Offence { rule: Rule::SeatsWithinCapacity, id: oversold.to_string() };
    assert_eq!(book.audit(1, 0), [offence]);
}

#[test]
fn the_audit_sees_a_second_seat_of_one_participant() {
    let mut book = Book::new("evt", 3);
    seat(&mut book, 0).expect("a seat is free");
    book.by_email.clear();
    seat(&mut book, 0).expect("the tampered book has forgotten the first");
    assert_eq!(rules(&book), [Rule::OneBookingPerParticipant]);
}

#[test]
fn the_audit_sees_a_promotion_out_of_turn() {
    let mut book = busy();
    book.queue.swap(0, 1);
    book.cancel(&person(0).email, at(1), true);
    assert!(rules(&book).contains(&Rule::WaitlistFirstInFirstOut));
}

#[test]
fn the_audit_sees_a_seat_taken_past_the_waitlist() {
    let mut book = busy();
    let waiting = std::mem::take(&mut book.queue);
    book.cancel(&person(0).email, at(1), true);
    seat(&mut book, 9).expect("the seat was left free");
    book.queue = waiting;
    assert_eq!(rules(&book), [Rule::WaitlistFirstInFirstOut]);
}

#[test]
fn the_audit_sees_counts_that_are_not_held() {
    let mut book = busy();
    assert_eq!(book.audit(1, 3), [Offence { rule: Rule::CountsShownAreHeld, id: "evt".to_owned() }]);
    assert_eq!(book.audit(2, 2), [Offence { rule: Rule::CountsShownAreHeld, id: "evt".to_owned() }]);
    book.bookings[0].row.status = RsvpStatus::Canceled;
    let id = book.bookings[0].id.to_string();
    assert_eq!(book.audit(2, 3), [Offence { rule: Rule::CountsShownAreHeld, id }]);
}

#[test]
fn the_audit_sees_a_journal_that_lost_an_entry() {
    let mut book = busy();
    book.journal.entries_mut().remove(1);
    assert!(rules(&book).contains(&Rule::CountsShownAreHeld));
}

#[test]
fn the_journal_stays_small_and_forgets_no_offence() {
    let mut book = Book::new("evt", 1);
    seat(&mut book, 0).expect("a seat is free");
    book.capacity = 2;
    seat(&mut book, 1).expect("the tampered book thinks there is a seat");
    book.cancel(&person(1).email, at(1), true);
    book.capacity = 1;
    for round in 0..20_000 {
        book.cancel(&person(0).email, at(round), true);
        seat(&mut book, 0).expect("it is free again");
    }
    assert!(book.journal.entries_mut().len() <= 4_096);
    assert_eq!(rules(&book), [Rule::SeatsWithinCapacity]);
}

#[test]
fn launch_days_books_hold_and_are_kept_as_they_came() {
    let world = fixtures::World::new(fixtures::DEFAULT_SEED, fixtures::Size::default());
    for index in (0..40).chain((40..500).step_by(23)) {
        let (event, rows) = (world.event(index), world.rsvps_of(index));
        let book = Book::seeded(&event.id, event.capacity, rows.clone());
        assert_eq!((book.taken(), book.waiting()), (event.current_registrations, event.waitlist_count));
        assert_eq!(book.audit(book.taken(), book.waiting()), [], "{}", event.id);
        assert!(book.rows().eq(rows), "{}", event.id);
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Register(u8),
    Decline(u8),
    Wait(u8),
    Cancel(u8),
    Forget(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..12_u8;
    prop_oneof![
        5 => who.clone().prop_map(Step::Register),
        1 => who.clone().prop_map(Step::Decline),
        3 => who.clone().prop_map(Step::Wait),
        4 => who.clone().prop_map(Step::Cancel),
        1 => who.prop_map(Step::Forget),
    ]
}

proptest! {
    #[test]
    fn any_interleaving_keeps_the_promises(capacity in 0..5_u32, steps in prop::collection::vec(step(), 0..200)) {
        let mut book = Book::new("evt", capacity);
        for (second, step) in (0..).zip(steps) {
            let (taken, waiting) = (book.taken(), book.waiting());
            match step {
                Step::Register(n) => { let _ = book.register(&person(n), at(second), || Ok(Some(100))); }
                Step::Decline(n) => {
                    prop_assert!(book.register(&person(n), at(second), || Err("declined")).is_err());
                    prop_assert_eq!((book.taken(), book.waiting()), (taken, waiting));
                }
                Step::Wait(n) => { let _ = book.wait(&person(n), at(second)); }
                Step::Cancel(n) => { let _ = book.cancel(&person(n).email, at(second), true); }
                Step::Forget(n) => { book.forget(at(second), |email| email == person(n).email); }
            }
            prop_assert!(book.taken() <= capacity);
            prop_assert!(book.waiting() == 0 || book.taken() == capacity, "a seat is empty while people wait");
            let active = book.bookings().iter().filter(|b| b.row.status != RsvpStatus::Canceled).count();
            prop_assert_eq!(active as u32, book.taken() + book.waiting());
        }
        prop_assert_eq!(book.audit(book.taken(), book.waiting()), []);
        let again = Book::seeded("evt", capacity, book.rows().collect());
        prop_assert_eq!((again.taken(), again.waiting()), (book.taken(), book.waiting()));
        prop_assert!(again.rows().map(|row| row.position).eq(book.rows().map(|row| row.position)));
    }
}
