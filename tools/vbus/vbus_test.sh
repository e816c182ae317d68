#!/bin/sh
# A bus between processes: the program itself, and a whole run of the controller on it.
. tools/tap.sh
bus=$tmp/bus
vbus=$bin/keybench-vbus

# start LOG ARGS...: in the background, ended with the test
start() {
	log=$1
	shift
	"$vbus" "$@" >"$log" 2>"$log.err" &
	last=$!
	started $last
}

"$vbus" send "$bus" 123#11 2>"$tmp/err"
is $? 75 "a bus nobody hosts cannot be opened"
holds "$tmp/err" "$bus" "which is said with its path"
"$vbus" send "$bus" 123#1 2>"$tmp/err"
is $? 64 "what is no frame is wrong usage"

timeout 30 "$vbus" host "" 2>"$tmp/err"
is $? 64 "a bus needs a name"
"$vbus" dump "$tmp/it's" 2>"$tmp/err"
is $? 75 "a name with a quote is a name"
holds "$tmp/err" "$tmp/it's: No such file" "and said as it was given"

start "$tmp/host" host --bitrate=500000 --print "$bus"
host=$last
wait_for 10 test -S "$bus"
ok $? "a bus is hosted"
is "$(stat -c %a "$bus")" 700 "only for this user"
"$vbus" host "$bus" 2>"$tmp/err"
is $? 75 "a second host is refused"

start "$tmp/dump" dump --count=3 "$bus"
dump=$last
# until the other one listens
wait_for 10 sh -c "'$vbus' send '$bus' 7FF#AA && grep -q 7FF#AA '$tmp/dump'"
ok $? "what one node sends another prints"
"$vbus" send "$bus" 12345678#R4 001#0102030405060708
ok $? "two more are sent"
ends 20 "$dump"
is $? 0 "dump ends after its count"
grep -qE '^\([0-9]{10}\.[0-9]{6,9}\) vbus0 7FF#AA$' "$tmp/dump"
ok $? "a line is as candump writes it"

# Model time: a hundred frames are back to back by their stamps, whatever this machine did meanwhile.
"$vbus" send --count=100 "$bus" 100#0011223344556677
wait_for 10 sh -c "[ \$(grep -c 100#0011 '$tmp/host') -ge 100 ]"
grep 100#0011 "$tmp/host" | sed 's/^(\([0-9]*\)\.\([0-9]*\)).*/\1 \2/' | awk '
	{ while (length($2) < 9) $2 = $2 "0"; t = ($1 % 1000) * 1000000000 + $2 }
	NR > 1 && t - last < least { bad++ }
	{ last = t; least = 222000 }
	END { exit bad || NR < 100 }'
ok $? "no frame of 8 bytes takes less than 222 us at 500 kbit/s"

cat >"$tmp/rig.yaml" <<RIG
rig: vbus-test
protocol: dk-ccc-1.0
uncertainty: 1 ms
bus: {driver: vbus, device: $bus, bitrate: 500000, dbc: door}
RIG
cat >"$tmp/suite.yaml" <<SUITE
suite: bus-alone
needs: [bus]
cases:
  - id: hears
    trials: {count: 3}
    steps:
      - can_cyclic: {message: VehicleState, signals: {Ignition: "On", Speed: 12.34}, every: 10 ms}
      - can_load: {share: 30 %, frame: 700#00}
      - can_send: {message: WakeUp, signals: {Reason: DoorHandle}}
      - can_expect: {message: DoorStatus, signal: Lock, equals: Unlocked, within: 10 s}
SUITE
run() {
	"$bin/keybench" run "$tmp/suite.yaml" --rig "$tmp/rig.yaml" \
		--target fixtures/profiles/target/example.yaml --seed 1 --runs "$tmp/$1" >"$tmp/out" 2>"$tmp/err"
}
start "$tmp/door" send --every=20 "$bus" 210#02000000
run good
is $? 0 "a suite runs on the bus alone"
cat "$tmp/err" | sed 's/^/# /'
is "$(jq -r .verdict "$tmp"/good/*/summary.json)" PASS "and passes"
is "$(jq -r .simulated "$tmp"/good/*/summary.json)" true "marked as simulated"
cmp -s fixtures/dbc/door.dbc "$(echo "$tmp"/good/*/inputs/bus.dbc)"
ok $? "the run folder has a copy of the DBC"
grep -q '200#0200' "$tmp/host" || grep -q ' 200#' "$tmp/host"
ok $? "the cyclic frame went over the bus"
holds "$tmp/host" " 700#00" "the load too"
holds "$tmp/host" " 110#0200" "and the single one"

sed -i 's/equals: Unlocked, within: 10 s/equals: Locked, within: 100 ms/' "$tmp/suite.yaml"
run bad
is $? 1 "a module that never says it fails the suite"
holds "$(echo "$tmp"/bad/*/journal.jsonl)" "the last one said Unlocked (2)" "with what it said instead"

sed -i 's/equals: Locked/equals: Ajar/' "$tmp/suite.yaml"
run ajar
is $? 78 "a value the DBC does not have is a mistake of the suite"
holds "$tmp/err" "suite.yaml:10:9:" "which is located"
sed -i 's/dbc: door/dbc: nothing/' "$tmp/rig.yaml"
run nothing
is $? 78 "a DBC that is not there is a mistake of the rig"

kill "$host"
ends 20 "$host"
is $? 0 "the host ends in order when told to"
holds "$tmp/host.err" "frames" "and says how busy the bus was"
is "$(test -e "$bus" && echo there)" "" "its socket is gone"
done_testing
