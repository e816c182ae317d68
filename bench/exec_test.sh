#!/bin/sh
# Whole runs through a program as reader: the PN532 in Python on the emulated desk, and what becomes of a run when that
# program hangs, dies or sends nonsense in the middle of a transaction.
. tools/tap.sh
kb=$bin/keybench
command -v python3 >/dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
cp fixtures/exec/*.py "$tmp/"
sed "s|^reader: .*|reader: {driver: exec, command: [python3, ./trouble.py], device: emu:reader0}|" fixtures/rigs/emulated-a.yaml >"$tmp/rig.yaml"
grep -q 'driver: exec' "$tmp/rig.yaml"
ok $? "a rig has a program as its reader"
cat >"$tmp/suite.yaml" <<END
suite: taps
needs: [reader, positioner]
cases:
  - id: standard
    trials: {count: 3}
    steps: [approach, select, transact: {kind: standard}]
END

# trouble PYTHON: what happens once, in the fifth exchange
trouble() {
	rm -f "$tmp/happened"
	cat >"$tmp/trouble.py" <<END
import os
import sys
import time
import pn532

class Trouble(pn532.Pn532):
    count = 0

    def exchange(self, timeout, data):
        self.count += 1
        if self.count == 5 and not os.path.exists("$tmp/happened"):
            open("$tmp/happened", "w").close()
            $1
        return super().exchange(timeout, data)

pn532.Program.roles = {"reader": Trouble}
pn532.main()
END
}

# every process of this test carries its mark
KEYBENCH_MARK=$tmp
export KEYBENCH_MARK

# run NAME: into $tmp/NAME; $status, $run
run() {
	"$kb" run "$tmp/suite.yaml" --rig "$tmp/rig.yaml" --target example --seed 1 --runs "$tmp/$1" >"$tmp/out" 2>"$tmp/err"
	status=$?
	run=$(echo "$tmp/$1"/*)
}

# outcomes: of the run's attempts, in a line
outcomes() {
	jq -r 'select(.type == "attempt") | .outcome' "$run/journal.jsonl" | sort | uniq -c | tr -s ' \n' ' ' | sed 's/^ //; s/ $//'
}

trouble pass
run well
is $status 0 "transactions through it pass"
is "$(outcomes)" "3 DONE" "every one"
holds "$run/report.txt" "SIMULATED" "they are SIMULATED, whatever the program says of itself"
is "$(jq -s '[.[] | select(.type == "attempt") | .points | to_entries[] | select(.key | endswith(".sent")) | .value[1]] | unique' \
	-c "$run/journal.jsonl")" "[4000000]" "with the program's own stamps"

# case NAME PYTHON WORDS: a run goes on after it
recovers() {
	trouble "$2"
	run "$1"
	is $status 75 "$1: a bench error"
	is "$(outcomes)" "1 BENCH_ERROR 3 DONE" "$1: it costs one attempt, and that is made again"
	is "$(jq -r 'select(.type == "recovery") | .proved' "$run/journal.jsonl" | tail -n 1)" true "$1: the program is started again, and answers"
	jq -r 'select(.outcome == "BENCH_ERROR") | .detail' "$run/journal.jsonl" >"$tmp/detail"
	holds "$tmp/detail" "$3" "$1: and it is said what it was"
}
recovers hangs 'time.sleep(600)' "did not answer within"
recovers dies 'os._exit(9)' "ended with status 9"
recovers raises 'raise ValueError("a wire is loose")' "a wire is loose"
recovers babbles 'print("I would rather not", flush=True)' "does not begin with a number"
recovers floods 'sys.stdout.write("x" * 100000)' "more than 2048 bytes"
recovers lies 'print("1 ok data=9000", flush=True)' "it answered request 1"

# A positioner: a controller that hangs, or is killed, leaves no phone at the reader; nor a program that hangs then.
sed "s|^positioner: .*|positioner: {driver: exec, command: [python3, ./device.py, --state, $tmp/place]}|" \
	fixtures/rigs/emulated-a.yaml >"$tmp/placed.yaml"
cat >"$tmp/wait.yaml" <<END
suite: wait
needs: [reader, positioner]
cases:
  - id: wait
    trials: {count: 1}
    steps: [approach, wait: {for: 60 s}]
END
for signal in STOP KILL; do
	"$kb" run "$tmp/wait.yaml" --rig "$tmp/placed.yaml" --target example --seed 1 --runs "$tmp/$signal" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	started $pid
	wait_for 30 grep -q tap "$tmp/place"
	ok $? "the program has the phone at the reader"
	kill -$signal $pid
	wait_for 20 grep -q away "$tmp/place"
	ok $? "SIG$signal to keybench: the program is told to take it away"
	kill -KILL $pid 2>/dev/null
	ends 30 $pid 2>/dev/null
done
nobody() {
	[ -z "$(grep -lsa "$tmp/plac[e]" /proc/[0-9]*/cmdline)" ]
}
wait_for 20 nobody
ok $? "and the program ends"

# The mechanics as programs: a board with its inputs, and a sensor on another board, from which a tap begins.
sed "s|^relay: .*|relay: {driver: exec, command: [python3, ./numato.py], device: emu:relay0}|
	s/^uncertainty:.*/uncertainty: 1 s/" fixtures/rigs/emulated-sensor.yaml >"$tmp/board.yaml"
sed "s|^sensor: .*|sensor: {driver: exec, command: [python3, ./numato.py], device: emu:eye0}|
	s/^  relay0: .*/&\n  eye0: {board: numato, channels: 4}/
	s/sensor: {input: 1}}/sensor: {relay: eye0, input: 1}}/" "$tmp/board.yaml" >"$tmp/eye.yaml"
for rig in board eye; do
	"$kb" run suites/timing/smoke.yaml --rig "$tmp/$rig.yaml" --target example --seed 3 --runs "$tmp/$rig" >"$tmp/out" 2>"$tmp/err"
	is $? 0 "$rig: smoke passes"
	run=$(echo "$tmp/$rig"/*)
	is "$(jq -rs --slurpfile truth "$run/truth.jsonl" '
		([.[] | select(.type == "run")][0].origin_ns) as $o |
		[$truth[] | select(.what == "input" and .on) | .t - $o] as $true |
		[.[] | select(.type == "attempt") | .points.t0] | to_entries |
		map(select(.value[0] >= $true[.key] and .value[0] - .value[1] <= $true[.key])) | length' "$run/journal.jsonl")" 5 \
		"$rig: each tap begins within the slack of the moment at which the phone was there"
done
holds "$run/report.txt" "sensor: Numato board by numato.py, sensor (SIMULATED)" "the record says what the sensor is"
is "$(jq -rs '[.[] | select(.what == "end")] | last | .relays' "$run/truth.jsonl")" 0 "and the board is dropped at the end"

unset KEYBENCH_MARK
env -u KEYBENCH_MARK grep -lsa "KEYBENCH_MARK=$tmp" /proc/[0-9]*/environ >"$tmp/left"
[ ! -s "$tmp/left" ]
ok $? "no program is left behind"
done_testing
