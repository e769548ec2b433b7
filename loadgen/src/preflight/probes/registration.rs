//! A seat of the baseline's event, taken, read back and given back; and the queue for one.

use contract::events::{
    CancelRsvp, CreateRsvp, EventParams, JoinWaitlist, LOAD_EVENT_BASELINE, ListRegistrations, Participant,
    ParticipantParams, RegistrationsParams, RsvpInput, WaitlistInput,
};

use crate::preflight::{findings::Trouble, kit::Kit};

fn event() -> EventParams {
    EventParams { event_id: LOAD_EVENT_BASELINE.to_owned() }
}

/// Somebody of this preflight's own. An address like a load user's: `cargo seed reset-load` knows it.
fn participant(kit: &Kit, who: &str) -> Participant {
    Participant {
        email: format!("loadtest+{}{who}@wwmaa.com", kit.nonce),
        first_name: "Load".to_owned(),
        last_name: "Preflight".to_owned(),
        phone: None,
    }
}

const SEATED: &str = "preflight";
const QUEUED: &str = "preflightqueue";

pub(in crate::preflight) async fn create(kit: &Kit) -> Result<(), Trouble> {
    let input = RsvpInput { event_id: None, participant: participant(kit, SEATED), payment: None };
    kit.to::<CreateRsvp>(&event()).input(&input).send().await?.fits()
}

pub(in crate::preflight) async fn read_back(kit: &Kit) -> Result<(), Trouble> {
    let email = Some(participant(kit, SEATED).email);
    let params = RegistrationsParams { event_id: event().event_id, email, limit: None, page: None };
    kit.to::<ListRegistrations>(&params).send().await?.fits()
}

/// Nobody queues for an event that has seats: to be told so is right.
pub(in crate::preflight) async fn queue(kit: &Kit) -> Result<(), Trouble> {
    let input = WaitlistInput { participant: participant(kit, QUEUED) };
    kit.to::<JoinWaitlist>(&event()).input(&input).send().await?.fits_or(&[400])
}

/// Gives back the seat, and a place in the queue should there be one.
pub(in crate::preflight) async fn cancel(kit: &Kit) -> Result<(), Trouble> {
    let cancel = |who| {
        let (event_id, email) = (event().event_id, participant(kit, who).email);
        kit.to::<CancelRsvp>(&ParticipantParams { event_id, email }).send()
    };
    let (seat, place) = tokio::join!(cancel(SEATED), cancel(QUEUED));
    seat?.fits()?;
    place?.fits_or(&[404])
}
