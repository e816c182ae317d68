#!/bin/sh
# Faults that a rig plants in the bench's own devices: they strike, they are told, and the run is marked.
. tools/tap.sh
target=fixtures/profiles/target/example.yaml

# planted RIG FAULT: the smoke suite on it
planted() {
	{ cat "fixtures/rigs/$1.yaml"; printf '\nfaults:\n  - %s\n' "$2"; } >"$tmp/rig.yaml"
	rm -rf "$tmp/runs"
	"$bin/keybench" run suites/timing/smoke.yaml --rig "$tmp/rig.yaml" --target $target --seed 3 --runs "$tmp/runs" \
		>"$tmp/out" 2>"$tmp/err"
	status=$?
	run=$(echo "$tmp"/runs/*)
}
recoveries='[.[] | select(.type == "recovery")] | map([.device, .rung, .proved])'

planted emulated-a '{role: reader, do: hang, call: exchange, at: 3}'
is $status 75 "a reader that hangs is a bench error"
is "$(jq -cs "$recoveries" "$run/journal.jsonl")" '[["reader","reopen",true]]' "it is aborted, reopened, and proved to answer"
is "$(jq -c '[.role, .kind, .call, .n]' "$run/faults.jsonl")" '["reader","hang","exchange",3]' "the fault that struck is on record"
holds "$run/report.txt" "faults are planted in the bench itself (reader: hang)" "and the report says that faults were planted"
is "$(jq -r .simulated "$run/summary.json")" true "the run is marked"

planted emulated-a '{role: reader, do: hang, call: exchange, at: 3, stays: yes}'
is $status 75 "a reader that no abort brings back is one too"
is "$(jq -cs "$recoveries" "$run/journal.jsonl")" '[["reader","reopen",false],["reader","respawn",true]]' "it is replaced"

planted emulated-a '{role: reader, do: other-name, call: exchange, at: 3}'
is $status 75 "a reader that is another one after it was reopened ends the run"
is "$(jq -r .ended "$run/summary.json")" drained "it is drained"
holds "$run/report.txt" "it is another device" "and says why"

planted emulated-a '{role: relay, do: abort, call: set, at: 5}'
is $status 75 "a relay board whose process dies is a bench error"
is "$(jq -rs '[.[] | select(.what == "end")] | last | .relays' "$run/truth.jsonl")" 0 "and is dropped"

planted emulated-a '{role: positioner, do: disconnect, call: move, at: 2, stays: yes}'
is $status 75 "a positioner that does not come back is one as well"
is "$(jq -r .ended "$run/summary.json")" drained "and drains the bench, as often as it was opened in vain"
is "$(jq -rs '[.[] | select(.what == "end")] | last | .relays' "$run/truth.jsonl")" 0 "with the phone away"

planted emulated-sensor '{role: sensor, do: disconnect, call: look, at: 9}'
is $status 75 "a sensor that is gone is the bench's error, never the phone's"
is "$(jq -cs "$recoveries | .[0]" "$run/journal.jsonl")" '["positioner","reopen",true]' "and is opened again"
is "$(jq -rs '[.[] | select(.type == "attempt" and .outcome != "DONE" and .outcome != "BENCH_ERROR")] | length' \
	"$run/journal.jsonl")" 0 "nothing else comes of it"

planted sim '{role: reader, do: clock-step, call: exchange, at: 3, by: 1 s}'
is $status 75 "stamps of another clock are a bench error"
is "$(jq -rs '[.[] | select(.type == "attempt") | .outcome] | unique | join(" ")' "$run/journal.jsonl")" BENCH_ERROR \
	"in every attempt from then on"
done_testing
