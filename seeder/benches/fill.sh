#!/usr/bin/env bash
# How fast a world goes into Postgres, held against `psql \copy` of the same rows into the same tables, indexes and
# foreign keys included: a ratio from one run, since absolute times drift on shared machines.
#
#   seeder/benches/fill.sh [SCALE [ROUNDS]]        10 and 2 unless said otherwise; 100 takes some 25 minutes and 10 GB
#
# Starts a private Postgres that is gone afterwards, as ./test does; fsync is on for both sides.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec </dev/null
TARGET="${CARGO_TARGET_DIR:-$PWD/target}"
source tests/provide.sh
scale="${1:-10}" rounds="${2:-2}"
tables=(users instructors events event_rsvps subscriptions content training_sessions)

work="$(mktemp -d)"
trap 'end_servers; rm -rf "$work"' EXIT
find_cargo
cargo build --locked --release --quiet --bin seed
find_postgres || missing Postgres "apt-get install postgresql"
server_directory postgres
initialize_postgres "$DIRECTORY"
on_a_free_port start_postgres "$DIRECTORY" shared_buffers=512MB max_wal_size=4GB "unix_socket_directories=$DIRECTORY"
server="postgres://wwmaa@127.0.0.1:$PORT"
export PGOPTIONS="-c client_min_messages=warning"
psql() { command "$POSTGRES_BIN/psql" -XqAt -v ON_ERROR_STOP=1 "$@"; }

# fresh NAME: an empty database. drop NAME: none.
fresh() { psql "$server/postgres" -c "drop database if exists $1 with (force)" -c "create database $1"; }
drop() { psql "$server/postgres" -c "drop database $1 with (force)"; }

# seconds COMMAND...: how long it takes, on file descriptor 3.
seconds() {
    local began="$EPOCHREALTIME"
    "$@" || return
    awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", b - a }' >&3
}

# The seeder, and the most memory it took.
seed() {
    LOCAL_DATABASE_URL="$server/$1" "$TARGET/release/seed" apply --environment=local --stores=postgres \
        --scale "$scale" --json >"$work/seed.json" 2>"$work/seed.err" &
    local process=$! line
    while kill -0 "$process" 2>/dev/null; do
        line="$(grep -s VmHWM "/proc/$process/status" || true)"
        [ -z "$line" ] || echo "$line" | awk '{ print $2 }' >"$work/memory"
        sleep 0.2
    done
    wait "$process" || { cat "$work/seed.err" >&2; return 1; }
}

copy() {
    local table
    for table in "${tables[@]}"; do
        psql "$server/$1" -c "\\copy $table from '$work/$table.csv' csv"
    done
    psql "$server/$1" -c "analyze"
}

# A file of each table, from a database that the seeder filled: what \copy is given.
fresh wwmaa_seeded
seed wwmaa_seeded
rows=0
for table in "${tables[@]}"; do
    psql "$server/wwmaa_seeded" -c "\\copy $table to '$work/$table.csv' csv"
    count="$(psql "$server/wwmaa_seeded" -c "select count(*) from $table")"
    rows=$((rows + count))
    printf '  %-20s %10d rows\n' "$table" "$count"
done
drop wwmaa_seeded

for round in $(seq "$rounds"); do
    fresh wwmaa_copied
    cat seeder/migrations/*.sql | psql "$server/wwmaa_copied" >/dev/null
    seconds copy wwmaa_copied 3>"$work/copied"
    drop wwmaa_copied
    fresh wwmaa_seeded
    seconds seed wwmaa_seeded 3>"$work/seeded"
    drop wwmaa_seeded
    awk -v rows="$rows" -v a="$(cat "$work/seeded")" -v b="$(cat "$work/copied")" -v m="$(cat "$work/memory")" -v n="$round" \
        'BEGIN { printf "round %d: seed %.1f s (%.0f rows/s), \\copy %.1f s (%.0f rows/s): %.0f %% of \\copy; %.0f MiB\n",
                 n, a, rows / a, b, rows / b, 100 * b / a, m / 1024 }'
done
