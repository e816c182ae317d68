#!/bin/sh
# A relay board that is unplugged in the middle of a run is waited for, found where it is now, and made safe before anything goes on.
. tools/tap.sh

# run NAME BY WAIT BOARD ORDER: smoke; the board is unplugged after that order, with its coil on, back after BY; the rig waits for it as long as WAIT
run() {
	sed "s/faults: \[\]/faults: [{device: relay0, at: {command: $5}, do: unplug, by: $2}]/
		s/driver: lcus, device: emu:relay0/driver: $4, device: emu:relay0/; s/board: lcus/board: $4/" \
		fixtures/rigs/emulated-a.yaml >"$tmp/$1.yaml"
	echo "recovery: {wait: $3}" >>"$tmp/$1.yaml"
	"$bin/keybench" run suites/timing/smoke.yaml --rig "$tmp/$1.yaml" --target example --seed 5 --runs "$tmp/$1" >"$tmp/out" 2>"$tmp/err"
	status=$?
	run=$(echo "$tmp/$1"/*)
	is $status 75 "$1: the bench's error, and told as one"
	is "$(jq -cs '[.[] | select(.what == "fault") | .do]' "$run/truth.jsonl")" '["unplug"]' "$1: it was unplugged"
	is "$(jq -cs '[.[] | select(.type == "attempt") | .outcome] | unique - ["DONE"]' "$run/journal.jsonl")" '["BENCH_ERROR"]' \
		"$1: the attempt that met it is nobody else's"
	is "$(jq -cs '[.[] | select(.what == "end") | .relays]' "$run/truth.jsonl")" '[0]' "$1: all off at the end"
}
rungs() {
	jq -cs '[.[] | select(.type == "recovery") | [.device, .rung, .proved]]' "$run/journal.jsonl"
}
ended() {
	jq -r .ended "$run/summary.json"
}

for board in lcus kmtronic numato; do
	case $board in
	lcus) at=6 ;; # switched off channel by channel when it is opened, then once by the positioner
	*) at=4 ;;
	esac
	run $board "3 s" "60 s" $board $at
	is "$(rungs)" '[["positioner","reopen",true]]' "$board: it is back, and proved"
	is "$(ended)" complete "$board: the run finishes"
	is "$(jq -s '[.[] | select(.type == "attempt" and .outcome == "DONE")] | length' "$run/journal.jsonl")" 5 "$board: every trial is made"
	is "$(jq -cs '([.[] | .what == "plugged"] | index(true)) as $i | [.[$i:][] | select(.what == "relay")][0] | .on' "$run/truth.jsonl")" false \
		"$board: the first thing it is told is off"
	is "$(jq -cs '[.[] | select(.what == "plugged") | .path] | length' "$run/truth.jsonl")" 1 "$board: it came back elsewhere"
done

# an axis: at the line that sends it to the reader; it has power of its own, and is sent home when its line is back
sed "s/faults: \[\]/faults: [{device: axis0, at: {command: 9}, do: unplug, by: 3 s}]/" fixtures/rigs/emulated-axis.yaml >"$tmp/axis.yaml"
echo "recovery: {wait: 60 s}" >>"$tmp/axis.yaml"
"$bin/keybench" run suites/timing/smoke.yaml --rig "$tmp/axis.yaml" --target example --seed 5 --runs "$tmp/axis" >"$tmp/out" 2>"$tmp/err"
is $? 75 "axis: the bench's error, and told as one"
run=$(echo "$tmp"/axis/*)
is "$(jq -cs '[.[] | select(.what == "fault") | .do]' "$run/truth.jsonl")" '["unplug"]' "axis: it was unplugged"
is "$(rungs)" '[["positioner","reopen",true]]' "axis: it is back, and proved"
is "$(ended)" complete "axis: the run finishes"
is "$(jq -cs '([.[] | .what == "plugged"] | index(true)) as $i | [.[$i:][] | select(.what == "axis")] | map(.state) | index("Home") != null' \
	"$run/truth.jsonl")" true "axis: it goes home first"
is "$(jq -rs '[.[] | select(.what == "phone_in_field" or .what == "phone_left") | .what] | last' "$run/truth.jsonl")" phone_left \
	"axis: the phone is away at the end"

run gone 0 "1 s" lcus 6
is "$(rungs)" '[["positioner","reopen",false],["positioner","drain",false]]' "gone: waited for, and given up"
is "$(ended)" drained "gone: the bench is drained"
[ "$(jq -s '[.[] | select(.type == "recovery" and .rung == "reopen") | .took_ns][0]' "$run/journal.jsonl")" -ge 1000000000 ]
ok $? "gone: not before the time that the rig gives"
holds "$tmp/err" "waiting up to 1 s for it" "gone: and that is said"
done_testing
