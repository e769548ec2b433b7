# Keeps one browser: starts it, and ends it when standard input does, which is when whoever asked for it goes,
# whatever of. Then nothing is left: neither a process nor the profile.
#
# $1: the profile's directory, which is made here; the rest: the browser and its switches.
# It leads a process group of its own, which is the browser's, too.
profile=$1
shift
trap '' HUP PIPE
mkdir -m 700 -- "$profile" || exit 1
exec 3<&0 </dev/null
# What it puts into the temporary directory goes with the profile. A socket is there, whose path has 107 bytes at most:
# `/.org.chromium.Chromium.XXXXXX/SingletonSocket` has 46.
if [ ${#profile} -le 61 ]; then
    TMPDIR=$profile
    export TMPDIR
fi
"$@" "--user-data-dir=$profile" 3<&- >/dev/null &
browser=$!
exec 2>/dev/null
# Not before the browser is there: it would ignore them, too.
trap '' INT TERM
(
    read -r _ <&3
    kill -TERM $browser
    sleep 1
    kill -KILL $browser
) &
wait $browser

# Kills all others of the group, helpers of the browser that outlive it; whether there were any.
others() {
    there=1
    for stat in /proc/[0-9]*/stat; do
        read -r line <"$stat" || continue
        pid=${stat#/proc/}
        pid=${pid%/stat}
        # After the name in parentheses: state, parent, group.
        set -- ${line##*) }
        if [ "$3" = $$ ] && [ "$pid" != $$ ] && [ "$1" != Z ]; then
            kill -KILL "$pid"
            there=0
        fi
    done
    return $there
}

# Who still writes into the profile keeps it from being removed.
tries=10
while others || ! rm -rf -- "$profile"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || break
    sleep 0.1
done
rm -rf -- "$profile"
kill -KILL 0
