#!/bin/sh
# The desk's CAN bus and the vehicle module on it, by other nodes: what keybench-vbus hears when it wakes the module.
. tools/tap.sh
emu=$bin/keybench-emu
vbus=$bin/keybench-vbus
rig=fixtures/rigs/emulated-b.yaml
mkdir "$tmp/run"

TMPDIR=$tmp/run "$emu" --rig $rig --for "10 min" --truth "$tmp/truth" >"$tmp/devices" 2>"$tmp/err" &
pid=$!
started $pid
wait_for 10 grep -q '^emu:bus0 ' "$tmp/devices"
ok $? "the bus is announced as emu:bus0"
bus=$(sed -n 's/^emu:bus0 //p' "$tmp/devices")
[ -S "$bus" ]
ok $? "which is a socket"
is "$(stat -c %a "${bus%/*}")" 700 "in a folder for this user alone"

"$vbus" dump "$bus" >"$tmp/dump" 2>&1 &
started $!
# woken until the dump is there; each time it stays awake for 0.2 s
count=0
woken() {
	"$vbus" send "$bus" '110#0202' >/dev/null 2>"$tmp/send" && count=$((count + 1))
	grep -q '510#0001000000000000' "$tmp/dump"
}
wait_for 20 woken
ok $? "the module answers that it is awake"
"$vbus" send --every 50 --count 20 "$bus" '110#0202' >/dev/null 2>"$tmp/send"
ok $? "WakeUp is sent again and again"
wait_for 10 grep -q '510#0000000000000000' "$tmp/dump"
ok $? "and says that it sleeps when its time is over"
wait_for 10 grep -q '"module_asleep"' "$tmp/truth"
ok $? "as its own log does"
is "$(jq -rs '[.[] | select(.what == "can" and (.frame | startswith("110#")))] | length' "$tmp/truth")" $((count + 20)) \
	"every frame is in the truth log"
is "$(jq -s '[.[] | select(.what == "can")] | map(.t > .ready) | all' "$tmp/truth")" true \
	"each took its time on the bus"
kill -INT $pid
ends 20 $pid
is $? 0 "the desk ends as it is told"
is "$(ls "$tmp/run")" "" "and leaves neither socket nor folder"

# wrong LINE:COLUMN TEXT SED: change the rig and look where the mistake is
wrong() {
	sed "$3" $rig >"$tmp/rig.yaml"
	"$emu" --rig "$tmp/rig.yaml" --check >"$tmp/out" 2>"$tmp/err"
	status=$?
	[ $status -eq 78 ] && grep -q "^$tmp/rig.yaml:$1.*$2" "$tmp/err"
	ok $? "$2"
	grep -q "^$tmp/rig.yaml:$1.*$2" "$tmp/err" || sed 's/^/# /' "$tmp/err"
}
bus_line=$(grep -n '  bus0: {bitrate' $rig | cut -d: -f1)
line=$(grep -n '  module0: {module' $rig | cut -d: -f1)
wrong "$bus_line:" "bitrate" 's/bitrate: 500000/bitrate: 5/'
wrong "$bus_line:" "uds: '7E0' is none; 7E0:7E8 is" 's|uds: 7E0:7E8|uds: 7E0|'
sed 's/bitrate: 500000/bitrate: 500000, interface: nocan7/' $rig >"$tmp/rig.yaml"
"$emu" --rig "$tmp/rig.yaml" >"$tmp/out" 2>"$tmp/err" </dev/null
is $? 75 "an interface that is not there is an error"
holds "$tmp/err" "joining bus0 to nocan7: opening the CAN interface: nocan7: there is no such interface" "and named"
wrong "$line:" "there is no bus 'bus7' on this desk" 's/bus: bus0, dbc/bus: bus7, dbc/'
wrong "$line:" "the key 'dbc' is missing" 's/bus: bus0, dbc: door/bus: bus0/'
wrong "$line:" "only for a module with a 'bus'" 's/bus: bus0, dbc: door, //'
wrong "$line:" "announce" 's/announce: 20 ms/announce: sometimes/'
grep -v 'SG_ Lock' fixtures/dbc/door.dbc | grep -v 'VAL_ 528 Lock' >"$tmp/lockless.dbc"
sed "s|dbc: door, sleeps|dbc: $tmp/lockless.dbc, sleeps|" $rig >"$tmp/rig.yaml"
"$emu" --rig "$tmp/rig.yaml" --check >"$tmp/out" 2>"$tmp/err"
is $? 78 "a DBC that does not know what the module says is refused"
holds "$tmp/err" "DoorStatus.Lock" "and what it lacks is named"
done_testing
