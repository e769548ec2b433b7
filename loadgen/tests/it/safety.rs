//! Load only where it may go: the rules, as pure functions and with names of this machine.

use std::net::SocketAddr;

use expect_test::expect;
use loadgen::{
    safety,
    target::{Asked, Recipe, Target},
};

const STAGING: &str = "api-staging.wwmaa.com";

/// What whoever asks for these is told, without anything being looked up.
fn refusals(targets: &[&str]) -> String {
    let refused = |target: &&str| {
        let error = match Asked::read(target) {
            Err(error) => error,
            Ok(asked) => asked
                .resolve(None, || "24 000 requests in 1 min 30 s, at most some 900 a second,".to_owned())
                .expect_err("it is not this machine"),
        };
        format!("{}: {error}", error.exit().code())
    };
    targets.iter().map(refused).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_target_that_load_may_not_go_to_is_refused_with_what_to_do() {
    expect![[r"
        2: unknown target `moon`: it is `mock`, `local`, `staging`, `backend-2025-11`, a profile of your own (FILE.toml; `loadgen targets show mock` explains it), or a URL such as http://127.0.0.1:8089
        2: unknown target `ftp://127.0.0.1`: it is `mock`, `local`, `staging`, `backend-2025-11`, a profile of your own (FILE.toml; `loadgen targets show mock` explains it), or a URL such as http://127.0.0.1:8089
        2: unknown target `http://127.0.0.1/api`: it is `mock`, `local`, `staging`, `backend-2025-11`, a profile of your own (FILE.toml; `loadgen targets show mock` explains it), or a URL such as http://127.0.0.1:8089
        2: unknown target `http://…@127.0.0.1`: it is `mock`, `local`, `staging`, `backend-2025-11`, a profile of your own (FILE.toml; `loadgen targets show mock` explains it), or a URL such as http://127.0.0.1:8089
        2: the target profile /nowhere/target.toml cannot be read: No such file or directory (os error 2)
        3: target production is refused: the target `production` has `prod` in its name, and load never goes to production
        3: target https://prod-eu.staging.wwmaa.com is refused: the target `https://prod-eu.staging.wwmaa.com` has `prod` in its name, and load never goes to production
        3: target https://wwmaa.com is refused: `wwmaa.com` is production, and load never goes there
        3: target https://WWW.wwmaa.com. is refused: `www.wwmaa.com` is production, and load never goes there
        3: target https://api.wwmaa.com is refused: `api.wwmaa.com` is production, and load never goes there
        3: target http://10.0.0.1:8080 is refused: its host `10.0.0.1` is not on the list of any environment (.localhost, 127.0.0.0/8, ::1, api-staging.wwmaa.com, localhost, staging-api.wwmaa.com, staging.wwmaa.com); a host is added in fixtures/environments.toml, by review
        3: target https://api-staging.wwmaa.com.evil.example is refused: its host `api-staging.wwmaa.com.evil.example` is not on the list of any environment (.localhost, 127.0.0.0/8, ::1, api-staging.wwmaa.com, localhost, staging-api.wwmaa.com, staging.wwmaa.com); a host is added in fixtures/environments.toml, by review
        3: target staging is refused: load leaves this machine only when its host is confirmed: add `--confirm api-staging.wwmaa.com`. That sends 24 000 requests in 1 min 30 s, at most some 900 a second, to api-staging.wwmaa.com and staging.wwmaa.com
        3: target https://staging-api.wwmaa.com is refused: load leaves this machine only when its host is confirmed: add `--confirm staging-api.wwmaa.com`. That sends 24 000 requests in 1 min 30 s, at most some 900 a second, to staging-api.wwmaa.com"]].assert_eq(&refusals(&[
        "moon",
        "ftp://127.0.0.1",
        "http://127.0.0.1/api",
        "http://somebody@127.0.0.1",
        "/nowhere/target.toml",
        "production",
        "https://prod-eu.staging.wwmaa.com",
        "https://wwmaa.com",
        "https://WWW.wwmaa.com.",
        "https://api.wwmaa.com",
        "http://10.0.0.1:8080",
        "https://api-staging.wwmaa.com.evil.example",
        "staging",
        "https://staging-api.wwmaa.com",
    ]));
}

#[test]
fn a_host_must_be_on_the_list_of_its_own_environment() {
    assert_eq!(safety::host(Some("staging"), STAGING), Ok(()));
    assert_eq!(safety::host(None, STAGING), Ok(()));
    for environment in ["mock", "local"] {
        assert!(safety::host(Some(environment), STAGING).is_err());
    }
    for host in ["localhost", "x.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "LOCALHOST."] {
        for environment in ["mock", "local", "staging"] {
            assert_eq!(safety::host(Some(environment), host), Ok(()), "{host}");
        }
        assert!(safety::is_this_machine(host));
    }
    for host in ["127.1", "2130706433", "0.0.0.0", "::ffff:127.0.0.1", "localhost.evil.example", "localhos"] {
        assert!(safety::host(None, host).is_err(), "{host}");
    }
}

