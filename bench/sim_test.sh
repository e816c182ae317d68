#!/bin/sh
# The simulated rig: repeatable byte for byte from its seed, and right about planted mutants, thousands of trials at a
# time.
. tools/tap.sh
kb=$bin/keybench
target=fixtures/profiles/target/example.yaml
phone=fixtures/profiles/phone/example.yaml

# simulate FOLDER SEED ARGUMENT...: a run in $tmp/FOLDER; $run is its folder, $status how it ended
simulate() {
	folder=$tmp/$1
	seed=$2
	shift 2
	"$kb" run "$@" --target $target --seed "$seed" --runs "$folder" >"$tmp/out" 2>"$tmp/err"
	status=$?
	run=$(echo "$folder"/*)
}

# rig_with SED-SCRIPT: a simulated rig whose phone is the example changed by the script
rig_with() {
	sed "$1" $phone >"$tmp/phone.yaml"
	cmp -s $phone "$tmp/phone.yaml" && [ -n "$1" ] && echo "# '$1' changes nothing"
	sed "s|^phone: .*|phone: $tmp/phone.yaml|" fixtures/rigs/sim.yaml >"$tmp/rig.yaml"
}

simulate first 7 suites/timing/door-unlock.yaml --rig fixtures/rigs/sim.yaml
is $status 0 "the door-unlock suite passes"
first=$run
simulate second 7 suites/timing/door-unlock.yaml --rig fixtures/rigs/sim.yaml
is "$(diff -r "$first" "$run")" "" "the same seed gives the same run folder, byte for byte"
simulate third 8 suites/timing/door-unlock.yaml --rig fixtures/rigs/sim.yaml
for f in journal.jsonl summary.json report.txt samples.csv histograms.hlog junit.xml; do
	[ -s "$first/$f" ] && ! cmp -s "$first/$f" "$run/$f"
	ok $? "another seed gives another $f"
done
holds "$first/report.txt" "SIMULATED" "its report is marked as simulated"
is "$(jq -r .simulated "$first/summary.json")" true "its summary is marked as simulated"
holds "$first/journal.jsonl" "time is virtual" "its journal says that time is virtual"
[ "$(date -u +%Y)" -gt 1971 ] && ! grep -q "$(date -u +%Y)-" "$first/report.txt"
ok $? "no wall time leaks into it"
# all there is beside the phone's thinking is the air: nothing of this machine is in the latencies
is "$(jq -r 'select(.type == "attempt") | .values.vehicle' "$first/journal.jsonl" | sort -u)" 0 \
	"our own thinking takes no simulated time"

# Diagnostics: the module on the simulated bus, in its own time
simulate asked 7 suites/conformance/diagnostics.yaml --rig fixtures/rigs/sim.yaml
is $status 0 "the diagnostics suite passes"
first=$run
simulate again 7 suites/conformance/diagnostics.yaml --rig fixtures/rigs/sim.yaml
is "$(diff -r "$first" "$run")" "" "again byte for byte"
is "$(jq -r 'select(.case == "identity") | .notes["uds F190"]' "$first/journal.jsonl" | sort -u)" KEYBENCHEMU000001 "what the module said is on record"
sed 's/^uds:.*/uds: {address: 7E0:7E8, p2: 50 ms, p2_star: 150 ms}/' $target >"$tmp/hasty.yaml"
"$kb" run diagnostics --rig sim --target "$tmp/hasty.yaml" --seed 1 --runs "$tmp/hasty" >"$tmp/out" 2>"$tmp/err"
is $? 1 "a module that takes longer than P2* allows fails"
holds "$(echo "$tmp"/hasty/*/journal.jsonl)" "ms; P2* is 150 ms" "and that is said"
sed '/^uds:/d' $target >"$tmp/mute.yaml"
"$kb" check diagnostics --rig sim --target "$tmp/mute.yaml" >"$tmp/out" 2>"$tmp/err"
is $? 78 "a target profile that does not say whom to ask is refused"
holds "$tmp/err" "uds_read: the target profile example has no 'uds'" "and why"

# By the thousand: the simulated clock runs through many minutes of taps.
simulate many 1 suites/timing/door-unlock.yaml --rig fixtures/rigs/sim.yaml --trials 2000
is $status 0 "thousands of trials pass"
is "$(jq -s '[.[] | select(.type == "attempt" and .outcome == "DONE")] | length' "$run/journal.jsonl")" 4005 \
	"every one of them was made"
[ "$(jq -r '.wall_end_ns' "$run/summary.json")" -gt 600000000000 ]
ok $? "they took more than ten simulated minutes"

# Planted mutants, and the verdict each must have.
cat >"$tmp/fast.yaml" <<'.'
suite: fast
needs: [reader, positioner]
cases:
  - id: fast
    trials: {count: 2000}
    steps: [approach, select, transact: {kind: fast}]
    expect: ["p95(tap) <= ${budget.fast}"]
.
tail_of() {
	echo "/auth0_fast/s/tail: {.*}}/tail: {share: $1, min: 220 ms, max: 400 ms}}/"
}
# mutant STATUS VERDICT NAME SED-SCRIPT
mutants=0
mutant() {
	mutants=$((mutants + 1))
	rig_with "$4"
	simulate "mutant$mutants" 11 "$tmp/fast.yaml" --rig "$tmp/rig.yaml"
	is "$status $(jq -r .verdict "$run/summary.json")" "$1 $2" "$3: $2"
}
mutant 0 PASS "the example phone"
mutant 1 FAIL "a phone 200 ms slower" '/auth0_fast/s/}}$/}, add: 200 ms}/'
mutant 1 FAIL "a phone that is late in 8 % of taps" "$(tail_of '8 %')"
mutant 0 PASS "a phone that is late in 2 % of taps" "$(tail_of '2 %')"
mutant 3 INCONCLUSIVE "a phone that is late in 5 % of taps" "$(tail_of '5 %')"
mutant 1 FAIL "a phone that replays its cryptogram" '$afaults: [replay-cryptogram]'
mutant 1 FAIL "a phone that does not speak ISO-DEP" 's/sak: "20"/sak: "00"/'
sed 's/kind: fast/kind: standard/' -i "$tmp/fast.yaml"
mutant 1 FAIL "a phone that signs something else" '$afaults: [wrong-signature]'

# A series is asked harder until it breaks; what is only explored fails no run.
# series EXPLORE: three cases, the last of which nobody can meet
series() {
	printf 'suite: harder\ncases:\n' >"$tmp/harder.yaml"
	for ms in 400 300 1; do
		printf '  - id: in-%s\n    series: time\n    at: %s ms\n' $ms $ms
		[ $ms != 1 ] || echo "    explore: $1"
		printf '    trials: {count: 20}\n    steps: [approach, select, transact: {kind: fast}]\n'
		printf '    expect: ["p50(tap) <= %s ms"]\n' $ms
	done >>"$tmp/harder.yaml"
	rm -rf "$tmp/harder"
	"$kb" run "$tmp/harder.yaml" --rig sim --target $target --seed 1 --runs "$tmp/harder" >"$tmp/out" 2>"$tmp/err"
	status=$?
	run=$(echo "$tmp"/harder/*)
}
series no
is $status 1 "a case of a series that fails, fails the run"
series yes
is $status 0 "one that is only explored does not"
holds "$run/report.txt" "harder/time: holds up to 300 ms, breaks at 1 ms" "the report says where it breaks"
is "$(jq -c '[.series[0] | .holds, .open, .breaks], .cases[2].verdict' "$run/summary.json" | tr '\n' ' ')" \
	'["in-300",null,"in-1"] "FAIL" ' "so does the summary, and the case has failed"
grep -q 'tests="3" failures="0" errors="0" skipped="1"' "$run/junit.xml"
ok $? "in JUnit it is skipped"
"$kb" report "$run" --format json | cmp -s - "$run/summary.json"
ok $? "and the report is made from the journal again"

# What cannot be simulated together is said before anything starts.
# refused WORDS SED-SCRIPT
refused() {
	sed "$2" fixtures/rigs/sim.yaml >"$tmp/bad.yaml"
	"$kb" check suites/timing/smoke.yaml --rig "$tmp/bad.yaml" --target $target >"$tmp/out" 2>"$tmp/err"
	is $? 78 "refused: $1"
	holds "$tmp/err" "bad.yaml:" "and where"
}
refused "a relay beside the simulated reader" '$arelay: {driver: sim, channels: 2}'
refused "a real positioner for it" 's/^positioner:.*/positioner: {driver: push, channel: 1, travel: 70 ms}/'
refused "an emulated desk under it" '$aemulate: {reader0: {chip: pn532}}'
refused "no phone to answer it" '/^phone:/d'
refused "no pairing to answer with" '/^pairing:/d'
# A log that is longer than its attempts, and one that the bus cannot carry.
cat >"$tmp/replay.yaml" <<END
suite: replay
needs: [bus]
cases:
  - id: log
    trials: {count: 2}
    steps:
      - can_replay: {log: ./long.log}
      - wait: {for: 1 s}
END
printf '(1.0) can0 123#01\n(3601.0) can0 123#02\n' >"$tmp/long.log"
"$kb" run "$tmp/replay.yaml" --rig sim --target example --runs "$tmp/replay" >"$tmp/out" 2>"$tmp/err"
is $? 0 "a log that goes on for an hour is replayed while the attempt lasts"
is "$(grep -c "replay/log: can_replay: 1 frames of the log were not sent" "$tmp"/replay/*/report.txt)" 1 "the report says what was not sent, once"
is "$(jq -r 'select(.type == "attempt") | .notes.can_replay' "$tmp"/replay/*/journal.jsonl | wc -l)" 2 "each attempt has it on record"
printf '(1.0) can0 123#01\n(1.1) can0 123##102\n' >"$tmp/long.log"
"$kb" run "$tmp/replay.yaml" --rig sim --target example --runs "$tmp/fd" >"$tmp/out" 2>"$tmp/err"
is $? 75 "a log with FD frames is refused on a classic bus"
is "$(grep -c '"type":"attempt"' "$tmp"/fd/*/journal.jsonl)" 0 "before anything runs"
holds "$tmp/err" "replay.yaml:7:" "with its place"
holds "$tmp/err" "can_replay: an FD frame, and the bus" "and why"
done_testing
