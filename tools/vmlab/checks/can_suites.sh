#!/bin/bash
# Suites over the kernel's CAN, the vehicle module on the other controller of the wire: diagnostics, with the kernel's ISO-TP on our side and
# the module's own on the other; can-load, as far as an emulated controller carries it.
. tools/tap.sh
. tools/vmlab/guest.sh
keybench_lab_up || exit 75
rig=fixtures/rigs/lab-b-can.yaml
# emulated processors think slowly: what is asked here is that it works and what is measured, not how fast
sed 's/fast: .*/fast: 5 s/; s/announce: .*/announce: 3 s/; s/p2: 50 ms/p2: 2 s, padding: 55/' fixtures/profiles/target/example.yaml >"$tmp/target.yaml"

# three FOLDER SUITE: at most three runs of it, until one passes: a host that stops this machine may spoil a run, not three;
# $status, $run
three() {
	for try in 1 2 3; do
		rm -rf "$tmp/$1"
		"$bin/keybench" run "$2" --rig $rig --target "$tmp/target.yaml" --seed 4 --runs "$tmp/$1" >"$tmp/out" 2>"$tmp/err"
		status=$?
		run=$(echo "$tmp/$1"/*)
		echo "# run $try: exit $status"
		sed 's/^/# /' "$tmp/err"
		sed -n '/^verdict  /,/^$/s/^/# /p; /^latency/,/^$/s/^/# /p' "$run/report.txt"
		[ $status -ne 0 ] || break
	done
}

# silence takes as long as P2 each time, and whether a session lapses a second less than its 5 s
sed -e 's/count: 60/count: 10/' -e 's/p95(uds) <= 50 ms/p50(uds) <= 1 s/' -e 's/count: 5}/count: 2}/' -e '/- id: lapsed/,$d' \
	suites/conformance/diagnostics.yaml >"$tmp/diagnostics.yaml"
candump -L can0,7E0:7F0 >"$tmp/wire" &
dump=$!
three asked "$tmp/diagnostics.yaml"
kill $dump
is $status 0 "the module on can1 is asked by UDS over can0: PASS"
is "$(jq -r 'select(.type == "attempt" and .case == "identity") | .notes["uds F190"]' "$run/journal.jsonl" | sort -u)" KEYBENCHEMU000001 \
	"what it says is on record"
grep -q ' can0 7E0#3000005555555555' "$tmp/wire"
ok $? "the kernel asked for the rest of a long answer"
grep -q ' can0 7E0#023E805555555555' "$tmp/wire"
ok $? "a tester was present, in frames that are filled up as the target says"
holds "$run/report.txt" "stamped by the kernel: the driver has none" "whose the stamps are is on record"

sed -e 's/count: 60/count: 6/' -e 's/p95(/p50(/' -e 's/within: 500 ms/within: 5 s/' -e 's/within: 1 s/within: 5 s/' -e '/- id: load-90/,$d' \
	suites/timing/can-load.yaml >"$tmp/load.yaml"
three load "$tmp/load.yaml"
is $status 0 "taps while 0, 30 and 60 % of the wire are taken: PASS"
is "$(jq -s '[.[] | select(.type == "attempt" and .warmup != true and .outcome == "DONE")] | length' "$run/journal.jsonl")" 18 "every one of them is done"
done_testing
