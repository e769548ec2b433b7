//! `content`: articles, videos and other things search finds. Who wrote one is read from `instructors`.

use fixtures::Content;

use super::super::copy::{Id, Name, Tuples};
use super::{Columns, INSTRUCTOR, Kind, Table, column};

pub(super) static TABLE: Table = Table {
    name: "content",
    kind: "content",
    columns: &[
        column("id", Kind::Uuid),
        column("type", Kind::Text),
        column("title", Kind::Text),
        column("body", Kind::Text),
        column("snippet", Kind::Text),
        column("url", Kind::Text),
        column("style", Kind::Text),
        column("location", Kind::Text),
        column("level", Kind::Text),
        column("instructor_id", Kind::Uuid),
        column("rank", Kind::Text),
        column("age_group", Kind::Text),
        column("category", Kind::Text),
        column("tags", Kind::TextArray),
        column("verified", Kind::Boolean),
        column("published_at", Kind::Timestamp),
    ],
    lookup: Some(INSTRUCTOR),
};

pub(super) fn write(row: &Content, to: &mut Tuples) {
    to.put(Id(&row.id))
        .put(Name(row.content_type))
        .put(&*row.title)
        .put(&*row.body)
        .put(&*row.snippet)
        .put(&*row.url)
        .put(row.style.as_deref())
        .put(row.location.as_deref())
        .put(row.level.as_deref())
        .put(row.instructor_id.as_deref().map(Id))
        .put(row.rank.as_deref())
        .put(row.age_group.as_deref())
        .put(row.category.as_deref())
        .put(&*row.tags)
        .put(row.verified)
        .put(row.published_at);
}

pub(super) fn read(columns: &mut Columns<'_>, index: u32) -> Result<Content, sqlx::Error> {
    Ok(Content {
        index,
        id: columns.id()?,
        content_type: columns.named()?,
        title: columns.get()?,
        body: columns.get()?,
        snippet: columns.get()?,
        url: columns.get()?,
        style: columns.get()?,
        location: columns.get()?,
        level: columns.get()?,
        instructor_id: columns.id_if_any()?,
        rank: columns.get()?,
        age_group: columns.get()?,
        category: columns.get()?,
        tags: columns.get()?,
        verified: columns.get()?,
        published_at: columns.get()?,
        instructor: columns.get()?,
    })
}
