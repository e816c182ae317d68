#!/bin/sh
# Arrangement B: the suites that examine a reader examine a vehicle module, with keybench as the phone. What the
# module itself has logged must agree with what was measured.
. tools/tap.sh
"$bin/keybench" run suites/timing/smoke.yaml --rig fixtures/rigs/emulated-b.yaml \
	--target fixtures/profiles/target/example.yaml --seed 5 --runs "$tmp/runs" >"$tmp/out" 2>"$tmp/err"
is $? 0 "the smoke suite passes as it stands"
run=$(echo "$tmp"/runs/*)
is "$(jq -r .verdict "$run/summary.json")" PASS "the verdict is PASS"
is "$(jq -r .simulated "$run/summary.json")" true "and marked as simulated"
holds "$run/report.txt" "card: PN532" "the report names the card"

attempts='[.[] | select(.type == "attempt")]'
transactions='[.[] | select(.what == "transaction")]'
is "$(jq -cs "$attempts | map(.kind)" "$run/journal.jsonl")" '["fast","fast","fast","standard","standard"]' \
	"five transactions, as the cases want them"
is "$(jq -cs "$transactions | map(.kind)" "$run/truth.jsonl")" '["fast","fast","fast","standard","standard"]' \
	"the module did the same five"
is "$(jq -cs "$transactions | map(.asked)" "$run/truth.jsonl")" '["fast","fast","fast","standard","standard"]' \
	"and had asked for them: nothing fell back"
is "$(jq -cs "$transactions | map(.opened and (.lost | not)) | all" "$run/truth.jsonl")" true \
	"it would have opened after each"
is "$(jq -s "$attempts | map(.points | has(\"activated\") and has(\"select.received\") and
	has(\"auth0.answered\") and has(\"control_flow.answered\") and has(\"decided\") and has(\"released\")) | all" \
	"$run/journal.jsonl")" true "every attempt has its points"
is "$(jq -s "$attempts | map(.values.device > 0) | all" "$run/journal.jsonl")" true "and our own time in it"
is "$(jq -s "$attempts | map(.points | has(\"auth1.received\")) | tostring" "$run/journal.jsonl")" \
	'"[false,false,false,true,true]"' "AUTH1 in the standard ones alone"

# tap as measured, tap as it was (RATS answered → the answer to CONTROL FLOW on the air), U; all in ns
jq -rn --slurpfile journal "$run/journal.jsonl" --slurpfile truth "$run/truth.jsonl" '
	($journal[] | select(.type == "run")) as $head |
	$journal[] | select(.type == "attempt") | . as $a |
	[$truth[] | select(.t >= $a.started_ns + $head.origin_ns and .t <= $a.ended_ns + $head.origin_ns)] as $t |
	([$t[] | select(.what == "activated")] | last | .t) as $from |
	([$t[] | select(.what == "answer")] | last | .t) as $to |
	"\($a.points["control_flow.answered"][0] - $a.points.activated[0]) \($to - $from) \($head.u_ns)"
' >"$tmp/pairs"
is "$(wc -l <"$tmp/pairs")" 5 "every attempt has its true time"
awk '{ d = $1 - $2; if (d < 0) d = -d; print d, $3 }' "$tmp/pairs" | sort -n >"$tmp/errors"
# A busy machine may delay a wake-up by more than U once: the median may not.
awk 'NR == 3 { exit !($1 <= $2) }' "$tmp/errors"
ok $? "the median error of tap is within the U the rig states"
sed 's/^/# error, U in ns: /' "$tmp/errors"

# A step that needs a reader of our own is skipped, with its reason.
cat >"$tmp/field.yaml" <<'END'
suite: field
needs: [reader]
cases:
  - id: on
    trials: {count: 1}
    steps: [field: {on: yes}]
END
"$bin/keybench" run "$tmp/field.yaml" --rig fixtures/rigs/emulated-b.yaml \
	--target fixtures/profiles/target/example.yaml --runs "$tmp/field" >"$tmp/out" 2>"$tmp/err"
is $? 3 "a case that switches a field leaves the question open"
holds "$tmp/out" "the rig has no reader of its own" "and says why"

# What goes wrong on our side is ours, and is made whole again; what goes wrong in the field is counted as that.
# planted FAULT: a run on a desk with it
planted() {
	sed "s/faults: \[\]/faults: [{device: card0, at: {exchange: 5}, $1}]/" fixtures/rigs/emulated-b.yaml \
		>"$tmp/planted.yaml"
	for try in 1 2 3 4 5 6 7 8; do
		rm -rf "$tmp/planted"
		"$bin/keybench" run suites/timing/smoke.yaml --rig "$tmp/planted.yaml" \
			--target fixtures/profiles/target/example.yaml --seed 3 --runs "$tmp/planted" >"$tmp/out" 2>"$tmp/err"
		status=$?
		[ $try -lt 8 ] && held_up $status "$tmp/out" || break
	done
	run=$(echo "$tmp"/planted/*)
}
planted 'do: release'
is $status 1 "a reader whose field goes off in the middle of an APDU fails the run"
is "$(jq -cs "$attempts | map(.outcome) | unique" "$run/journal.jsonl")" '["DONE","RF_ERROR"]' \
	"as an RF error of that attempt alone"
planted 'do: silent'
is $status 75 "a chip of ours that falls silent is a bench error"
is "$(jq -cs '[.[] | select(.type == "recovery")] | map([.device, .rung, .proved])' "$run/journal.jsonl")" \
	'[["card","reopen",true]]' "it is reopened, and proved to answer"
planted 'do: status, value: 0x81'
is "$(jq -cs '[.[] | select(.type == "recovery")] | map([.device, .rung, .proved])' "$run/journal.jsonl")" \
	'[["card","respawn",true]]' "a worker that dies of it is replaced"
is "$(jq -cs "$attempts | map(select(.outcome == \"DONE\")) | length" "$run/journal.jsonl")" 5 \
	"and all five trials are made after all"
done_testing
