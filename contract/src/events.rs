//! Events and RSVPs: seats that are never oversold, a waitlist that is first in, first out.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Nothing, endpoint, flag};

/// The load event with 1000 seats.
pub const LOAD_EVENT: &str = "evt_load_test_001";
/// The load event with 50 seats, which has to turn people away.
pub const LOAD_EVENT_SMALL: &str = "evt_load_test_small";
/// The load event of the baseline, so that its rows never meet the scenario's.
pub const LOAD_EVENT_BASELINE: &str = "evt_load_test_baseline";
/// Title of [`LOAD_EVENT`].
pub const LOAD_EVENT_TITLE: &str = "Load Test Event - High Capacity Tournament";
/// What a supporter's ticket costs at the load events, in cents.
pub const SUPPORTER_TICKET_CENTS: u64 = 2_500;
/// Test cards that a charge refuses.
pub const DECLINED_CARDS: &[&str] =
    &["pm_card_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds"];

endpoint! {
    /// List events, filtered and paged.
    ListEvents = "GET /api/events", Optional, None Nothing => 200 EventPage,
    params ListEventsParams, errors [400, 401, 422]
}
endpoint! {
    /// Find events by the words of their title and description.
    SearchEvents = "GET /api/events/search", Optional, None Nothing => 200 EventMatches,
    params SearchEventsParams, errors [401, 422]
}
endpoint! {
    /// One event.
    GetEvent = "GET /api/events/{event_id}", Optional, None Nothing => 200 Event,
    params EventParams, errors [401, 404]
}
endpoint! {
    /// Take a seat; a payment sent along is charged.
    CreateRsvp = "POST /api/events/{event_id}/rsvp", Open, Json RsvpInput => 201 RsvpOutput,
    params EventParams, errors [400, 402, 404, 409, 422], headers ["Idempotency-Key"]
}
endpoint! {
    /// Read registrations back: one participant's by e-mail, or all of them for instructors and admins.
    ListRegistrations = "GET /api/events/{event_id}/registrations", Optional, None Nothing => 200 RegistrationPage,
    params RegistrationsParams, errors [401, 403, 404, 422]
}
endpoint! {
    /// Give a seat back; the head of the waitlist takes it.
    CancelRsvp = "DELETE /api/events/{event_id}/rsvp", Open, None Nothing => 200 CancelOutput,
    params ParticipantParams, errors [400, 404, 422]
}
endpoint! {
    /// Queue for a seat of a full event.
    JoinWaitlist = "POST /api/events/{event_id}/waitlist", Open, Json WaitlistInput => 201 WaitlistOutput,
    params EventParams, errors [400, 404, 409, 422]
}

/// An event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The event's id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// What kind of event.
    pub event_type: EventType,
    /// Discipline, such as `karate`.
    pub style: String,
    /// When it starts.
    pub start_date: DateTime<Utc>,
    /// When it ends.
    pub end_date: DateTime<Utc>,
    /// IANA name of the place's time zone.
    pub timezone: String,
    /// Name of the place.
    pub location_name: String,
    /// Street address.
    pub location_address: String,
    /// City.
    pub city: String,
    /// State, two letters.
    pub state: String,
    /// Postal code.
    pub postal_code: String,
    /// Whether it is held online.
    pub is_online: bool,
    /// Seats.
    pub capacity: u32,
    /// Seats taken.
    pub current_registrations: u32,
    /// People waiting.
    pub waitlist_count: u32,
    /// Price in cents; 0 is free.
    pub price: u64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Where it stands.
    pub status: EventStatus,
    /// Who teaches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructor_id: Option<String>,
    /// That person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructor_name: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum EventType {
    Training,
    Tournament,
    Seminar,
    Workshop,
    Demonstration,
    BeltTest,
    Sparring,
    Kata,
}

/// Who may see an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Members who are signed in.
    MembersOnly,
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// Not announced.
    Draft,
    /// Open.
    Published,
    /// Called off.
    Canceled,
    /// Over.
    Completed,
}

/// Which event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventParams {
    /// The event's id.
    pub event_id: String,
}

/// Which participant of which event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParticipantParams {
    /// The event's id.
    pub event_id: String,
    /// The participant's e-mail address.
    #[schemars(email)]
    pub email: String,
}

