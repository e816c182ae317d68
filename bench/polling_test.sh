#!/bin/sh
# A phone that sleeps until the polling says what the reader is for: found by readers that say so, and by no other.
. tools/tap.sh
kb=$bin/keybench

# polls NAME SED-SCRIPT PHONE-SCRIPT RIG: the polling suite, changed by a script, on a rig whose phone is the express one
polls() {
	sed "$2" suites/timing/polling.yaml >"$tmp/suite.yaml"
	sed "$3" fixtures/profiles/phone/express.yaml >"$tmp/phone.yaml"
	sed "s|^phone: .*|phone: $tmp/phone.yaml|" "fixtures/rigs/$4.yaml" >"$tmp/rig.yaml"
	"$kb" run "$tmp/suite.yaml" --rig "$tmp/rig.yaml" --target fixtures/profiles/target/example.yaml --seed 3 \
		--runs "$tmp/$1" --trials 6 >"$tmp/out" 2>"$tmp/err"
	status=$?
	run=$(echo "$tmp/$1"/*)
}
few='/expect:/,$d'

for rig in sim emulated-a; do
	polls wakes-$rig "$few" '' $rig
	is $status 0 "$rig: a phone that is told wakes"
	is "$(jq -r .cases[0].outcomes.DONE "$run/summary.json")" 6 "$rig: every time"
	is "$(jq -r 'select(.type == "attempt") | select(.points | has("polled") | not) | .trial' \
		"$run/journal.jsonl")" "" "$rig: each attempt has the moment of its first poll"
	polls silent-$rig "$few; s/ecp: transaction/ecp: none/; s/within: 2 s/within: 300 ms/" '' $rig
	is $status 3 "$rig: a reader that says nothing proves nothing"
	is "$(jq -r .cases[0].outcomes.NO_TAP "$run/summary.json")" 6 "$rig: for it finds nobody"
	polls pairing-$rig "$few; s/ecp: transaction/ecp: pairing/" '' $rig
	is $status 0 "$rig: a reader that wants to pair wakes it too"
done
holds "$run/truth.jsonl" '"annotated","heard":"pairing","frame":"6a02c3020901fff1"' \
	"what the phone heard stands in the truth log"
polls other "$few" 's/polls: 2/polls: 0/' emulated-a
is $status 0 "a phone that wakes at once does"
done_testing
