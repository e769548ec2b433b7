# shellcheck shell=bash
# Real servers: finds their programs, starts them, ends them. Sourced by tests/provide.sh, whose ladder it shares,
# and so by ./test (servers that end with it) and ./local (servers that stay).
#
# A server lives in a directory of its own: DIR/log, DIR/data, its process id, its port. Only what was started in
# such a directory is ever ended, and by its process id.

# Postgres and pgbouncer refuse to run as root, so root's servers run as somebody else. Prints who.
server_user() {
    if [ "$(id -u)" != 0 ]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# as_server_user COMMAND ARGUMENT...: from /, because the caller's directory may be closed to that user.
as_server_user() (
    local user
    cd /
    [ "$(id -u)" = 0 ] || exec "$@"
    user="$(server_user)"
    set -- env HOME=/ USER="$user" LOGNAME="$user" "$@"
    if command -v setpriv >/dev/null; then
        exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@"
    elif command -v runuser >/dev/null; then
        exec runuser -u "$user" -- "$@"
    else
        # shellcheck disable=SC2016 # the inner shell expands it
        exec su -s /bin/sh "$user" -c 'exec "$@"' -- sh "$@"
    fi
)

# own_directory DIR: makes it, for the user who runs servers and nobody else.
own_directory() {
    mkdir -p "$1" && chmod 700 "$1" || return
    [ "$(id -u)" != 0 ] || chown "$(server_user)" "$1"
}

# alive PID: a zombie is not.
alive() {
    kill -0 "$1" 2>/dev/null || return 1
    [ ! -r "/proc/$1/stat" ] || ! grep -qs ') Z ' "/proc/$1/stat"
}

# answers PORT: whether anything listens there.
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Prints a port that nobody listens on, below those the kernel gives to clients. Somebody may still be quicker.
free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)) && answers "$port"; do :; done
    echo "$port"
}

# ---- finding the programs ------------------------------------------------------------------------------------

# Each sets a variable and FOUND, which says how; each fails when there is neither a program nor a way to get one.

# shellcheck disable=SC2034 # who calls them reads it
find_postgres() {
    FOUND="on the machine"
    postgres_on_machine && return
    server_package postgresql || return
    FOUND="installed from Debian"
    postgres_on_machine
}

# Sets POSTGRES_BIN: PATH, then Debian's versions from the newest on, then where it installs itself from source.
postgres_on_machine() {
    local on_path="" directory program
    on_path="$(command -v initdb)" && on_path="$(dirname "$(readlink -f "$on_path")")"
    while IFS= read -r directory; do
        for program in initdb pg_ctl pg_isready psql; do
            [ -x "$directory/$program" ] || continue 2
        done
        # The one who will run it must be able to.
        as_server_user "$directory/postgres" --version >/dev/null 2>&1 || continue
        POSTGRES_BIN="$directory"
        return 0
    done < <(
        printf '%s\n' "${TEST_POSTGRES_BIN:-}" "$on_path"
        printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
        echo /usr/local/pgsql/bin
    )
    return 1
}

# shellcheck disable=SC2034
find_redis() {
    FOUND="on the machine"
    REDIS_SERVER="${TEST_REDIS_SERVER:-}"
    [ -x "$REDIS_SERVER" ] || REDIS_SERVER="$(program redis-server)" && return
    server_package redis-server || return
    FOUND="installed from Debian"
    REDIS_SERVER="$(program redis-server)"
}

# shellcheck disable=SC2034
find_pgbouncer() {
    FOUND="on the machine"
    PGBOUNCER="${TEST_PGBOUNCER:-}"
    [ -x "$PGBOUNCER" ] || PGBOUNCER="$(program pgbouncer)" && return
    server_package pgbouncer || return
    FOUND="installed from Debian"
    PGBOUNCER="$(program pgbouncer)"
}

# Prometheus is two programs, linked to nothing but libc; the package around them brings a service and its own web
# page's libraries. Only the programs are taken out of it, into DIR (target/prometheus), and nothing is installed.
# Sets PROMTOOL, and PROMETHEUS where it is at hand.
# shellcheck disable=SC2034
find_prometheus() {
    local dir="$1"
    FOUND="on the machine"
    PROMETHEUS="${TEST_PROMETHEUS:-}" PROMTOOL="${TEST_PROMTOOL:-}"
    [ -x "$PROMETHEUS" ] || PROMETHEUS="$(program prometheus)" || PROMETHEUS=""
    [ -x "$PROMTOOL" ] || PROMTOOL="$(program promtool)" && return
    FOUND="from Debian's package, in $dir"
    [ -x "$dir/usr/bin/promtool" ] || unpack_package prometheus "$dir" || return
    PROMTOOL="$dir/usr/bin/promtool" PROMETHEUS="$dir/usr/bin/prometheus"
    "$PROMTOOL" --version >/dev/null 2>&1
}

