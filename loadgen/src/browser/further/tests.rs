use std::net::Ipv4Addr;

use super::*;

const FONTS: &str = "fonts.gstatic.com";

fn asked(typed: &str, confirmed: &[&str], target: &Target) -> Result<Vec<(String, IpAddr)>, FurtherError> {
    let confirmed: Vec<String> = confirmed.iter().map(ToString::to_string).collect();
    further(&[typed.to_owned()], &confirmed, target, false)
}

fn here() -> Target {
    Target::parse("http://127.0.0.1:9").expect("a loopback origin")
}

#[test]
fn this_machine_needs_no_confirmation_and_is_looked_up() {
    let found = asked("127.0.0.2", &[], &here()).expect("it is on the list");
    assert_eq!(found, [("127.0.0.2".to_owned(), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)))]);
    assert_eq!(further(&[], &[], &here(), true).expect("nothing was typed"), []);
}

#[test]
fn what_is_elsewhere_must_be_confirmed_by_its_own_name() {
    for confirmed in [&[][..], &["staging.wwmaa.com"]] {
        let said = asked(FONTS, confirmed, &here()).expect_err("it was not confirmed");
        assert_eq!(said.exit(), Exit::Unreachable);
        assert!(said.to_string().contains("--confirm fonts.gstatic.com"), "{said}");
    }
}

#[test]
fn production_and_what_is_on_no_list_are_not_asked_whatever_was_confirmed() {
    for (host, words) in [
        ("app.wwmaa.com", "not on the list"),
        ("wwmaa.com", "is production"),
        ("cdn-prod.staging.wwmaa.com", "`prod` in its name"),
        ("cdn.example", "environments.toml"),
    ] {
        let said = asked(host, &[host], &here()).expect_err("it is on no list");
        assert!(matches!(said, FurtherError::Refused { .. }), "{said}");
        assert!(said.to_string().contains(words), "{said}");
    }
}

#[test]
fn what_is_no_host_is_said() {
    for typed in ["", "https://cdn.example", "cdn.example:443", "cdn.example/a", "a,MAP * b", "*"] {
        let said = asked(typed, &[], &here()).expect_err("it is no host");
        assert!(matches!(&said, FurtherError::NoHost(_)) && said.exit() == Exit::Usage, "{said}");
    }
}

#[test]
fn what_is_the_target_s_is_carried_to_nobody_else() {
    let world = here().in_world("seven").expect("a name");
    let said = asked("127.0.0.2", &[], &world).expect_err("its header would go there");
    assert!(said.to_string().contains("headers of their own"), "{said}");
    let said = further(&["127.0.0.2".to_owned()], &[], &here(), true).expect_err("unchecked");
    assert!(said.to_string().contains("unchecked"), "{said}");
}
