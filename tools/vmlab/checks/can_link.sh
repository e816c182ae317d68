#!/bin/bash
# Interfaces: bit rate and sample point through libsocketcan, with and without the privilege; FD; a share of the wire; what the socket
# loses is a bench error.
. tools/tap.sh
. tools/vmlab/guest.sh
keybench_lab_up || exit 75
can=$bin/keybench-can

rig() {
	cat >"$tmp/rig.yaml" <<RIG
rig: lab
protocol: dk-ccc-1.0
uncertainty: 1 ms
bus: $1
RIG
}
suite() {
	{
		printf 'suite: lab\nneeds: [bus]\ncases:\n  - id: one\n    trials: {count: %d}\n    steps:\n' "$1"
		shift
		printf '      - %s\n' "$@"
	} >"$tmp/suite.yaml"
}
run() {
	rm -rf "$tmp/runs"
	"$@" "$bin/keybench" run "$tmp/suite.yaml" --rig "$tmp/rig.yaml" --target fixtures/profiles/target/example.yaml \
		--seed 1 --runs "$tmp/runs" >"$tmp/out" 2>"$tmp/err"
}

# Bit rate.
ip link set can0 down && ip link set can0 type can bitrate 125000 && ip link set can0 up
rig '{driver: socketcan, device: can0, bitrate: 500000, sample_point: 75 %}'
suite 1 'can_send: {frame: 123#00}' 'can_expect: {frame: 321#, within: 20 s}'
chmod 755 "$tmp"
mkdir -m 777 "$tmp/theirs"
"$bin/keybench" check "$tmp/suite.yaml" --rig "$tmp/rig.yaml" --target fixtures/profiles/target/example.yaml >/dev/null 2>&1
is $? 0 "the rig is well formed"
setpriv --reuid 65534 --regid 65534 --clear-groups "$bin/keybench" run "$tmp/suite.yaml" --rig "$tmp/rig.yaml" \
	--target fixtures/profiles/target/example.yaml --seed 1 --runs "$tmp/theirs" >"$tmp/out" 2>"$tmp/err"
is $? 75 "who may not set the bit rate cannot run at another one"
holds "$tmp/err" "can0 has 125000 bit/s, and setting it needs CAP_NET_ADMIN: sudo ip link set can0 down; sudo ip link set can0 type can bitrate 500000 sample-point 0.750; sudo ip link set can0 up" \
	"one line says so, and what to do"
while sleep 0.2; do cansend can1 321#; done 2>/dev/null &
answers=$!
run
status=$?
kill $answers
is $status 0 "who may, sets it"
sed 's/^/# /' "$tmp/err"
ip -d link show can0 | grep -q 'bitrate 500000 sample-point 0.750'
ok $? "bit rate and sample point are what the rig says"
holds "$(echo "$tmp"/runs/*/report.txt)" "500000 bit/s at 75.0 %" "so says the report"
rig '{driver: socketcan, device: can0, bitrate: 900001}'
run
is $? 75 "a bit rate that the controller does not take is refused"
sed 's/^/# /' "$tmp/err"
keybench_lab_up

# FD.
"$can" flood -v -n 500 vcan0 '123##1000102030405060708090A0B' >"$tmp/out"
is $? 0 "FD frames of 12 bytes go out and come back"
"$can" flood -v -n 500 vcan0 "12345678##0$(printf '%0128d' 0)" >"$tmp/out"
is $? 0 "and of 64"
"$can" flood -n 1 can0 '123##100' 2>"$tmp/err"
is $? 75 "a controller without FD refuses them"
holds "$tmp/err" "can0 carries classic frames only" "and says why"

# A share of the wire.
rig '{driver: socketcan, device: can0, bitrate: 500000}'
suite 1 'can_load: {share: 40 %, frame: 001#0011223344556677}' 'wait: {for: 3 s}'
# a frame of these bits, and what of the 500000 in a second; a host that stops this machine meanwhile may spoil a try, not three
on_wire() {
	sed 's/^(\([0-9.]*\)).*/\1/' "$1" | awk -v bits=117 '
		NR == 1 { first = $1 } { last = $1 }
		END { share = (NR - 1) * bits / 500000 / (last - first)
		      printf "# %d frames in %.2f s: %.1f %% of the wire\n", NR, last - first, 100 * share; exit !(share > .36 && share < .44) }'
}
for try in 1 2 3; do
	candump -L can0,001:7FF >"$tmp/load" &
	dump=$!
	sleep 0.5
	run
	status=$?
	kill $dump
	on_wire "$tmp/load" && right=0 || right=1
	[ $status$right != 00 ] || break
done
is $status 0 "40 % of the wire are sent for 3 s"
ok $right "that is what was on it, to a tenth"

# A recorded log, from one controller to the other.
log=fixtures/traces/vehicle.log
n=$(wc -l <$log)
rig '{driver: socketcan, device: can0, bitrate: 500000}'
suite 1 "can_replay: {log: vehicle}" 'wait: {for: 3 s}'
for try in 1 2 3; do
	candump -L -n "$n" -T 8000 can1 >"$tmp/replayed" 2>/dev/null &
	dump=$!
	sleep 0.5
	run
	status=$?
	wait $dump
	frames=$(diff <(sed 's/.* //' $log) <(sed 's/.* //' "$tmp/replayed") >"$tmp/differ" && echo same)
	[ "$status$frames" != 0same ] || break
done
is $status 0 "a log of $n frames is replayed on can0"
sed 's/^/# /' "$tmp/err"
is "$frames" same "can1 hears it, frame for frame and in order"
head -n 5 "$tmp/differ" | sed 's/^/# /'
is "$(jq -r 'select(.type == "attempt") | .notes.can_replay // empty' "$tmp"/runs/*/journal.jsonl)" "" "nothing of it was left unsent"
# its last frame behind its first, as recorded and as heard
span() {
	sed 's/^(\([0-9.]*\)).*/\1/' "$1" | awk 'NR == 1 { a = substr($1, 6) } { b = substr($1, 6) } END { printf "%.0f", (b - a) * 1e6 }'
}
late=$(($(span "$tmp/replayed") - $(span $log)))
echo "# the replay was $late us longer than the log"
[ "${late#-}" -le 50000 ]
ok $? "it took as long as when it was recorded: within 50 ms"

# Overflow.
rig '{driver: socketcan, device: vcan0, buffer: 4096}'
suite 3 'can_expect: {frame: 321#, within: 2 s}'
for i in 1 2; do while :; do cangen -g 0 -I 123 -L 8 -n 20000 vcan0; done 2>/dev/null & echo $! >>"$tmp/pids"; done
run
is $? 75 "frames that the socket lost spoil the run as a bench error"
kill $(cat "$tmp/pids") 2>/dev/null
is "$(jq -rs '[.[] | select(.type == "attempt")] | map(.outcome) | unique | join(" ")' "$tmp"/runs/*/journal.jsonl)" BENCH_ERROR "no attempt is blamed on anybody else"
grep -q 'frames were lost on their way from the bus' "$tmp"/runs/*/journal.jsonl
s=$?
[ $s -eq 0 ] || jq -r "select(.type == \"attempt\") | .detail" "$tmp"/runs/*/journal.jsonl | sort -u | sed "s/^/# /"
ok $s "the journal says so"
done_testing
