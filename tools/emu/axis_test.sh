#!/bin/sh
# The desk's axis carries the phone: a whole run on it, and the phone is out of the field at its end.
. tools/tap.sh
kb=$bin/keybench
rig=fixtures/rigs/emulated-axis.yaml

"$kb" run suites/timing/smoke.yaml --rig $rig --target example --seed 3 --runs "$tmp/runs" >"$tmp/out" 2>&1
is $? 0 "smoke passes with an axis"
truth=$(echo "$tmp"/runs/*/truth.jsonl)
is "$(jq -rs '[.[] | select(.what == "axis") | .state] | .[0]' "$truth")" Home "it homes before anything else"
is "$(jq -rs '[.[] | select(.what == "phone_in_field")] | length' "$truth")" 5 "the phone comes into the field once a tap"
is "$(jq -rs '[.[] | select(.what == "phone_in_field" or .what == "phone_left") | .what] | last' "$truth")" \
	phone_left "and has left it at the end"
is "$(jq -rs '[.[] | select(.what == "probe" and .on)] | length' "$truth")" 5 "the probe input sees it each time"
# nearer than tap_z, 1 mm off the face, it never is
is "$(jq -rs '[.[] | select(.what == "axis") | .z_um] | min' "$truth")" 1000 "it never goes nearer than the tap"

# the probe input as the sensor, and a tap that begins with it: what it saw is what was true
# (U is wide: how far a stamp may be off is the machine's affair here, that it says so is ours)
sed 's/^uncertainty:.*/uncertainty: 1 s/; s/^emulate:/sensor: {driver: probe}\nt0: sensor\nemulate:/' $rig >"$tmp/sensor.yaml"
sed 's/^uncertainty:.*/uncertainty: 1 s/' fixtures/rigs/emulated-sensor.yaml >"$tmp/input.yaml"
"$kb" run suites/timing/smoke.yaml --rig "$tmp/sensor.yaml" --target example --seed 3 --runs "$tmp/seen" >"$tmp/out" 2>&1
is $? 0 "smoke passes with its probe as the sensor"
seen() {
	jq -rs --slurpfile truth "$1/truth.jsonl" --arg what "$2" '
		([.[] | select(.type == "run")][0].origin_ns) as $o |
		[$truth[] | select(.what == $what and .on) | .t - $o] as $true |
		[.[] | select(.type == "attempt") | .points.t0] | to_entries |
		map(select(.value[0] >= $true[.key] and .value[0] - .value[1] <= $true[.key])) | length' "$1/journal.jsonl"
}
is "$(seen "$(echo "$tmp"/seen/*)" probe)" 5 "its moment lies within its slack of the true one, each time"
"$kb" run suites/timing/smoke.yaml --rig "$tmp/input.yaml" --target example --seed 3 --runs "$tmp/input" >"$tmp/out" 2>&1
is $? 0 "smoke passes with a sensor on a board's input"
is "$(seen "$(echo "$tmp"/input/*)" input)" 5 "and so does its moment"
sed 's/sensor: {input: 1}}/sensor: {input: 2}}/' "$tmp/input.yaml" >"$tmp/blind.yaml"
"$kb" run suites/timing/smoke.yaml --rig "$tmp/blind.yaml" --target example --seed 3 --runs "$tmp/blind" >"$tmp/out" 2>&1
is $? 75 "a sensor that sees nothing is the bench's error, never the reader's"
holds "$tmp/out" "did not see the phone" "and said"
sed 's/numato/lcus/' fixtures/rigs/emulated-sensor.yaml >"$tmp/lcus.yaml"
"$kb" run suites/timing/smoke.yaml --rig "$tmp/lcus.yaml" --target example --seed 3 --runs "$tmp/lcus" >"$tmp/out" 2>&1
is $? 75 "a sensor on a board without inputs is the bench's error"
holds "$tmp/out" "sensor: " "and said"

# a move that takes too long ends in a hold: the tear-down brings the phone away out of that, and a recovery counts as
# proved when it really is
sed 's/tap_x: .*/tap_x: -1 mm/; s/tap_y: .*/tap_y: -1 mm/; s/away_z: .*/away_z: -5 mm/
	s/feed: .*/feed: 6000/; s/move_limit: .*/move_limit: 300 ms/; s/home_limit: .*/home_limit: 60 s/' $rig >"$tmp/slow.yaml"
cat >"$tmp/tap.yaml" <<'END'
suite: tap
title: One tap
needs: [reader, positioner]
cases:
  - id: tap
    trials: {count: 1}
    steps: [approach]
END
"$kb" run "$tmp/tap.yaml" --rig "$tmp/slow.yaml" --target example --seed 3 --runs "$tmp/slow" >"$tmp/out" 2>&1
is $? 75 "a move that takes too long is the bench's error"
truth=$(echo "$tmp"/slow/*/truth.jsonl)
is "$(jq -rs '[.[] | select(.what == "axis" or .what == "client_gone") | .state // "closed"] | . as $s |
	[range(1; length) | select($s[. - 1] == "Hold") | $s[.]] | unique | join(" ")' "$truth")" Idle \
	"the axis is let out of its hold before anything else"
is "$(jq -rs --slurpfile truth "$truth" '([.[] | select(.type == "run")][0].origin_ns) as $o |
	[.[] | select(.type == "recovery" and .proved) | .at_ns + .took_ns + $o] | map(. as $t |
	[$truth[] | select(.what == "axis" and .t <= $t)] | last | "\(.state) at \(.z_um)") | unique | join(", ")' \
	"$tmp"/slow/*/journal.jsonl)" "Idle at 55000" "what is proved to be recovered is away"

# killed in the middle of a tap: guard or worker send it away before the desk ends
setsid "$kb" run suites/timing/door-unlock.yaml --rig $rig --target example --seed 4 --runs "$tmp/killed" >"$tmp/out" 2>&1 &
pid=$!
wait_for 30 sh -c "tail -n 5 '$tmp'/killed/*/truth.jsonl | grep -q phone_in_field"
ok $? "a tap is under way"
kill -9 $pid
wait $pid 2>/dev/null
truth=$(echo "$tmp"/killed/*/truth.jsonl)
wait_for 20 grep -q '"what":"end"' "$truth" || wait_for 5 grep -q '"what": "end"' "$truth"
ok $? "the desk ends when its controller was killed"
is "$(jq -rs '[.[] | select(.what == "phone_in_field" or .what == "phone_left") | .what] | last' "$truth")" \
	phone_left "and the phone had left the field by then"

# wrong TEXT SED: a mistake in the rig is found
wrong() {
	sed "$2" $rig >"$tmp/rig.yaml"
	"$bin/keybench-emu" --rig "$tmp/rig.yaml" --check >"$tmp/out" 2>&1
	is $? 78 "$1"
	holds "$tmp/out" "$1" "and said"
}
wrong "no axis 'axis1'" 's/phone: {axis: axis0}/phone: {axis: axis1}/'
wrong "no board on this desk" 's/phone: {axis: axis0}/phone: {axis: axis0, sensor: {input: 1}}/'
wrong "tilt" 's/tilt: 25/tilt: 95/'
done_testing
