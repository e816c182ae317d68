#!/bin/sh
# The uncertainty statement, tested: what the bench measured against what really happened on the emulated desk.
# Both speak CLOCK_MONOTONIC_RAW; the journal's origin_ns lines them up.
. tools/tap.sh
"$bin/keybench" run suites/timing/smoke.yaml --rig fixtures/rigs/emulated-a.yaml --trials 6 \
	--target fixtures/profiles/target/example.yaml --seed 5 --runs "$tmp/runs" >/dev/null 2>"$tmp/err"
is $? 0 "a small run passes"
run=$(echo "$tmp"/runs/*)

# One line per attempt: n, tap as measured, tap as it was (the phone's own stamps), U; all in ns.
jq -rn --slurpfile journal "$run/journal.jsonl" --slurpfile truth "$run/truth.jsonl" '
	($journal[] | select(.type == "run")) as $head |
	[$journal[] | select(.type == "attempt")] as $attempts |
	range($attempts | length) as $n | $attempts[$n] as $a |
	[$truth[] | select(.t >= $a.started_ns + $head.origin_ns and .t <= $a.ended_ns + $head.origin_ns)] as $t |
	([$t[] | select(.what == "activated")] | last | .t) as $from |
	([$t[] | select(.what == "answer" and .command == "control_flow")] | last | .t) as $to |
	"\($n) \($a.points["control_flow.answered"][0] - $a.points.activated[0]) \($to - $from) \($head.u_ns)"
' >"$tmp/pairs"
is "$(wc -l <"$tmp/pairs")" 12 "every attempt has its true time"
# A busy machine may delay a wake-up by more than U once or twice: no more.
sort -n "$tmp/pairs" | awk '{ d = $2 - $3; if (d < 0) d = -d; print d, $4 }' | sort -n >"$tmp/errors"
awk 'NR == 10 { exit !($1 <= $2) }' "$tmp/errors"
ok $? "the error of tap is within the U the rig states"
sed 's/^/# error, U in ns: /' "$tmp/errors"

# The stimulus is real: no card is activated before the relay's contact closed and the phone arrived.
jq -rs '[foreach .[] as $e ({}; if $e.what == "phone_in_field" then .there = true
	elif $e.what == "phone_left" then .there = false
	elif $e.what == "activated" then .bad = (.bad // false) or (.there != true) else . end; .bad // false)] | any' \
	"$run/truth.jsonl" >"$tmp/bad"
is "$(cat "$tmp/bad")" false "no card is seen before the phone is there"
[ "$(jq -rs '[.[] | select(.what == "wtx")] | length' "$run/truth.jsonl")" -gt 0 ]
ok $? "the phone asked for more time, and got it"
done_testing