#[test]
fn a_name_of_this_machine_must_lead_to_it() {
    let elsewhere = "203.0.113.7".parse().expect("an address");
    assert!(safety::address("localhost", elsewhere).is_err());
    assert!(safety::address("x.localhost", elsewhere).is_err());
    assert_eq!(safety::address(STAGING, elsewhere), Ok(()));
    assert_eq!(safety::address("localhost", "::1".parse().expect("an address")), Ok(()));
}

#[test]
fn health_must_name_the_environment_asked_for() {
    let here = "127.0.0.1";
    assert_eq!(safety::health(Some("mock"), here, "mock"), Ok(()));
    assert_eq!(safety::health(Some("local"), here, "Development"), Ok(()));
    assert_eq!(safety::health(None, here, "staging"), Ok(()), "a tunnel ends here");
    assert_eq!(safety::health(None, STAGING, "staging"), Ok(()));
    let refused = [
        safety::health(Some("mock"), here, "staging"),
        safety::health(Some("staging"), STAGING, "development"),
        safety::health(None, STAGING, "mock"),
        safety::health(None, here, "somewhere"),
        safety::health(Some("staging"), STAGING, "Production"),
        safety::health(None, here, "preprod"),
    ];
    let said: Vec<String> = refused.map(|refused| refused.expect_err("another one").to_string()).to_vec();
    expect![[r"
        its /health says its environment is `staging`, and the `mock` that was asked for says mock
        its /health says its environment is `development`, and the `staging` that was asked for says staging
        its /health says its environment is `mock`, and load goes only to what says staging (fixtures/environments.toml)
        its /health says its environment is `somewhere`, and load goes only to what says mock, local, development, staging (fixtures/environments.toml)
        the environment in its /health `production` has `prod` in its name, and load never goes to production
        the environment in its /health `preprod` has `prod` in its name, and load never goes to production"]].assert_eq(&said.join("\n"));
}

#[test]
fn only_the_exact_host_confirms() {
    let load = || "load".to_owned();
    assert_eq!(safety::confirmed(STAGING, Some(STAGING), load), Ok(()));
    assert_eq!(safety::confirmed("127.0.0.1", None, load), Ok(()));
    for typed in
        ["", "yes", "staging", "api-staging.wwmaa.com ", "API-STAGING.wwmaa.com", "staging-api.wwmaa.com"]
    {
        assert!(safety::confirmed(STAGING, Some(typed), load).is_err(), "{typed}");
    }
    assert!(safety::confirmed(STAGING, None, load).is_err());
}

#[test]
fn addresses_are_looked_up_once_and_kept() {
    let target = Target::parse("http://localhost:8089").expect("this machine");
    assert!(target.addresses().iter().all(|address| address.ip().is_loopback() && address.port() == 8089));
    assert_eq!((target.host(), target.authority().as_str()), ("localhost", "localhost:8089"));
    assert_eq!(target.to_string(), "http://localhost:8089");
    let six = Target::parse("http://[::1]:9000").expect("this machine");
    assert_eq!((six.host(), six.authority().as_str()), ("::1", "[::1]:9000"));
}

/// A recipe as another process reads it.
fn posted(recipe: &Recipe) -> Recipe {
    let text = serde_json::to_string(recipe).expect("it is data");
    serde_json::from_str(&text).expect("it reads back")
}

#[test]
fn a_target_is_made_again_from_its_recipe() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("mine.toml");
    let text = "name = \"mine\"\nabout = \"a\"\nenvironment = \"local\"\nbase = \"http://localhost:81\"\n\
                pages = \"http://127.0.0.2:82\"\n[endpoints.\"GET /api/instructors\"]\nmissing = \"none\"\n";
    std::fs::write(&file, text).expect("it can be written");
    for asked in ["mock", "http://127.0.0.1:9", file.to_str().expect("a path")] {
        let target = Target::parse(asked).and_then(|target| target.in_world("w")).expect("this machine");
        let recipe = posted(&target.recipe());
        let again = recipe.target().expect("the same target");
        assert_eq!(again, target);
        assert_eq!(again.recipe(), target.recipe());
    }
    let mine = Target::parse(file.to_str().expect("a path")).expect("this machine");
    std::fs::remove_file(&file).expect("it is there");
    let again = posted(&mine.recipe()).target().expect("the file is not read again");
    assert_eq!((again.name(), again.missing("GET /api/instructors")), ("mine", Some("none")));
    let page = again.elsewhere(contract::pages::HOME).expect("pages are elsewhere");
    assert_eq!(page.addresses(), ["127.0.0.2:82".parse::<SocketAddr>().expect("an address")]);
}

#[test]
fn a_recipe_gets_nobody_past_the_rules() {
    let recipe = posted(&Target::parse("http://localhost:81").expect("this machine").recipe());
    let text = serde_json::to_string(&recipe).expect("it is data");
    let away = text.replace("127.0.0.1", "203.0.113.7").replace("[::1]", "[2001:db8::1]");
    let forged: Recipe = serde_json::from_str(&away).expect("it reads");
    assert!(forged.target().is_err_and(|e| e.to_string().contains("leads to")));
    let forged: Recipe = serde_json::from_str(&text.replace("localhost", "wwmaa.com")).expect("it reads");
    assert!(forged.target().is_err_and(|e| e.to_string().contains("is production")));
}
