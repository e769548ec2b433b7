//! What a run tells other systems: read by the real ones where there are any, else by servers that understand what
//! they are told.

mod errors;
mod figures;
mod made;
mod prometheus;
mod receiver;
mod scraped;
mod whole;
mod written;
