use super::*;

fn looked(chrome: Option<&str>, path: Option<&str>, there: &[&str]) -> Result<Source, String> {
    look(chrome.map(OsStr::new), path.map(OsStr::new), |program| {
        there.iter().any(|there| Path::new(there) == program)
    })
}

#[test]
fn what_chrome_names_comes_first_then_path_then_the_usual_places() {
    let all = ["/a/chromium", "/b/chromium", "/b/google-chrome", "/opt/mine", "/usr/lib/chromium/chromium"];
    for (chrome, path, there, expected) in [
        (Some("/opt/mine"), Some("/a:/b"), &all[..], "/opt/mine"),
        (Some("google-chrome"), Some("/a:/b"), &all[..], "/b/google-chrome"),
        (None, Some("/a:/b"), &all[..], "/a/chromium"),
        (Some(""), Some("/b:/a"), &all[..], "/b/chromium"),
        (None, Some("/a:/b"), &all[2..], "/b/google-chrome"),
        (None, Some("/c"), &all[..], "/usr/lib/chromium/chromium"),
        (None, None, &all[..], "/usr/lib/chromium/chromium"),
    ] {
        let found = looked(chrome, path, there);
        assert_eq!(found, Ok(Source::Program(expected.into())), "CHROME={chrome:?} PATH={path:?}");
    }
}

#[test]
fn an_address_is_a_browser_that_runs() {
    for at in ["http://127.0.0.1:9222", "ws://127.0.0.1:9222/devtools/browser/0"] {
        assert_eq!(looked(Some(at), Some("/a"), &["/a/chromium"]), Ok(Source::Running(at.to_owned())));
    }
}

#[test]
fn a_chrome_that_is_none_is_not_passed_over() {
    for chrome in ["/opt/mine", "mine", "./chromium"] {
        let why = looked(Some(chrome), Some("/a"), &["/a/chromium"]).expect_err("it is not there");
        assert!(why.contains(&format!("CHROME names `{chrome}`")), "{why}");
    }
}

#[test]
fn none_anywhere_is_said_with_what_helps() {
    let why = looked(None, Some("/a:/b"), &[]).expect_err("nothing is there");
    for said in ["CHROME", "PATH", "chromium-browser", "apt-get install chromium"] {
        assert!(why.contains(said), "{why}");
    }
}

#[test]
fn what_may_not_be_run_is_no_program() {
    let folder = tempfile::tempdir().expect("a directory");
    let program = folder.path().join("chromium");
    std::fs::write(&program, "").expect("it is written");
    let found = || {
        look(None, Some(folder.path().as_os_str()), |path| {
            path.starts_with(folder.path()) && is_executable(path)
        })
    };
    assert!(found().is_err());
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    assert_eq!(found(), Ok(Source::Program(program.clone())));
    assert!(!is_executable(folder.path()), "a directory is none either");
}
