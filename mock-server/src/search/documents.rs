//! What search finds: content, the events everybody may see, and instructors, in one shape.

use contract::events::{EventStatus, Visibility};
use contract::search::ContentType;
use fixtures::{Content, Event, Instructor};

use crate::dataset::Dataset;

/// Everything searchable of a dataset, in the order of ids: a document's number is its place here, which makes
/// ties break by id.
pub(crate) fn collect(dataset: &Dataset) -> Vec<Content> {
    let public =
        |event: &&Event| event.visibility == Visibility::Public && event.status != EventStatus::Draft;
    let mut documents: Vec<Content> = dataset.contents.clone();
    documents.extend(dataset.events.iter().filter(public).map(from_event));
    documents.extend(dataset.instructors.iter().map(from_instructor));
    documents.sort_by(|a, b| a.id.cmp(&b.id));
    documents
}

fn from_event(event: &Event) -> Content {
    let mut tags = event.tags.clone();
    tags.push(event.style.clone());
    tags.push(event.city.clone());
    Content {
        index: 0,
        id: event.id.clone(),
        content_type: ContentType::Event,
        title: event.title.clone(),
        body: event.description.clone(),
        snippet: first_sentence(&event.description),
        url: format!("/events/{}", event.id),
        style: Some(event.style.clone()),
        location: Some(if event.is_online { "online".to_owned() } else { event.city.clone() }),
        level: None,
        instructor: event.instructor_name.clone(),
        instructor_id: event.instructor_id.clone(),
        rank: None,
        age_group: None,
        category: None,
        tags,
        verified: false,
        published_at: event.created_at,
    }
}

fn from_instructor(instructor: &Instructor) -> Content {
    let name = format!("{} {}", instructor.first_name, instructor.last_name);
    Content {
        index: 0,
        id: instructor.id.clone(),
        content_type: ContentType::Instructor,
        title: name.clone(),
        body: instructor.bio.clone(),
        snippet: first_sentence(&instructor.bio),
        url: format!("/instructors/{}", instructor.id),
        style: Some(instructor.style.clone()),
        location: Some(instructor.city.clone()),
        level: None,
        instructor: Some(name),
        instructor_id: Some(instructor.id.clone()),
        rank: Some("black".to_owned()),
        age_group: None,
        category: None,
        tags: vec![instructor.style.clone(), instructor.rank.clone(), instructor.city.clone()],
        verified: false,
        published_at: instructor.joined_at,
    }
}

fn first_sentence(text: &str) -> String {
    text.split_inclusive(". ").next().unwrap_or(text).trim().to_owned()
}
