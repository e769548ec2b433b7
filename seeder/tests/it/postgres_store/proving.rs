//! What an environment must prove before it is touched, each missing proof by itself.

use std::process::Command;

use super::{Local, SMALL};
use crate::command::{Ran, command, finish_from_async};
use crate::servers::Database;

fn staging(url: &str, args: &[&str]) -> Command {
    let mut command = command(args);
    command.args(["--environment=staging", "--stores=postgres"]).env("STAGING_DATABASE_URL", url);
    command
}

async fn at(url: &str, args: &[&str]) -> Ran {
    finish_from_async(staging(url, args)).await
}

/// A database that somebody has adopted as staging.
async fn adopted() -> Database {
    let database = Database::empty().await;
    let name = database.name().to_owned();
    at(&database.url(), &["adopt", "--database-name", &name]).await.succeeds();
    database
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staging_is_filled_once_a_person_has_adopted_it() {
    let database = Database::empty().await;
    let url = database.url();
    let apply = [&["apply"], &SMALL[..]].concat();
    for args in [&apply[..], &["plan"], &["verify"], &["destroy", "--yes"], &["reset-load"]] {
        at(&url, args)
            .await
            .fails_with(3, &["staging is refused", "no marker", "seed adopt", "Nothing was written"]);
    }
    at(&url, &["adopt"]).await.fails_with(2, &["--database-name", "Nothing was written"]);
    at(&url, &["adopt", "--database-name", "another"])
        .await
        .fails_with(3, &["`another` was typed", database.name()]);
    let text = at(&url, &["adopt", "--database-name", database.name()]).await.succeeds();
    assert!(text.contains("is staging from now on") && !text.contains("password"), "{text}");
    at(&url, &["adopt", "--database-name", database.name()])
        .await
        .fails_with(3, &["says already that it is staging"]);
    at(&url, &apply).await.succeeds();
    at(&url, &[&["verify"], &SMALL[..]].concat()).await.succeeds();
    at(&url, &["destroy", "--yes"]).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_not_on_the_list_is_never_asked() {
    for url in
        ["postgres://u:p@db.example.com/wwmaa", "postgres://u@10.0.0.7/wwmaa", "postgres://u@192.0.2.1/x"]
    {
        at(url, &["plan"])
            .await
            .fails_with(3, &["staging is refused", "not on its list", "environments.toml"]);
    }
    // Where a connection would really go counts, not what stands first.
    let hidden = "postgres://u@127.0.0.1/wwmaa?host=db.example.com";
    at(hidden, &["plan"]).await.fails_with(3, &["`db.example.com` is not on its list"]);
    let mut local = command(&["plan", "--environment=local", "--stores=postgres"]);
    local.env("LOCAL_DATABASE_URL", "postgres://u@db.staging.wwmaa.com/wwmaa");
    finish_from_async(local).await.fails_with(3, &["local is refused", "not on its list"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_with_prod_in_its_name_is_touched() {
    for url in [
        "postgres://u@127.0.0.1/wwmaa_production",
        "postgres://wwmaa_prod@127.0.0.1/wwmaa",
        "postgres://u@PROD.staging.wwmaa.com/wwmaa",
    ] {
        at(url, &["plan"]).await.fails_with(3, &["`prod` in its name", "Nothing was written"]);
        at(url, &["adopt", "--database-name", "wwmaa_production"])
            .await
            .fails_with(3, &["`prod` in its name"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_marker_must_name_this_environment() {
    let local = Local::filled().await;
    at(&local.database.url(), &["plan"]).await.fails_with(3, &["says that it is `local`"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_staging_is_not_staging() {
    let database = adopted().await;
    let copy = database.copy().await;
    at(&copy.url(), &["plan"]).await.fails_with(3, &["the database is a copy", database.name(), copy.name()]);

    let mut connection = database.connect().await;
    sqlx::raw_sql("UPDATE wwmaa_seed.marker SET system_identifier = '1'")
        .execute(&mut connection)
        .await
        .expect("done");
    at(&database.url(), &["plan"]).await.fails_with(3, &["the database is a copy", "of cluster 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_full_of_strangers_is_not_staging() {
    let strangers = |count: u32| {
        format!(
            "CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL);
             INSERT INTO users SELECT gen_random_uuid(), 'member' || n || '@mail.example.de' FROM generate_series(1, {count}) n;
             INSERT INTO users SELECT gen_random_uuid(), 'loadtest_user_' || n || '@wwmaa.com' FROM generate_series(1, 2000) n"
        )
    };
    let full = Database::empty().await;
    full.execute(&strangers(501)).await;
    at(&full.url(), &["adopt", "--database-name", full.name()])
        .await
        .fails_with(3, &["more than 500 of its users", "Nothing was written"]);
    let few = Database::empty().await;
    few.execute(&strangers(500)).await;
    at(&few.url(), &["adopt", "--database-name", few.name()]).await.succeeds();
    few.execute("INSERT INTO users VALUES (gen_random_uuid(), 'one.more@mail.example.de')").await;
    at(&few.url(), &["plan"]).await.fails_with(3, &["more than 500 of its users"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_local_database_that_is_not_empty_must_be_adopted_like_any_other() {
    let local = Local::empty().await;
    local.execute("CREATE TABLE something (id int)").await;
    local.seed("apply", &SMALL).await.fails_with(3, &["local is refused", "no marker"]);
    let name = local.database.name().to_owned();
    local.seed("adopt", &["--database-name", &name]).await.succeeds();
    local.seed("apply", &SMALL).await.fails_with(3, &["table users is missing", "seed --migrate"]);
    local.seed("apply", &[&SMALL[..], &["--migrate"]].concat()).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_are_missing_are_named() {
    let none = |args: &[&str]| finish_from_async(command(args));
    none(&["--environment=local"])
        .await
        .fails_with(2, &["LOCAL_DATABASE_URL", "./local", "Nothing was written"]);
    none(&["--environment=staging"]).await.fails_with(2, &["STAGING_DATABASE_URL"]);
    let mut redis = staging("postgres://u@127.0.0.1/x", &["plan", "--stores=redis"]);
    redis.env_remove("STAGING_REDIS_URL");
    let local = ["--environment=local", "--database-url=postgres://u@127.0.0.1/x", "--stores=redis"];
    none(&local).await.fails_with(2, &["LOCAL_REDIS_URL"]);
    let zerodb = ["--environment=local", "--database-url=postgres://u@127.0.0.1/x", "--stores=zerodb"];
    none(&zerodb).await.fails_with(2, &["ZERODB_API_KEY"]);
    none(&["--environment=local", "--database-url=nonsense"])
        .await
        .fails_with(2, &["cannot be read", "postgres://"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_the_database_gives_itself_counts_too() {
    let database = adopted().await;
    let hidden = database.renamed_copy("wwmaa_production").await;
    let aliased = crate::pgbouncer::Pooler::aliasing(&hidden, "wwmaa_staging");
    for args in [&["plan"][..], &["adopt", "--database-name", hidden.name()]] {
        at(&aliased.url(), args).await.fails_with(3, &["the database's own name", "`prod` in its name"]);
    }
    // A schema of production's, reached by a parameter of the address.
    database.execute("CREATE SCHEMA production").await;
    let url = format!("{}?options=-csearch_path%3Dproduction", database.url());
    at(&url, &["plan"]).await.fails_with(3, &["`prod` in its name", "production"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_that_a_policy_hides_are_not_overlooked() {
    let database = Database::empty().await;
    database
        .execute(
            "CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL);
             INSERT INTO users SELECT gen_random_uuid(), 'member' || n || '@mail.example.de' FROM generate_series(1, 600) n;
             ALTER TABLE users ENABLE ROW LEVEL SECURITY",
        )
        .await;
    let role = database.role("LOGIN PASSWORD 'right'").await;
    database
        .execute(&format!(
            "GRANT SELECT ON users TO {0}; GRANT CREATE ON DATABASE {1} TO {0}",
            role.name,
            database.name()
        ))
        .await;
    let url = database.url_as(&role.name, "right");
    at(&url, &["adopt", "--database-name", database.name()])
        .await
        .fails_with(3, &["row-level security", "Nothing was written"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_without_its_scheme_gives_nothing_away() {
    for url in ["wwmaa:hushhush@127.0.0.1/wwmaa", "mysql://wwmaa:hushhush@127.0.0.1/wwmaa"] {
        let ran = at(url, &["plan"]).await;
        ran.fails_with(2, &["does not begin with postgres://"]);
        assert!(!ran.stderr.contains("hushhush"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_stripe_key_is_refused_even_where_stripe_is_not_meant() {
    let database = adopted().await;
    for key in ["sk_live_abc", "rk_live_abc", "pk_other"] {
        for stores in ["--stores=postgres", "--stores=postgres,redis"] {
            let mut command = command(&["apply", "--environment=staging", stores]);
            command.env("STAGING_DATABASE_URL", database.url()).env("STRIPE_SECRET_KEY", key);
            let ran = finish_from_async(command).await;
            ran.fails_with(3, &["staging is refused", "Stripe's key", "Nothing was written"]);
            assert!(!ran.stderr.contains(key), "{ran:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_with_a_reserved_character_is_not_cut_in_two() {
    for url in ["postgres://seed:s3cr@et/pw@127.0.0.1/x", "postgres://seed:s3cr@et@127.0.0.1/x"] {
        let ran = at(url, &["plan"]).await;
        ran.fails_with(2, &["%40"]);
        assert!(!ran.stderr.contains("s3cr") && !ran.stderr.contains("et/pw"), "{ran:?}");
    }
}
