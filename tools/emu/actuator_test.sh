#!/bin/sh
# The desk's actuator brings the phone, driven by the positioner "pair": both ways, its end stops, its interlock, and what
# becomes of a run whose end stop never comes.
. tools/tap.sh
kb=$bin/keybench
rig=fixtures/rigs/emulated-pair.yaml

# smoke RIG NAME: $status, $truth
smoke() {
	"$kb" run suites/timing/smoke.yaml --rig "$1" --target example --seed 3 --runs "$tmp/$2" >"$tmp/out" 2>&1
	status=$?
	truth=$(echo "$tmp/$2"/*/truth.jsonl)
}
# what NAME FILTER: how many lines of the truth
what() {
	jq -rs "[.[] | select(.what == \"$1\")${2:+ | select($2)}] | length" "$truth"
}
# legs FIELD: over every order, the greatest of both channels at once, and the shortest pause between one off and the other on, ms
legs='[.[] | select(.what == "relay" and .channel <= 2)] |
	reduce .[] as $e ({off: {}, on: {}, both: 0, pause: 1e9};
		(if $e.on then "on" else "off" end) as $_ | ($e.channel | tostring) as $c | (3 - $e.channel | tostring) as $o |
		if $e.on and (.on[$c] | not) then
			.on[$c] = true | .both = ([.both, (.on | map(select(.)) | length)] | max) |
			(if .off[$o] then .pause = ([.pause, ($e.t - .off[$o]) / 1e6] | min) else . end)
		elif $e.on | not then (if .on[$c] then .off[$c] = $e.t else . end) | .on[$c] = false
		else . end)'

smoke $rig runs
is $status 0 "smoke passes with an actuator"
is "$(jq -rs '[.[] | select(.what == "input")] | [.[0].input, .[0].on] | join(" ")' "$truth")" "2 true" \
	"it begins on its way, and goes home first"
is "$(what phone_in_field)" 5 "the phone comes into the field once a tap"
is "$(what input '.input == 1 and .on')" 5 "and each time goes on to the end stop"
is "$(jq -rs '[.[] | select(.what == "phone_in_field" or .what == "phone_left") | .what] | last' "$truth")" phone_left \
	"it has left the field at the end"
is "$(what actuator_shorted)" 0 "never are both legs on"
is "$(jq -s "$legs | .both" "$truth")" 1 "nor both coils"
jq -es "$legs | .pause >= 100" "$truth" >"$tmp/pause"
ok $? "the dead time lies between them"
is "$(jq -rs '[.[] | select(.what == "end")] | last | .relays' "$truth")" 0 "and the board is dropped at the end"

# by time alone: the driver's travel is longer than the way
sed '/^positioner:/s/extended: 1, retracted: 2, travel: 250 ms/travel: 600 ms/; s/extended: 1, retracted: 2, travel: 250 ms, at/travel: 250 ms, at/' \
	$rig >"$tmp/blind.yaml"
smoke "$tmp/blind.yaml" blind
is $status 0 "smoke passes without end stops"
is "$(what input)" 0 "of which there are none"
is "$(what phone_in_field)" 5 "and the phone comes once a tap"

# an end stop that is wired to another input: never active
sed '/^positioner:/s/extended: 1/extended: 3/; /^positioner:/s/limit: 3 s/limit: 1 s/' $rig >"$tmp/unwired.yaml"
smoke "$tmp/unwired.yaml" unwired
is $status 75 "an end stop that never comes is the bench's error, never the reader's"
holds "$tmp/out" "did not reach its end stop within 1000 ms" "and said"
is "$(jq -rs '[.[] | select(.what == "end")] | last | .relays' "$truth")" 0 "both coils are off at the end"

# killed in the middle of a tap: the board drops; what lies at the reader then is home again before the next run's first tap
setsid "$kb" run suites/timing/door-unlock.yaml --rig $rig --target example --seed 4 --runs "$tmp/killed" >"$tmp/out" 2>&1 &
pid=$!
wait_for 30 sh -c "tail -n 5 '$tmp'/killed/*/truth.jsonl | grep -q phone_in_field"
ok $? "a tap is under way"
kill -9 $pid
wait $pid 2>/dev/null
truth=$(echo "$tmp"/killed/*/truth.jsonl)
wait_for 20 grep -q '"what":"end"' "$truth"
ok $? "the desk ends when its controller was killed"
is "$(jq -rs '[.[] | select(.what == "end")] | last | .relays' "$truth")" 0 "with both coils off"
sed 's/at: 60 %/at: 100 %/' $rig >"$tmp/left.yaml"
smoke "$tmp/left.yaml" left
is $status 0 "a phone that was left at the reader is no trouble"
is "$(jq -rs '[.[] | select(.what == "phone_in_field" or .what == "phone_left") | .what] | .[0:2] | join(" ")' "$truth")" \
	"phone_in_field phone_left" "it is taken away first"

# wrong TEXT SED: a mistake in the rig is found
wrong() {
	sed "$2" $rig >"$tmp/rig.yaml"
	"$bin/keybench-emu" --rig "$tmp/rig.yaml" --check >"$tmp/out" 2>&1
	is $? 78 "$1"
	holds "$tmp/out" "$1" "and said"
}
wrong "retract: the channel that extends it" '/^  phone/s/retract: 2/retract: 1/'
wrong "has only 4" '/^  phone/s/retract: 2/retract: 5/'
wrong "no board 'relay1'" '/^  phone/s/{extend/{relay: relay1, extend/'
done_testing
