//! A world as NDJSON.

use fixtures::ndjson;

/// A world is read whole and written back as it was, or refused with a line that is there.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match ndjson::read(text.lines()) {
        Ok(records) => {
            let lines: Vec<String> = records.iter().map(ndjson::line).collect();
            let again = ndjson::read(lines.iter().map(String::as_str));
            assert_eq!(again.as_ref(), Ok(&records), "what was written does not read back");
        }
        Err(error) => assert!((1..=text.lines().count().max(1) as u64).contains(&error.line), "{error}"),
    }
}
