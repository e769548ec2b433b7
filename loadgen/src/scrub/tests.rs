use super::*;

#[test]
fn what_lets_somebody_in_is_gone_and_what_says_how_is_not() {
    for (text, scrubbed) in [
        (
            r#"{"access_token":"a.b-c","token_type":"bearer","expires_in":1800}"#,
            r#"{"access_token":"[scrubbed]","token_type":"bearer","expires_in":1800}"#,
        ),
        (
            r#"{"urls":["turn:t"],"username":"u","credential":"hunter2"}"#,
            r#"{"urls":["turn:t"],"username":"u","credential":"[scrubbed]"}"#,
        ),
        ("set-cookie: session=hunter2; Path=/", "set-cookie: [scrubbed]=[scrubbed]; Path=/"),
        // The end is cut off.
        (r#"{"ws_token":"ws_hunt"#, r#"{"ws_token":"[scrubbed]"#),
    ] {
        assert_eq!(scrub(text), scrubbed);
    }
}

#[test]
fn an_address_keeps_what_is_looked_for_and_loses_what_it_is_signed_with() {
    for (url, scrubbed) in [
        ("/search?q=basic&limit=20", "/search?q=basic&limit=20"),
        ("/token=1", "/token=1"),
        (
            "/a.jpg?w=640&X-Amz-Signature=0f0f&X-Amz-Date=1",
            "/a.jpg?w=640&X-Amz-Signature=[scrubbed]&X-Amz-Date=1",
        ),
        ("https://maps.test/js?key=AIzaSyA&v=3", "https://maps.test/js?key=[scrubbed]&v=3"),
        ("/ws/sessions/s1?token=ws_1", "/ws/sessions/s1?token=[scrubbed]"),
    ] {
        assert_eq!(scrub_query(url), scrubbed);
    }
}
