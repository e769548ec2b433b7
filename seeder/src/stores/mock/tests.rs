use super::*;

#[test]
fn an_address_with_a_password_is_refused_and_not_repeated() {
    for url in ["http://me:hunter2@127.0.0.1:8089", "https://me:hunter2@127.0.0.1", "me:hunter2@127.0.0.1"] {
        let said = parse(url).expect_err("it is none").to_string();
        assert!(said.contains("127.0.0.1") && !said.contains("hunter2"), "{said}");
    }
    assert!(parse("http://127.0.0.1:8089").is_ok());
}