/// Parameters of [`ListEvents`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListEventsParams {
    /// Page size, 1 to 100; 20 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// Page, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub page: Option<u32>,
    /// Entries to skip; wins over `page`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    /// Only this kind.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<EventType>,
    /// Only this discipline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// Only this city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Only this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only online, or only in person.
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub is_online: Option<bool>,
    /// Only free, or only paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceFilter>,
    /// Starting on this day or later (`YYYY-MM-DD` or RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date"))]
    pub date_from: Option<String>,
    /// Starting on this day or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date"))]
    pub date_to: Option<String>,
    /// Order by; `start_date` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<EventSort>,
    /// Direction; ascending when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
}

/// Free or paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PriceFilter {
    Free,
    Paid,
}

/// What events are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventSort {
    /// When they start.
    StartDate,
    /// Their title.
    Title,
    /// How many seats are taken.
    Popularity,
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

/// Answer of [`ListEvents`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventPage {
    /// This page.
    pub events: Vec<Event>,
    /// How many match altogether.
    pub total: u64,
    /// Page size.
    pub limit: u32,
    /// Page, from 1.
    pub page: u32,
    /// Entries skipped.
    pub offset: u32,
    /// Whether more follow.
    pub has_more: bool,
}

/// Parameters of [`SearchEvents`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SearchEventsParams {
    /// Words to look for.
    #[schemars(length(min = 1, max = 500), regex(pattern = r"\S"))]
    pub q: String,
}

/// Answer of [`SearchEvents`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventMatches {
    /// The best matches, best first.
    pub events: Vec<Event>,
    /// How many match altogether.
    pub total: u64,
    /// What was looked for.
    pub query: String,
}

/// Who registers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Participant {
    /// E-mail address; one seat per address and event.
    #[schemars(email)]
    pub email: String,
    /// Given name.
    #[schemars(length(min = 1, max = 100), regex(pattern = r"\S"))]
    pub first_name: String,
    /// Family name.
    #[schemars(length(min = 1, max = 100), regex(pattern = r"\S"))]
    pub last_name: String,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub phone: Option<String>,
}

/// Body of [`CreateRsvp`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RsvpInput {
    /// The event's id again; the path's counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Who registers.
    pub participant: Participant,
    /// How they pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
}

/// How a seat is paid for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Payment {
    /// A Stripe payment method, such as `pm_card_visa`.
    #[schemars(length(min = 1, max = 255), regex(pattern = r"\S"))]
    pub payment_method: String,
    /// Name and address for the receipt, as Stripe takes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_details: Option<serde_json::Value>,
}

/// Answer of [`CreateRsvp`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RsvpOutput {
    /// The booking.
    pub booking_id: String,
    /// The registration row.
    pub registration_id: String,
    /// The event's id.
    pub event_id: String,
    /// Always confirmed.
    pub status: RsvpStatus,
    /// How the payment went, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_status: Option<PaymentStatus>,
    /// What was charged, in cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<u64>,
    /// ISO 4217, lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The participant's e-mail address.
    pub email: String,
    /// When the seat was taken.
    pub created_at: DateTime<Utc>,
}

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RsvpStatus {
    /// Holds a seat.
    Confirmed,
    /// Waits for one.
    Waitlist,
    /// Gave it back.
    Canceled,
    /// Held a seat and came.
    Attended,
    /// Held a seat and stayed away.
    NoShow,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Charged.
    Succeeded,
    /// Refused by the bank.
    Failed,
    /// Given back.
    Refunded,
}

/// Parameters of [`ListRegistrations`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegistrationsParams {
    /// The event's id.
    pub event_id: String,
    /// Only this participant's; without it the whole list, for instructors and admins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Page size, 1 to 100; 20 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// Page, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub page: Option<u32>,
}

/// Answer of [`ListRegistrations`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RegistrationPage {
    /// This page, oldest first.
    pub registrations: Vec<Registration>,
    /// How many there are altogether.
    pub total: u64,
}

/// A booking, as it reads back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Registration {
    /// The booking.
    pub booking_id: String,
    /// The participant's e-mail address.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Where it stands.
    pub status: RsvpStatus,
    /// How the payment went, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_status: Option<PaymentStatus>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Answer of [`CancelRsvp`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancelOutput {
    /// Always true.
    pub success: bool,
    /// Whether money goes back.
    pub refund_issued: bool,
    /// How much, in cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_amount: Option<u64>,
    /// The booking that came off the waitlist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted_booking_id: Option<String>,
}

/// Body of [`JoinWaitlist`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitlistInput {
    /// Who waits.
    pub participant: Participant,
}

/// Answer of [`JoinWaitlist`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitlistOutput {
    /// The booking that waits.
    pub booking_id: String,
    /// Always waitlist.
    pub status: RsvpStatus,
    /// Place in the queue, from 1.
    pub position: u32,
}
