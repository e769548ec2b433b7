//! Indexes of a real Postgres that are hard to tell: their names want quotation marks, or they are over some rows only.

use sqlx::{Connection as _, postgres::PgConnection};

use crate::missing_index::{Seeded, begin, database, flushed, indexes_of};

#[test]
fn names_that_want_quotation_marks_come_back_as_sql_takes_them() {
    let seeded = Seeded::new();
    seeded.execute(
        r#"CREATE TABLE "User" (id int PRIMARY KEY, "emailAddress" varchar, "order" int);
        INSERT INTO "User" SELECT n, 'member' || n || '@example.org', n % 2500 FROM generate_series(1, 5000) AS n;
        ANALYZE "User""#,
    );
    let read = || {
        let probing = begin(seeded.readers()).expect("it is read");
        seeded.runtime.block_on(async {
            let mut connection = PgConnection::connect(&seeded.url()).await.expect("Postgres answers");
            for number in 0..20 {
                let sql = r#"SELECT id FROM "User" WHERE "emailAddress" = $1"#;
                let asked = sqlx::query(sql).bind(format!("member{number}@example.org"));
                asked.fetch_all(&mut connection).await.expect("an answer");
                let asked = sqlx::query(r#"SELECT id FROM "User" WHERE "order" = $1"#).bind(number);
                asked.fetch_all(&mut connection).await.expect("an answer");
            }
            flushed(connection).await;
        });
        let mut found = indexes_of(probing.end(false).expect("something was to be read"));
        found.sort();
        found
    };
    let index = |column: &str| {
        let sql = format!("CREATE INDEX CONCURRENTLY ON public.\"User\" ({column});");
        (format!("Index public.\"User\" ({column})"), Some(sql))
    };
    assert_eq!(read(), [index("\"emailAddress\""), index("\"order\"")]);
    for (_, sql) in [index("\"emailAddress\""), index("\"order\"")] {
        seeded.execute(&sql.expect("it is above"));
    }
    assert_eq!(read(), [], "they are as it was said, and serve");
}

#[test]
fn a_partial_index_that_serves_what_ran_is_not_missed_though_no_plan_for_all_can_use_it() {
    let seeded = Seeded::new();
    seeded.execute(
        "CREATE TABLE people (id int PRIMARY KEY, email text, status text); \
         INSERT INTO people SELECT n, 'member' || n, CASE n % 9 WHEN 0 THEN 'gone' ELSE 'active' END \
         FROM generate_series(1, 20000) AS n; \
         CREATE INDEX ON people (email) WHERE status = 'active'; ANALYZE people",
    );
    let probing = begin(seeded.readers()).expect("it is read");
    seeded.runtime.block_on(async {
        let mut connection = PgConnection::connect(&seeded.url()).await.expect("Postgres answers");
        // Somebody else does read all of it.
        for _ in 0..3 {
            let all = sqlx::query("SELECT count(*) FROM people WHERE id % 7 = 1");
            all.fetch_all(&mut connection).await.expect("an answer");
        }
        // Each is planned for what it asks for.
        for number in 1..9 {
            let sql = "SELECT id FROM people WHERE email = $1 AND status = $2";
            let asked = sqlx::query(sql).bind(format!("member{number}")).bind("active").persistent(false);
            asked.fetch_all(&mut connection).await.expect("an answer");
        }
        flushed(connection).await;
    });
    let evidence = probing.end(false).expect("something was to be read");
    let (_, database) = database(&evidence);
    let statements = database.statements.as_ref().expect("they are counted");
    let asked = statements.iter().find(|statement| statement.query.contains("email = $1")).expect("it ran");
    assert!(asked.plan.as_ref().is_some_and(|plan| plan.contains("Seq Scan on people")), "{asked:?}");
    assert_eq!(database.missing, [], "{asked:?}");
}
