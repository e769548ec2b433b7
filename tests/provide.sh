# Provides what the tests need, each by the same ladder: what is there already; else a Debian package, when root;
# else a clear stop that says what is missing. Sourced by ./test. Says in one line what it found or did.

provided() { printf '  %-18s %s\n' "$1" "$2"; }

missing() {
    printf '\n%s is missing: %s\n' "$1" "$2" >&2
    exit 1
}

# apt_install PACKAGE...: as root, and only then; the lists are fetched once.
apt_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    if [ -z "${APT_LISTS_FETCHED:-}" ]; then
        apt-get update -qq || return 1
        APT_LISTS_FETCHED=1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

provide_rust() {
    # rustup puts cargo where a login shell finds it; this may not be one.
    command -v cargo >/dev/null || PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    command -v cargo >/dev/null || missing Rust "install it with rustup (1.95 or newer)"
    provided Rust "$(rustc --version)"
    local component
    for component in fmt clippy; do
        cargo "$component" --version >/dev/null 2>&1 ||
            missing "cargo $component" "rustup component add ${component/fmt/rustfmt}"
    done
}

# A linker, and a C compiler for the crates that bring some C.
provide_c_compiler() {
    local how="on the machine"
    if ! command -v cc >/dev/null; then
        apt_install gcc libc6-dev || missing "a C compiler" "apt-get install gcc libc6-dev"
        how="installed from Debian"
    fi
    provided "C compiler" "$(cc --version | head -n 1) ($how)"
}

# The validator of compose.yaml: it ships the compose specification's JSON schema, so nothing else is fetched.
# Sets CHECK_JSONSCHEMA.
provide_compose_schema() {
    local version=0.39.0 venv="$TARGET/compose-schema" how="there from an earlier run"
    CHECK_JSONSCHEMA="$venv/bin/check-jsonschema"
    if ! "$CHECK_JSONSCHEMA" --version 2>/dev/null | grep -qF "$version"; then
        how="installed into $venv"
        rm -rf "$venv"
        if ! python3 -m venv "$venv" >/dev/null 2>&1; then
            apt_install python3 python3-venv ||
                missing "Python 3 with venv" "apt-get install python3 python3-venv"
            rm -rf "$venv"
            python3 -m venv "$venv" || missing "a Python environment" "python3 -m venv failed, see above"
        fi
        "$venv/bin/pip" install -q --disable-pip-version-check "check-jsonschema==$version" ||
            missing "check-jsonschema $version" "pip could not install it, see above"
    fi
    provided "compose schema" "check-jsonschema $version ($how)"
}

# Sockets are files: page-load alone takes a few hundred at once.
provide_open_files() {
    ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
    provided "open files" "$(ulimit -n)"
}
