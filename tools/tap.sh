# Shell tests speak TAP: source this, call ok for each, done_testing at the end.
# $bin is where the programs are, $tmp a folder that goes away with the test.
bin=${KEYBENCH_BIN:-$PWD/build/bin}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/keybench.XXXXXX") || exit 1
# Devices are locked among the programs of one test: another's desk that is on its way out may have had the same pseudo-terminals.
KEYBENCH_LOCKS=$tmp/locks
mkdir "$KEYBENCH_LOCKS" || exit 1
export KEYBENCH_LOCKS
# However the test ends, so does what it has started: left behind, a process keeps the pipes it inherited open, and
# whoever reads these to their end waits for ever.
left=
trap 'for p in $left; do kill -9 "$p" 2>/dev/null; done; rm -rf "$tmp"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
tests=0
failures=0

# started PID: a process of this test, in the background
started() {
	left="$left $1"
}

# running PID: is it, and no corpse?
running() {
	[ -d "/proc/$1" ] && ! grep -qs '^State:.Z' "/proc/$1/status" && [ -d "/proc/$1" ] # the shell may bury it meanwhile
}

# ends SECONDS PID: wait for a process of this test, no longer than that: then it is killed. Its exit status.
ends() {
	limit=$(($1 * 20))
	while [ "$limit" -gt 0 ] && running "$2"; do
		limit=$((limit - 1))
		sleep 0.05
	done
	if running "$2"; then
		echo "# process $2 does not end: $(tr '\0' ' ' <"/proc/$2/cmdline")"
		kill -9 "$2"
	fi
	wait "$2"
	set -- $? "$2"
	left=$(for p in $left; do [ "$p" = "$2" ] || echo "$p"; done)
	return "$1"
}

# ok STATUS NAME: one test; 0 is good.
ok() {
	tests=$((tests + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tests - $2"
	else
		echo "not ok $tests - $2"
		echo "# ${0##*/}: not ok $tests - $2" >&2 # prove shows this alone
		failures=$((failures + 1))
	fi
}

# is GOT WANTED NAME: the same text?
is() {
	[ "$1" = "$2" ]
	ok $? "$3"
	[ "$1" = "$2" ] || printf '# got    %s\n# wanted %s\n' "$1" "$2"
}

# held_up STATUS FILE: did a run end INCONCLUSIVE, and say that the machine held the desk up? A FAIL that this may have made is
# left open; on a quieter moment it is not.
held_up() {
	[ "$1" -eq 3 ] && tr -s ' \n' ' ' <"$2" | grep -q 'held the emulated desk up'
}

# holds FILE TEXT NAME: does a file hold a text?
holds() {
	grep -qF -- "$2" "$1"
	ok $? "$3"
	grep -qF -- "$2" "$1" || { printf '# no "%s" in:\n' "$2"; sed 's/^/# /' "$1" | head -n 20; }
}

# wait_for SECONDS COMMAND...: until it succeeds; a generous deadline, not a measurement.
wait_for() {
	limit=$(($1 * 20))
	shift
	while ! "$@" >/dev/null 2>&1; do
		limit=$((limit - 1))
		[ "$limit" -gt 0 ] || return 1
		sleep 0.05
	done
}

done_testing() {
	echo "1..$tests"
	[ "$failures" -eq 0 ]
	exit
}
