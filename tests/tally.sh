# shellcheck shell=bash
# What the checks came to, read from what they said. Sourced by ./test.

# said_of_tests passed|failed LOG: the sum of cargo's own counts; 0 when no step ran cargo's tests.
said_of_tests() { sed -nE "s/^test result: .* ([0-9]+) $1;.*/\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'; }

# left_out step|part|test LOG: what was left out, each once, as `step NAME, as REASON`. A test says so in the middle of
# a line where cargo had begun one, and each time it asks.
left_out() { sed -nE "s/.*LEFT OUT: ($1 .*)/\1/p" "$2" | LC_ALL=C sort -u; }

# unused LOG: of these, what was left out for want of something that was provided after all.
unused() {
    local line name
    left_out '(step|part|test)' "$1" | while IFS= read -r line; do
        for name in $(grep -oE 'TEST_[A-Z_]+' <<<"$line"); do
            [ -z "${!name:-}" ] || printf '%s\n' "$line"
        done
    done
}

# tally STEPS_PASSED STEPS_FAILED LOG: the last words, and whether all is well. A test that left itself out is one that
# passed to cargo, and not here.
tally() {
    local passed="$1" failed="$2" log="$3" left tests wrong
    left="$(left_out '(step|part|test)' "$log")" tests="$(left_out test "$log")" wrong="$(unused "$log")"
    passed=$((passed + $(said_of_tests passed "$log") - $(lines "$tests")))
    failed=$((failed + $(said_of_tests failed "$log") + $(lines "$wrong")))
    [ -z "$left" ] || printf '\nLEFT OUT, and so not known:\n%s\n' "$left"
    [ -z "$wrong" ] || printf '\nFAILED: what these want was provided, and they did not use it:\n%s\n' "$wrong"
    printf '\nEverything took %d s.\n%d passed, %d failed' "$SECONDS" "$passed" "$failed"
    [ -z "$left" ] || printf ', %d left out' "$(lines "$left")"
    printf '\n'
    [ "$failed" = 0 ]
}

# How many lines a text has.
lines() { grep -c . <<<"$1" || true; }
