//! The tables: a file per table says which columns it has, how a row of the world is written into them and how one is
//! read back.

mod content;
mod event_rsvps;
mod events;
mod instructors;
mod subscriptions;
mod training_sessions;
mod users;

use fixtures::Record;
use serde::de::{DeserializeOwned, IntoDeserializer as _, value};
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, Type};
use uuid::Uuid;

use super::copy::Tuples;

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// The kind of the world's rows that it holds.
    pub(crate) kind: &'static str,
    /// Its columns, in the order in which they are written and read; the first is the primary key, `id`.
    pub(crate) columns: &'static [Column],
    /// An expression read behind the columns, with the join it needs, for what another table knows.
    pub(crate) lookup: Option<Lookup>,
}

/// What is read from another table along with a row.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) expression: &'static str,
    pub(crate) join: &'static str,
}

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// How it is read, for a count of rows that are not all the world's; then `apply` counts it anew rather than writing
    /// it. In the expression, `$2` are the ids of the world's rows that are counted.
    pub(crate) counted: Option<&'static str>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Uuid,
    Text,
    Integer,
    BigInt,
    Double,
    Boolean,
    Timestamp,
    TextArray,
}

impl Kind {
    /// The type in SQL, in which rows are sent and read.
    pub(crate) const fn sql(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Text => "text",
            Self::Integer => "integer",
            Self::BigInt => "bigint",
            Self::Double => "double precision",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp with time zone",
            Self::TextArray => "text[]",
        }
    }
}

/// Shorthand for the tables' files.
const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, counted: None }
}

/// The name of the instructor that a row refers to.
const INSTRUCTOR: Lookup = Lookup {
    expression: "i.first_name || ' ' || i.last_name",
    join: "LEFT JOIN instructors i ON i.id = t.instructor_id",
};

/// All tables; rows refer only to tables before their own.
pub(crate) static TABLES: [&Table; 7] = [
    &users::TABLE,
    &instructors::TABLE,
    &events::TABLE,
    &event_rsvps::TABLE,
    &subscriptions::TABLE,
    &content::TABLE,
    &training_sessions::TABLE,
];

/// The table of a row, none for a world's header and end.
pub(crate) fn of(record: &Record) -> Option<&'static Table> {
    TABLES.into_iter().find(|table| table.kind == record.kind())
}

/// Writes a row in the order of its table's columns, and behind them whether it is `ours`: one that the ledger knows.
pub(crate) fn write(record: &Record, ours: bool, to: &mut Tuples) {
    let Some(table) = of(record) else { return };
    to.begin(table.columns.len() + 1);
    match record {
        Record::Member(row) => users::write(row, to),
        Record::Instructor(row) => instructors::write(row, to),
        Record::Event(row) => events::write(row, to),
        Record::Rsvp(row) => event_rsvps::write(row, to),
        Record::Subscription(row) => subscriptions::write(row, to),
        Record::Content(row) => content::write(row, to),
        Record::Session(row) => training_sessions::write(row, to),
        Record::World(_) | Record::End { .. } => {}
    }
    to.put(ours);
}

/// Reads back the row that should be `expected`. What no column holds, because it follows from the place in the
/// world, is taken from there.
pub(crate) fn read(row: &PgRow, expected: &Record) -> Result<Record, sqlx::Error> {
    let mut columns = Columns { row, next: 0 };
    Ok(match expected {
        Record::Member(member) => Record::Member(users::read(&mut columns, member.index)?),
        Record::Instructor(person) => Record::Instructor(instructors::read(&mut columns, person.index)?),
        Record::Event(_) => Record::Event(events::read(&mut columns)?),
        Record::Rsvp(_) => Record::Rsvp(event_rsvps::read(&mut columns)?),
        Record::Subscription(_) => Record::Subscription(subscriptions::read(&mut columns)?),
        Record::Content(item) => Record::Content(content::read(&mut columns, item.index)?),
        Record::Session(_) => Record::Session(training_sessions::read(&mut columns)?),
        other @ (Record::World(_) | Record::End { .. }) => other.clone(),
    })
}

/// A row's columns, read one after the other.
struct Columns<'a> {
    row: &'a PgRow,
    next: usize,
}

impl<'a> Columns<'a> {
    fn get<T: Decode<'a, Postgres> + Type<Postgres>>(&mut self) -> Result<T, sqlx::Error> {
        self.next += 1;
        self.row.try_get(self.next - 1)
    }

    fn id(&mut self) -> Result<String, sqlx::Error> {
        self.get::<Uuid>().map(|id| id.to_string())
    }

    fn id_if_any(&mut self) -> Result<Option<String>, sqlx::Error> {
        Ok(self.get::<Option<Uuid>>()?.map(|id| id.to_string()))
    }

    /// A value that has only a name.
    fn named<T: DeserializeOwned>(&mut self) -> Result<T, sqlx::Error> {
        let name: &str = self.get()?;
        spelled(name)
    }

    fn named_if_any<T: DeserializeOwned>(&mut self) -> Result<Option<T>, sqlx::Error> {
        self.get::<Option<&str>>()?.map(spelled).transpose()
    }

    fn count(&mut self) -> Result<u32, sqlx::Error> {
        self.get::<i32>().and_then(positive)
    }

    fn count_if_any(&mut self) -> Result<Option<u32>, sqlx::Error> {
        self.get::<Option<i32>>()?.map(positive).transpose()
    }

    fn cents(&mut self) -> Result<u64, sqlx::Error> {
        self.get::<i64>().and_then(positive)
    }

    fn cents_if_any(&mut self) -> Result<Option<u64>, sqlx::Error> {
        self.get::<Option<i64>>()?.map(positive).transpose()
    }

    /// A column that says the same in every row of every world.
    fn always(&mut self, expected: &str) -> Result<(), sqlx::Error> {
        match self.get::<&str>()? {
            there if there == expected => Ok(()),
            there => Err(sqlx::Error::Decode(format!("{there:?} where {expected:?} belongs").into())),
        }
    }
}

fn positive<A, B: TryFrom<A, Error: std::error::Error + Send + Sync + 'static>>(
    count: A,
) -> Result<B, sqlx::Error> {
    B::try_from(count).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn spelled<T: DeserializeOwned>(name: &str) -> Result<T, sqlx::Error> {
    let deserializer: value::StrDeserializer<'_, value::Error> = name.into_deserializer();
    T::deserialize(deserializer).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// The id of a row that was read.
pub(crate) fn id(row: &PgRow, table: &Table) -> Result<String, sqlx::Error> {
    let mut columns = Columns { row, next: 0 };
    if table.columns[0].kind == Kind::Uuid { columns.id() } else { columns.get() }
}