# unpack_package PACKAGE DIR: as root. DIR is there once it is whole.
unpack_package() {
    local package="$1" dir="$2" fresh="$2.fresh"
    apt_lists || return
    rm -rf "$fresh" "$dir"
    mkdir -p "$fresh/download" || return
    # apt downloads as a user of its own, who may not write here; that it then does so as root is no news.
    (cd "$fresh/download" && apt-get download -qq -o APT::Sandbox::User=root "$package" >/dev/null) &&
        dpkg-deb -x "$fresh"/download/*.deb "$fresh" || return
    rm -rf "$fresh/download"
    mv "$fresh" "$dir"
}

# program NAME: its path. Who is not root has no sbin in the PATH.
program() { PATH="$PATH:/usr/local/sbin:/usr/sbin" type -P "$1"; }

# server_package PACKAGE: as root. The package's own server must not run, now or after a restart of the machine:
# only its programs are wanted.
server_package() {
    apt_lists || return
    (
        policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/wwmaa-none.conf
        trap 'rm -f "$policy" "$cluster"
            rmdir "${cluster%/*}" 2>/dev/null || true
            [ ! -e "$policy.before-wwmaa" ] || mv "$policy.before-wwmaa" "$policy"' EXIT
        [ ! -e "$policy" ] || mv "$policy" "$policy.before-wwmaa"
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
        mkdir -p "${cluster%/*}" && echo "create_main_cluster = false" >"$cluster"
        apt_install "$1" || exit
        update-rc.d "$1" disable >/dev/null 2>&1 || true
    )
}

# ---- starting and stopping -----------------------------------------------------------------------------------

# initialize_postgres DIR OPTION...: the superuser `wwmaa` needs no password on this machine; everyone else has one
# to get wrong. DIR/data is there once it is whole.
initialize_postgres() {
    local dir="$1" fresh="$1/fresh" locale=C said
    shift
    ! locale -a 2>/dev/null | grep -qix 'c\.utf-\?8' || locale=C.UTF-8
    as_server_user rm -rf "$fresh"
    # What it says is worth reading only when it fails.
    said="$(as_server_user "$POSTGRES_BIN/initdb" -D "$fresh" -U wwmaa -A trust -E UTF8 --locale="$locale" \
        "$@" 2>&1)" || { printf '%s\n' "$said" >&2 && return 1; }
    as_server_user tee "$fresh/pg_hba.conf" >/dev/null <<'HBA'
local all wwmaa              trust
host  all wwmaa 127.0.0.1/32 trust
host  all wwmaa ::1/128      trust
local all all                scram-sha-256
host  all all   127.0.0.1/32 scram-sha-256
host  all all   ::1/128      scram-sha-256
HBA
    as_server_user mv "$fresh" "$dir/data"
}

# start_postgres DIR PORT SETTING...: returns when it takes queries, and fails, its log in DIR/log, when it does not.
start_postgres() {
    local dir="$1" port="$2" options=""
    shift 2
    printf -v options -- ' -c %q' "port=$port" listen_addresses=127.0.0.1 max_connections=200 "$@"
    as_server_user "$POSTGRES_BIN/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -o "$options" start >/dev/null 2>&1 &&
        "$POSTGRES_BIN/pg_isready" -q -h 127.0.0.1 -p "$port" -t 10
}

# The port that DIR's Postgres runs on. Its pid file may outlive it, so the server itself must say that it is the one.
postgres_port() {
    local port data
    port="$(sed -n 4p "$1/data/postmaster.pid" 2>/dev/null)" && [ -n "$port" ] || return 1
    data="$("$POSTGRES_BIN/psql" -XAtq "postgres://wwmaa@127.0.0.1:$port/postgres?connect_timeout=5" \
        -c 'show data_directory' 2>/dev/null)" && [ "$data" = "$1/data" ] && echo "$port"
}

# stop_postgres DIR fast|immediate
stop_postgres() {
    [ -e "$1/data/postmaster.pid" ] || return 0
    as_server_user "$POSTGRES_BIN/pg_ctl" -D "$1/data" -m "$2" -w -t 60 stop >/dev/null
}

# start_redis DIR PORT OPTION...: returns when it answers, and fails, its log in DIR/log, when it does not.
start_redis() {
    local dir="$1" port="$2" deadline=$((SECONDS + 30))
    shift 2
    as_server_user rm -f "$dir/pid"
    # shellcheck disable=SC2016 # the inner shell expands it
    as_server_user sh -c 'echo "$1" >"$2/port" && : >"$2/log"' sh "$port" "$dir" || return
    as_server_user "$REDIS_SERVER" --port "$port" --bind 127.0.0.1 --dir "$dir" --pidfile "$dir/pid" \
        --logfile "$dir/log" --daemonize yes "$@" >/dev/null || return
    until redis_port "$dir" >/dev/null; do
        ! grep -qiE 'failed listening|fatal' "$dir/log" && [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# The port that DIR's Redis runs on: whoever answers there must have the process id in DIR's pid file.
redis_port() {
    local port pid
    pid="$(cat "$1/pid" 2>/dev/null)" && port="$(cat "$1/port" 2>/dev/null)" || return 1
    [ "$(redis_answering "$port")" = "$pid" ] && echo "$port"
}

# The process id of the Redis on a port, asked without redis-cli.
redis_answering() (
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
    printf 'INFO server\r\n' >&3
    while IFS= read -r -t 2 line <&3; do
        case "$line" in
            process_id:*) line="${line#*:}" && echo "${line%$'\r'}" && exit ;;
            -*) exit 1 ;;
        esac
    done
    exit 1
) 2>/dev/null

# stop_redis DIR: it writes down what it is told to keep, and ends.
stop_redis() {
    local pid deadline=$((SECONDS + 30))
    redis_port "$1" >/dev/null || return 0
    pid="$(cat "$1/pid")"
    kill -TERM "$pid" || return
    while alive "$pid"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# ---- servers that end with this shell ------------------------------------------------------------------------

ENDINGS=() WATCHDOGS=()

# ends_with_us COMMAND ARGUMENT...: runs it when end_servers is called, and when this shell is gone without a word.
ends_with_us() {
    local command watchdog
    printf -v command '%q ' "$@"
    ENDINGS+=("$command")
    # A process group of its own: what ends ours does not end the watchdog.
    watchdog="$(
        set -m
        (
            trap '' HUP INT TERM
            while alive $$; do sleep 1; done
            "$@"
        ) </dev/null >/dev/null 2>&1 &
        echo $!
    )"
    WATCHDOGS+=("$watchdog")
}

# For a trap on EXIT: everything started here has ended when it returns.
end_servers() {
    local command watchdog
    for command in ${ENDINGS[@]+"${ENDINGS[@]}"}; do eval "$command" || true; done
    for watchdog in ${WATCHDOGS[@]+"${WATCHDOGS[@]}"}; do kill -KILL -- "-$watchdog" 2>/dev/null || true; done
    ENDINGS=() WATCHDOGS=()
}

# server_directory NAME: sets DIRECTORY, fresh, short enough for a socket's path, and gone when we are.
server_directory() {
    local above="${TMPDIR:-/tmp}"
    as_server_user test -x "$above" && [ "${#above}" -lt 60 ] || above=/tmp
    DIRECTORY="$(mktemp -d "$above/wwmaa-$1.XXXXXX")" && own_directory "$DIRECTORY" || return
    ends_with_us discard_server "$DIRECTORY"
}

discard_server() {
    [ -d "$1" ] || return 0
    [ ! -d "$1/data" ] || stop_postgres "$1" immediate || true
    stop_redis "$1" || true
    rm -rf "$1"
}

# throwaway_postgres: sets DIRECTORY and PORT. Its data is not worth a sync. Its statements are counted, for whoever reads
# them beside a load. Nothing goes on in it by itself: tests read what the planner and the statistics know.
throwaway_postgres() {
    local counted=""
    [ ! -e "$POSTGRES_BIN/../lib/pg_stat_statements.so" ] || counted=shared_preload_libraries=pg_stat_statements
    server_directory postgres || return
    initialize_postgres "$DIRECTORY" --no-sync || return
    on_a_free_port start_postgres "$DIRECTORY" fsync=off synchronous_commit=off full_page_writes=off autovacuum=off \
        "unix_socket_directories=$DIRECTORY" ${counted:+"$counted"}
}

# throwaway_redis: sets DIRECTORY and PORT.
throwaway_redis() {
    server_directory redis || return
    on_a_free_port start_redis "$DIRECTORY" --save "" --appendonly no
}

# on_a_free_port START DIR OPTION...: again with another port when somebody else was quicker.
on_a_free_port() {
    local start="$1" dir="$2" attempt
    shift 2
    for attempt in 1 2 3 4 5; do
        PORT="$(free_port)"
        ! "$start" "$dir" "$PORT" "$@" || return 0
        grep -qi 'address already in use' "$dir/log" || break
    done
    echo "It did not come up (attempt $attempt). Its log:" >&2
    cat "$dir/log" >&2
    return 1
}

# throwaway_container PORT IMAGE OPTION...: sets CONTAINER and PORT.
throwaway_container() {
    local inside="$1" image="$2"
    shift 2
    CONTAINER="$(docker run --rm -d -p "127.0.0.1::$inside" "$@" "$image")" || return
    ends_with_us docker rm --force --volumes "$CONTAINER"
    PORT="$(docker port "$CONTAINER" "$inside/tcp" | head -n 1)"
    PORT="${PORT##*:}"
}

# within SECONDS COMMAND...: until it succeeds.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.2
    done
}
