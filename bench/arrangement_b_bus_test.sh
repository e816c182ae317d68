#!/bin/sh
# Arrangement B with a bus: a module that is woken, tapped, and says on the bus that the door is open. What was measured
# must be what the desk's own log says.
. tools/tap.sh
rig=fixtures/rigs/emulated-b.yaml
target=fixtures/profiles/target/example.yaml
for suite in wake-up can-load; do
	"$bin/keybench" check suites/timing/$suite.yaml --rig $rig --target $target >"$tmp/out" 2>"$tmp/err"
	is $? 0 "the suite $suite fits the rig"
done
# where nothing is timed by it, a machine that hangs for a moment must not be held against the vehicle
is "$(grep -hE 'equals: Awake, within: [0-9.]+ ms' suites/*/*.yaml)" "" "no suite gives it less than a second to wake up"
sed '/^bus:/d' fixtures/rigs/emulated-a.yaml >"$tmp/busless.yaml"
"$bin/keybench" check suites/timing/wake-up.yaml --rig "$tmp/busless.yaml" --target $target >"$tmp/out" 2>"$tmp/err"
holds "$tmp/out" "SKIP: the rig has no bus" "a case that needs a bus is skipped where there is none"
"$bin/keybench" check suites/timing/wake-up.yaml --rig emulated-a --target $target >"$tmp/out" 2>"$tmp/err"
holds "$tmp/out" "SKIP: the rig has no vehicle module" "and where nobody would answer on it"
sed 's/, dbc: door//' fixtures/rigs/emulated-a.yaml >"$tmp/nodbc.yaml"
"$bin/keybench" check suites/timing/smoke.yaml --rig "$tmp/nodbc.yaml" --target $target >"$tmp/out" 2>"$tmp/err"
is $? 0 "a bus of which no DBC tells is no hindrance to what only wants one"
holds "$tmp/out" "left out: can_send: the rig's bus names no dbc" "which is said"
printf 'VERSION ""\nBU_: A\nBO_ 5 Other: 1 A\n SG_ S : 0|8@1+ (1,0) [0|0] "" A\n' >"$tmp/own.dbc"
sed "s,dbc: door,dbc: $tmp/own.dbc," fixtures/rigs/emulated-a.yaml >"$tmp/owndbc.yaml"
"$bin/keybench" check suites/timing/smoke.yaml --rig "$tmp/owndbc.yaml" --target $target >"$tmp/out" 2>"$tmp/err"
is $? 0 "nor is a DBC with other messages"
holds "$tmp/out" "left out: can_send: the DBC of its bus lacks what they send" "which is said too"

# What a suite only wants: the door is opened with or without a bus, and it is said which.
sed -e 's/count: .*}/count: 2}/' -e 's/warmup: .,/warmup: 0,/' -e '/expect:/d' -e '/p95(/d' suites/timing/door-unlock.yaml >"$tmp/door.yaml"
for rig_of in "with fixtures/rigs/emulated-a.yaml" "without $tmp/busless.yaml"; do
	set -- $rig_of
	"$bin/keybench" run "$tmp/door.yaml" --rig "$2" --target $target --seed 4 --runs "$tmp/$1" >"$tmp/$1.out" 2>"$tmp/err"
	is $? 0 "door-unlock passes $1 a bus"
done
holds "$(echo "$tmp"/without/*/report.txt)" "left out: can_cyclic, can_send: the rig has no bus" \
	"without one the report says what was left out"
grep -q "left out" "$tmp"/with/*/report.txt
is $? 1 "with one nothing is"
is "$(jq -s 'map(select(.what == "can" and (.frame | startswith("110#0214")))) | length' "$tmp"/with/*/truth.jsonl)" 4 \
	"each of the four taps was announced to a sleeping vehicle"
is "$(jq -s 'map(select(.what == "can" and (.frame | startswith("200#")))) | length >= 8' "$tmp"/with/*/truth.jsonl)" true \
	"and the vehicle's state was on the bus meanwhile"

# the same, shorter
sed -e 's/count: 70/count: 5/' -e 's/warmup: 2/warmup: 0/' -e 's/p95(/p50(/' suites/timing/wake-up.yaml >"$tmp/short.yaml"
"$bin/keybench" run "$tmp/short.yaml" --rig $rig --target $target --seed 4 --runs "$tmp/runs" >"$tmp/out" 2>"$tmp/err"
is $? 0 "the suite passes"
run=$(echo "$tmp"/runs/*)
attempts='[.[] | select(.type == "attempt")]'
is "$(jq -cs "$attempts | map(.outcome) | unique" "$run/journal.jsonl")" '["DONE"]' "every tap is done"
is "$(jq -s 'map(select(.what == "module_awake")) | length' "$run/truth.jsonl")" 5 "it was woken for each"
is "$(jq -s 'map(select(.what == "module_asleep")) | length' "$run/truth.jsonl")" 5 "and slept after each"
is "$(jq -s 'map(select(.what == "announced")) | length' "$run/truth.jsonl")" 5 "five announcements"
jq -rn --slurpfile journal "$run/journal.jsonl" --slurpfile truth "$run/truth.jsonl" '
	($journal[] | select(.type == "run")) as $head |
	$journal[] | select(.type == "attempt") | . as $a |
	(.points.bus[0] + $head.origin_ns) as $bus |
	[$truth[] | select(.what == "can" and (.frame | startswith("210#12")) and .t == $bus)] | length
' >"$tmp/found"
is "$(tr '\n' ' ' <"$tmp/found")" "1 1 1 1 1 " "the point bus is the end of the frame, to the nanosecond"
holds "$run/report.txt" "bus: virtual CAN bus, 500000 bit/s" "the report names the bus"
# What the key may do is on the bus too: the family's friend may drive at limited speed, the bench's owner as he likes.
for who in "family DriveRestricted On" "bench Owner Off"; do
	set -- $who
	sed "s/^pairing: .*/pairing: $1/" $rig >"$tmp/$1.yaml"
	sed -e 's/count: 70/count: 1/' -e 's/warmup: 2/warmup: 0/' -e '/p95(/d' -e '/expect:$/d' \
		-e "s/^      - retreat/      - can_expect: {message: DoorStatus, signal: Access, equals: $2, within: 2 s}\n&/" \
		-e "s/^      - retreat/      - can_expect: {message: DoorStatus, signal: SpeedLimit, equals: $3, within: 2 s}\n&/" \
		suites/timing/wake-up.yaml >"$tmp/access.yaml"
	"$bin/keybench" run "$tmp/access.yaml" --rig "$tmp/$1.yaml" --target $target --seed 4 --runs "$tmp/access" >"$tmp/out" 2>"$tmp/err"
	is $? 0 "the key of $1: $2, speed limit $3"
done
done_testing
