#!/bin/sh
# Whatever happens to the controller: no energised relay, no worker, no emulator stays behind.
. tools/tap.sh
kb=$bin/keybench

# begin NAME: a long run in the background; $run is its folder once the first attempt is journalled
begin() {
	# a process group of its own with default signals, as a shell with job control gives it
	mark=$tmp/$1
	KEYBENCH_MARK=$mark setsid env --default-signal=INT,HUP sh -c 'echo $$ >"$0.pid"; exec "$@" >"$0.out" 2>"$0.err"' "$tmp/$1" \
		"$kb" run suites/timing/door-unlock.yaml --rig fixtures/rigs/emulated-a.yaml \
		--target fixtures/profiles/target/example.yaml --seed 3 --runs "$tmp/$1" &
	background=$!
	started $background
	wait_for 20 sh -c "grep -q '\"type\":\"attempt\"' '$tmp/$1'/*/journal.jsonl" || echo "# no attempt was journalled"
	run=$(echo "$tmp/$1"/*/)
	pid=$(cat "$tmp/$1.pid")
}

# Everything a run started carries its mark, workers in sessions of their own too.
processes() {
	grep -lsa "KEYBENCH_MARK=$mark" /proc/[0-9]*/environ | sed 's,/proc/,,; s,/environ,,'
}

# called NAME: the process of that name in this run
called() {
	for p in $(processes); do
		[ "$(cat "/proc/$p/comm" 2>/dev/null)" = "$1" ] && echo "$p"
	done | head -n 1
}

nobody() {
	[ -z "$(processes)" ]
}

# the relay's last word in the truth log
relay_state() {
	jq -rs '[.[] | select(.what == "relay")] | last | .on' "$run/truth.jsonl"
}
relays_at_end() {
	jq -rs '[.[] | select(.what == "end")] | last | .relays' "$run/truth.jsonl"
}

# seconds COMMAND...: how long until it succeeds, in tenths; measured to be bounded generously
tenths() {
	n=0
	while ! "$@" && [ $n -lt 100 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	echo $n
}

begin ctrl-c
[ "$(processes | wc -l)" -eq 6 ]
ok $? "a run is six processes: controller, desk, reader, relay board, cyclic sender, guard"
kill -INT -"$pid"
took=$(tenths nobody)
echo "# everybody was gone after $took tenths of a second"
[ "$took" -lt 30 ]
ok $? "Ctrl-C: everybody is gone"
ends 60 $background
is $? 130 "Ctrl-C: exit status 130"
is "$(relay_state)" false "Ctrl-C: the relay is off"
is "$(tail -n 1 "$run/journal.jsonl" | jq -r .ended)" interrupted "Ctrl-C: the journal is closed"
for f in report.txt summary.json junit.xml samples.csv histograms.hlog; do
	[ -s "$run/$f" ]
	ok $? "Ctrl-C: $f is written for what there is"
done
is "$(jq -r .verdict "$run/summary.json")" INCONCLUSIVE "Ctrl-C: the run is inconclusive"

# A time limit or a closing terminal speaks to the whole group: the desk must outlive the relays.
for signal in TERM HUP; do
	begin "group-$signal"
	kill -$signal -"$pid"
	ends 60 $background
	is $? 130 "SIG$signal to the group: exit status 130"
	is "$(relay_state)" false "SIG$signal to the group: the relay is off"
	is "$(relays_at_end)" 0 "SIG$signal to the group: the desk saw it"
done

# Ctrl-C while the reader hangs: no rung of the recovery ladder holds it up.
begin hung
kill -STOP "$(called keybench-reader)"
sleep 0.5
kill -INT "$pid"
since=$(date +%s%3N)
ends 60 $background
is $? 130 "Ctrl-C with a hung reader: exit status 130"
sed "s/^/# /" "$tmp/hung.err"
took=$(($(date +%s%3N) - since))
echo "# ended after $took ms"
[ "$took" -lt 4000 ]
ok $? "Ctrl-C with a hung reader: it ends soon"

# in the middle of a tap: the relay is on
begin killed
wait_for 10 sh -c "tail -n 30 '$run/truth.jsonl' | jq -rs '[.[] | select(.what == \"relay\")] | last | .on' | grep -q true"
kill -9 "$pid"
wait_for 8 nobody
ok $? "kill -9: everybody is gone"
ends 60 $background 2>/dev/null
is "$(relay_state)" false "kill -9: the relay is off"
is "$(relays_at_end)" 0 "kill -9: the desk saw all relays off at its end"
"$kb" report "$run" >"$tmp/report" 2>&1
ok $? "kill -9: what was journalled can still be reported"
holds "$tmp/report" "cut off" "kill -9: the report says the run was cut off"

begin worker
reader=$(called keybench-reader)
[ -n "$reader" ] && kill -9 "$reader"
ok $? "a reader's worker is killed"
wait_for 10 grep -q '"rung":"respawn"' "$run/journal.jsonl"
ok $? "a killed reader costs one attempt: it is respawned"
kill -INT "$pid"
ends 60 $background
is $? 130 "and the run could still be ended in order"

begin relay
board=$(called keybench-relay)
[ -n "$board" ] && kill -9 "$board"
ok $? "a relay's worker is killed"
wait_for 10 grep -q '"device":"positioner"' "$run/journal.jsonl"
ok $? "a killed relay worker is replaced"
kill -INT "$pid"
ends 60 $background
is $? 130 "and the run could still be ended in order"
is "$(relay_state)" false "with the relay off"
done_testing
