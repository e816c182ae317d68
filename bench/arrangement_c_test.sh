#!/bin/sh
# Arrangement C: module and phone are strangers, seen by a sensor and on the bus alone. What was measured must be what
# the desk's own log says.
. tools/tap.sh
rig=fixtures/rigs/emulated-c.yaml
target=fixtures/profiles/target/example.yaml
"$bin/keybench" check suites/timing/announce.yaml --rig $rig --target $target >"$tmp/out" 2>"$tmp/err"
is $? 0 "the suite announce fits the rig"
"$bin/keybench" check suites/timing/announce.yaml --rig fixtures/rigs/emulated-b.yaml --target $target >"$tmp/out" 2>"$tmp/err"
holds "$tmp/out" "SKIP: the rig has no sensor as t0" "and is skipped where nothing sees the phone arrive"
"$bin/keybench" check suites/timing/smoke.yaml --rig $rig --target $target >"$tmp/out" 2>"$tmp/err"
holds "$tmp/out" "SKIP: the rig has no reader" "suites that transact are skipped here"
sed '/^module:/d' $rig >"$tmp/nobody.yaml"
"$bin/keybench" check suites/timing/announce.yaml --rig "$tmp/nobody.yaml" --target $target >"$tmp/out" 2>"$tmp/err"
holds "$tmp/out" "SKIP: the rig has no vehicle module" "and it where nobody speaks on the bus"

# the same, shorter
sed -e 's/count: 70/count: 5/' -e 's/warmup: 2/warmup: 0/' -e 's/p95(/p50(/' suites/timing/announce.yaml >"$tmp/short.yaml"
"$bin/keybench" run "$tmp/short.yaml" --rig $rig --target $target --seed 4 --runs "$tmp/runs" >"$tmp/out" 2>"$tmp/err"
is $? 0 "the suite passes"
run=$(echo "$tmp"/runs/*)
is "$(jq -s 'map(select(.what == "announced")) | length' "$run/truth.jsonl")" 5 "five announcements"
# tap_to_bus as measured, as it was, U: when the input went on, and when the frame had ended
jq -rn --slurpfile journal "$run/journal.jsonl" --slurpfile truth "$run/truth.jsonl" '
	($journal[] | select(.type == "run")) as $head |
	$journal[] | select(.type == "attempt") | . as $a |
	[$truth[] | select(.t >= $a.started_ns + $head.origin_ns and .t <= $a.ended_ns + $head.origin_ns)] as $t |
	([$t[] | select(.what == "input" and .on)] | first | .t) as $from |
	([$t[] | select(.what == "can" and (.frame | startswith("210#12")))] | first | .t) as $to |
	"\($a.points.bus[0] - $a.points.t0[0]) \($to - $from) \($head.u_ns)"
' >"$tmp/pairs"
is "$(wc -l <"$tmp/pairs")" 5 "every attempt has its true time"
awk '{ d = $1 - $2; if (d < 0) d = -d; print d, $3 }' "$tmp/pairs" | sort -n >"$tmp/errors"
awk 'NR == 3 { exit !($1 <= $2) }' "$tmp/errors"
ok $? "the median error of tap_to_bus is within the U the rig states"
sed 's/^/# error, U in ns: /' "$tmp/errors"

# the module is asked by UDS, over ISO-TP made of frames
sed -e 's/count: 60/count: 10/' -e 's/p95(/p50(/' -e '/- id: kept/,$d' suites/conformance/diagnostics.yaml >"$tmp/asked.yaml"
"$bin/keybench" run "$tmp/asked.yaml" --rig $rig --target $target --seed 4 --runs "$tmp/asked" >"$tmp/out" 2>"$tmp/err"
is $? 0 "the module answers by UDS"
run=$(echo "$tmp"/asked/*)
is "$(jq -r 'select(.case == "identity") | .notes["uds F18C"]' "$run/journal.jsonl" | sort -u)" EMU-0001 "with what it is"
[ "$(jq -s 'map(select(.what == "diagnosed" and .answered)) | length' "$run/truth.jsonl")" -ge 45 ]
ok $? "and says so in its own log"

sed 's/announce: 20 ms/announce: never/' $rig >"$tmp/mute.yaml"
"$bin/keybench" run "$tmp/short.yaml" --rig "$tmp/mute.yaml" --target $target --seed 4 --runs "$tmp/mute" >"$tmp/out" 2>"$tmp/err"
is $? 1 "a module that never announces fails it"
holds "$(echo "$tmp"/mute/*/journal.jsonl)" "no DoorStatus with Lock = Unlocked" "and the journal says what was not there"
done_testing
