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
