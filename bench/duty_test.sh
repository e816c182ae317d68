#!/bin/sh
# A coil gets no more than its share of any window: not over the recovery that the limit itself makes necessary, nor over
# two runs, the first of them killed. And the count of its cycles, which holds nobody up.
. tools/tap.sh
kb=$bin/keybench
KEYBENCH_STATE=$tmp/state
export KEYBENCH_STATE
sed 's/^positioner: .*/positioner: {driver: push, channel: 1, travel: 70 ms, duty: 50 %, duty_window: 2 s}/' \
	fixtures/rigs/emulated-a.yaml >"$tmp/rig.yaml"
# tap NAME WAIT: a suite of a tap that is held for so long
tap() {
	cat >"$tmp/$1.yaml" <<-END
		suite: $1
		needs: [reader, positioner]
		cases:
		  - id: tap
		    trials: {count: 1}
		    steps: [approach, wait: {for: $2}]
	END
}
tap long "1500 ms"
tap short "100 ms"
# run NAME SUITE
run() {
	"$kb" run "$tmp/$2.yaml" --rig "$tmp/rig.yaml" --target example --seed 3 --runs "$tmp/runs/$1" >"$tmp/out" 2>&1
}

# The longest that the coil was on in any 2 s, of all runs together: their clock is the machine's. In ms.
# Its share is 1000; what the bound allows beyond that is for a busy machine.
most() {
	cat "$tmp"/runs/*/*/truth.jsonl | jq -s '[.[] | select(.what == "relay" and .channel == 1)] | sort_by(.t) as $e |
		[range(0; $e | length - 1) | select($e[.].on and ($e[. + 1].on | not)) | [$e[.].t, $e[. + 1].t]] as $on |
		[$on[] | .[1] as $stop | [$on[] | [([.[0], $stop - 2e9] | max), ([.[1], $stop] | min)] | .[1] - .[0] | select(. > 0)] | add] |
		max / 1e6 | floor'
}

run first long
is $? 75 "a tap that is held longer than its share is the bench's error"
is "$(cat "$tmp"/runs/first/*/truth.jsonl | jq -s '[.[] | select(.what == "relay" and .channel == 1 and .on)] | length')" 2 \
	"it was tried twice"
[ "$(most)" -le 1500 ]
ok $? "and the recovery in between did not forget how hot the coil was: $(most) ms of 2 s"
run second long
[ "$(most)" -le 1500 ]
ok $? "nor did the run after it: $(most) ms"

"$kb" run "$tmp/long.yaml" --rig "$tmp/rig.yaml" --target example --seed 3 --runs "$tmp/runs/killed" >"$tmp/out" 2>&1 &
pid=$!
started $pid
wait_for 60 sh -c "grep '\"what\":\"relay\"' '$tmp'/runs/killed/*/truth.jsonl | tail -n 1 | grep -q '\"on\":true'"
ok $? "the coil of a third is on"
kill -9 $pid
ends 60 $pid 2>/dev/null
wait_for 20 grep -q '"what":"end"' "$tmp"/runs/killed/*/truth.jsonl
run fourth long
[ "$(most)" -le 1500 ]
ok $? "nor the run after one that was killed: $(most) ms"

is "$(jq '.cycles["emulated-a"]' "$tmp/state/cycles.json")" 6 "the cycles of the runs that ended are counted"
run fifth short
is $? 0 "a short tap is none of this"
holds "$tmp"/runs/fifth/*/journal.jsonl "made 1 cycle in this run, 7 in its life" "and said"

# somebody who has the file, and does not let go of it
sh -c 'exec 9>"$0"; flock 9; exec sleep 600' "$tmp/state/cycles.json.lock" &
holder=$!
started $holder
wait_for 20 sh -c "! flock -n '$tmp/state/cycles.json.lock' true"
run held short
is $? 0 "a count that somebody else holds up stops no run"
holds "$tmp"/runs/held/*/journal.jsonl "are not counted: somebody else does not let go" "and is said"
done_testing
