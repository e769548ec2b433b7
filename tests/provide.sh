# shellcheck shell=bash
# Provides what the tests need, each by the same ladder: what is there already; else a Debian package, when root;
# else a clear stop that says what is missing. Sourced by ./test and ./local. Says in one line what it found or did.

# shellcheck source=tests/servers.sh
source "$(dirname "${BASH_SOURCE[0]}")/servers.sh"

provided() { printf '  %-18s %s\n' "$1" "$2"; }

missing() {
    printf '\n%s is missing: %s\n' "$1" "$2" >&2
    exit 1
}

# As root, and only then; the lists are fetched once.
apt_lists() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    [ -z "${APT_LISTS_FETCHED:-}" ] || return 0
    apt-get update -qq || return 1
    APT_LISTS_FETCHED=1
}

# apt_install PACKAGE...
apt_install() {
    apt_lists || return 1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

find_cargo() {
    # rustup puts cargo where a login shell finds it; this may not be one.
    command -v cargo >/dev/null || PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    command -v cargo >/dev/null || missing Rust "install it with rustup (1.95 or newer)"
}

provide_rust() {
    find_cargo
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

# What asks the mock whatever its OpenAPI document allows, and what it does not: TEST_SCHEMATHESIS, the program on the
# machine, or one installed beside the build. Without Python or a package index there is none: that step is left out
# then, and both this and ./test say so. Sets SCHEMATHESIS.
provide_schemathesis() {
    local version=4.32.5 venv="$TARGET/schemathesis" how="there from an earlier run"
    if ! command -v python3 >/dev/null; then
        SCHEMATHESIS=""
        provided schemathesis "none, as there is no Python: the OpenAPI document is not tried"
        return
    fi
    if [ -n "${TEST_SCHEMATHESIS:-}" ]; then
        SCHEMATHESIS="$TEST_SCHEMATHESIS" how="TEST_SCHEMATHESIS"
        "$SCHEMATHESIS" --version >/dev/null || missing schemathesis "TEST_SCHEMATHESIS names none that runs"
    elif SCHEMATHESIS="$(command -v schemathesis)" && is_schemathesis "$version"; then
        how="on the machine"
    else
        SCHEMATHESIS="$venv/bin/schemathesis"
        if ! is_schemathesis "$version"; then
            how="installed into $venv"
            rm -rf "$venv"
            if ! { python3 -m venv "$venv" &&
                "$venv/bin/pip" install -q --disable-pip-version-check "schemathesis==$version"; } >/dev/null 2>&1; then
                rm -rf "$venv"
                SCHEMATHESIS=""
                provided schemathesis "none, as pip could not install it: the OpenAPI document is not tried"
                return
            fi
        fi
    fi
    provided schemathesis "$("$SCHEMATHESIS" --version | sed 's/.* //') ($how)"
}

# Whether SCHEMATHESIS is of this version; another would ask other questions.
is_schemathesis() { [ -x "$SCHEMATHESIS" ] && "$SCHEMATHESIS" --version 2>/dev/null | grep -qwF "$1"; }

# Sockets are files: page-load alone takes a few hundred at once.
provide_open_files() {
    ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
    provided "open files" "$(ulimit -n)"
}

# A Postgres: TEST_DATABASE_URL, of a role that may create databases; a private one otherwise. Sets TEST_DATABASE_URL,
# and TEST_POSTGRES_BIN for tests that start one with settings of their own, as TEST_SERVER_USER when that is root's.
provide_postgres() {
    local how
    if [ -n "${TEST_DATABASE_URL:-}" ]; then
        # Its programs are wanted all the same, and it can be asked with them.
        if find_postgres; then
            [ "$("$POSTGRES_BIN/psql" -XAtq "$TEST_DATABASE_URL" -c \
                'select rolsuper or rolcreatedb from pg_roles where rolname = current_user')" = t ] ||
                missing Postgres "TEST_DATABASE_URL names none that answers to a role that may create databases"
        fi
        how="${TEST_DATABASE_URL##*@} (TEST_DATABASE_URL)"
    elif find_postgres; then
        throwaway_postgres || missing Postgres "$POSTGRES_BIN/postgres does not come up, see above"
        TEST_DATABASE_URL="postgres://wwmaa@127.0.0.1:$PORT/postgres"
        how="$("$POSTGRES_BIN/postgres" --version | sed 's/.*) //; s/ .*//') on port $PORT ($FOUND)"
    elif docker info >/dev/null 2>&1; then
        throwaway_container 5432 postgres:16-alpine -e POSTGRES_USER=wwmaa -e POSTGRES_PASSWORD=wwmaa \
            -e POSTGRES_INITDB_ARGS="-c shared_preload_libraries=pg_stat_statements" ||
            missing Postgres "its container does not start, see above"
        # Over TCP: while it sets itself up, it answers on its socket only.
        within 60 docker exec "$CONTAINER" pg_isready -h 127.0.0.1 ||
            missing Postgres "its container does not answer: $(docker logs "$CONTAINER" 2>&1 | tail -n 5)"
        TEST_DATABASE_URL="postgres://wwmaa:wwmaa@127.0.0.1:$PORT/postgres"
        how="16 on port $PORT (a container)"
    else
        missing Postgres "apt-get install postgresql, or start Docker, or set TEST_DATABASE_URL"
    fi
    export TEST_DATABASE_URL
    [ -z "${POSTGRES_BIN:-}" ] || export TEST_POSTGRES_BIN="$POSTGRES_BIN"
    [ "$(id -u)" != 0 ] || TEST_SERVER_USER="$(server_user)" && export TEST_SERVER_USER
    provided Postgres "$how"
}

# A file system that is easily full: 96 MB of memory, mounted for Postgres to write to. Only root may mount, and not
# everywhere; without it the one test that fills a disk is left out, and this says so. Sets TEST_SMALL_DISK.
provide_small_disk() {
    local dir
    unset TEST_SMALL_DISK
    if [ "$(id -u)" = 0 ] && dir="$(mktemp -d /tmp/wwmaa-disk.XXXXXX)" &&
        mount -t tmpfs -o size=96m wwmaa-disk "$dir" 2>/dev/null; then
        ends_with_us discard_small_disk "$dir"
        as_server_user true && install -d -o "$(server_user)" "$dir/tablespace" && chmod 755 "$dir"
        export TEST_SMALL_DISK="$dir"
        provided "small disk" "$dir"
    else
        provided "small disk" "none, as it takes root to mount one: a full disk is not tried"
    fi
}

discard_small_disk() {
    umount -l "$1" 2>/dev/null || true
    rmdir "$1" 2>/dev/null || true
}

# A Redis: TEST_REDIS_URL; a private one otherwise. Sets TEST_REDIS_URL, and TEST_REDIS_SERVER for tests that start
# one themselves.
provide_redis() {
    local how
    if [ -n "${TEST_REDIS_URL:-}" ]; then
        find_redis || REDIS_SERVER=""
        how="${TEST_REDIS_URL##*@} (TEST_REDIS_URL)"
        # It can only be asked where a client is at hand; else the tests will tell.
        ! command -v redis-cli >/dev/null || [ "$(redis-cli -u "$TEST_REDIS_URL" ping 2>/dev/null)" = PONG ] ||
            missing Redis "TEST_REDIS_URL names none that answers"
    elif find_redis; then
        throwaway_redis || missing Redis "$REDIS_SERVER does not come up, see above"
        TEST_REDIS_URL="redis://127.0.0.1:$PORT/0"
        how="$("$REDIS_SERVER" --version | sed 's/.* v=//; s/ .*//') on port $PORT ($FOUND)"
    elif docker info >/dev/null 2>&1; then
        throwaway_container 6379 redis:7-alpine || missing Redis "its container does not start, see above"
        within 60 docker exec "$CONTAINER" redis-cli ping ||
            missing Redis "its container does not answer: $(docker logs "$CONTAINER" 2>&1 | tail -n 5)"
        TEST_REDIS_URL="redis://127.0.0.1:$PORT/0"
        how="7 on port $PORT (a container)"
    else
        missing Redis "apt-get install redis-server, or start Docker, or set TEST_REDIS_URL"
    fi
    export TEST_REDIS_URL
    [ -z "${REDIS_SERVER:-}" ] || export TEST_REDIS_SERVER="$REDIS_SERVER"
    provided Redis "$how"
}

# The program alone, in TEST_PGBOUNCER: the tests start it in front of the Postgres of their choice.
provide_pgbouncer() {
    find_pgbouncer || missing pgbouncer "apt-get install pgbouncer, or set TEST_PGBOUNCER to its path"
    export TEST_PGBOUNCER="$PGBOUNCER"
    provided pgbouncer "$("$PGBOUNCER" --version | sed -n '1s/.* //p') ($FOUND)"
}

# A Chromium, in TEST_CHROMIUM, for the pages of the mock and of the load generator. Where there is none, their tests
# are left out, and this says so.
provide_chromium() {
    local how="TEST_CHROMIUM" name found=""
    if [ -z "${TEST_CHROMIUM:-}" ]; then
        how="on the machine"
        find_chromium || { apt_install chromium && how="installed from Debian" && find_chromium; } || true
        if [ -z "$found" ]; then
            provided Chromium "none (apt-get install chromium, or set TEST_CHROMIUM): pages are not tried in a browser"
            return
        fi
        export TEST_CHROMIUM="$found"
    fi
    provided Chromium "$("$TEST_CHROMIUM" --version 2>/dev/null | sed 's/^[^0-9]*//; s/ .*//') ($how)"
}

# Sets `found`.
find_chromium() {
    for name in chromium chromium-browser google-chrome; do
        found="$(command -v "$name")" && return
    done
    return 1
}

# promtool, which reads what /metrics says as Prometheus would, in TEST_PROMTOOL; and a Prometheus in TEST_PROMETHEUS
# for tests that start one. Where there is none, the tests that ask promtool and those of the alerts are left out, and
# this says so.
provide_prometheus() {
    if find_prometheus "$TARGET/prometheus"; then
        export TEST_PROMTOOL="$PROMTOOL"
        [ -z "$PROMETHEUS" ] || export TEST_PROMETHEUS="$PROMETHEUS"
        provided promtool "$("$PROMTOOL" --version 2>&1 | sed -n '1s/.*version \([^ ]*\).*/\1/p') ($FOUND)"
        [ -n "$PROMETHEUS" ] ||
            provided Prometheus "none (set TEST_PROMETHEUS): metrics are neither read nor taken by a real one"
    else
        unset TEST_PROMTOOL TEST_PROMETHEUS PROMTOOL
        provided promtool "none (apt-get install prometheus, or set TEST_PROMTOOL): /metrics and alerts are not tried by it"
    fi
}

# xmllint, which holds junit.xml against its schema, in TEST_XMLLINT. Where there is none, that test is left out, and
# this says so.
provide_xmllint() {
    local how="TEST_XMLLINT"
    if [ -z "${TEST_XMLLINT:-}" ]; then
        how="on the machine"
        command -v xmllint >/dev/null || { apt_install libxml2-utils && how="installed from Debian"; } || true
        if ! TEST_XMLLINT="$(command -v xmllint)"; then
            unset TEST_XMLLINT
            provided xmllint "none (apt-get install libxml2-utils, or set TEST_XMLLINT): JUnit's schema is not asked"
            return
        fi
    fi
    export TEST_XMLLINT
    provided xmllint "$("$TEST_XMLLINT" --version 2>&1 | sed -n '1s/.*version //p') ($how)"
}
