#!/bin/sh
# Two keybench on one rig: the second is refused and told by whom; when the first is killed the rig is free at once.
# The desk runs by itself here, and the rig names its devices by links, as it would real ones.
. tools/tap.sh
kb=$bin/keybench
mkdir "$tmp/links"

"$bin/keybench-emu" --rig fixtures/rigs/emulated-a.yaml --seed 1 --links "$tmp/links" >"$tmp/emu.out" 2>&1 &
emu=$!
trap 'kill $emu 2>/dev/null; rm -rf "$tmp"' EXIT
wait_for 20 test -e "$tmp/links/reader0" -a -e "$tmp/links/relay0"
ok $? "a desk of its own stands"
sed -n '/^emulate:/q; p' fixtures/rigs/emulated-a.yaml | sed "s,emu:,$tmp/links/," >"$tmp/rig.yaml"
# standard transactions alone: what a killed run has left half done between phone and vehicle does not matter to them
cat >"$tmp/suite.yaml" <<END
suite: taps
cases:
  - id: standard
    trials: {count: 3}
    steps: [approach, select, transact: {kind: standard}]
END

# run NAME TRIALS: on the rig, into $tmp/NAME
run() {
	"$kb" run "$tmp/suite.yaml" --rig "$tmp/rig.yaml" --target example --trials "$2" --seed 1 --runs "$tmp/$1" >"$tmp/$1.out" 2>"$tmp/$1.err"
}

# begin NAME: a run that goes on until it is killed
begin() {
	"$kb" run "$tmp/suite.yaml" --rig "$tmp/rig.yaml" --target example --trials 100000 --seed 1 --runs "$tmp/$1" >"$tmp/$1.out" 2>"$tmp/$1.err" &
	first=$!
	wait_for 20 sh -c "grep -q '\"type\":\"attempt\"' '$tmp/$1'/*/journal.jsonl"
}

run alone 2
is $? 0 "a run on it alone passes"

begin first
ok $? "a run is under way"
run second 2
is $? 75 "a second one is refused"
holds "$tmp/second.err" "held by process $first since 20" "and told who has the rig, and since when"
holds "$tmp/second.err" "keybench run $tmp" "and what for"
holds "$tmp/second.err" "reader $tmp/links/reader0" "and which device"
kill -0 $first
ok $? "the first goes on"

# the same devices by other names are the same devices
ln -s "$(readlink -f "$tmp/links/relay0")" "$tmp/other-name"
sed "s,^reader: .*,reader: {driver: libnfc\, device: /dev/ttyNOPE}, ; s,$tmp/links/relay0,$tmp/other-name," "$tmp/rig.yaml" >"$tmp/other.yaml"
"$kb" run "$tmp/suite.yaml" --rig "$tmp/other.yaml" --target example --trials 1 --runs "$tmp/other" >"$tmp/out" 2>"$tmp/err"
is $? 75 "a rig that shares the relay board alone is refused"
holds "$tmp/err" "relay board $tmp/other-name is held by process $first" "whatever it calls the board"
cat >"$tmp/other.yaml" <<END
rig: other
protocol: dk-ccc-1.0
pairing: bench
uncertainty: 3 ms
sensor: {driver: modem, device: $tmp/other-name}
bus: {driver: vbus, device: $tmp/no-bus}
END
printf 'suite: idle\nneeds: [bus]\ncases:\n  - id: wait\n    trials: {count: 1}\n    steps: [wait: {for: 1 ms}]\n' >"$tmp/idle.yaml"
"$kb" run "$tmp/idle.yaml" --rig "$tmp/other.yaml" --target example --runs "$tmp/other" >"$tmp/out" 2>"$tmp/err"
is $? 75 "a rig whose sensor is on that line is refused"
holds "$tmp/err" "sensor $tmp/other-name is held by process $first" "and told so"

kill -9 $first
wait $first 2>/dev/null
run third 2
is $? 0 "after kill -9 of the first the rig is free at once"

# named as libnfc names it, and looked at by doctors all the while
cp "$tmp/rig.yaml" "$tmp/plain.yaml"
sed "s,device: $tmp/links/reader0,device: \"pn532_uart:$tmp/links/reader0:115200\"," "$tmp/plain.yaml" >"$tmp/rig.yaml"
while :; do "$kb" doctor --rig "$tmp/rig.yaml" --runs "$tmp" >/dev/null 2>&1; done &
doctors=$!
begin named
ok $? "a run goes on with the reader named by libnfc's name"
kill -9 $first
wait $first 2>/dev/null
run free 2
is $? 0 "after kill -9 that rig is free at once too, whoever looks at it"
sed 's/^/# /' "$tmp/free.err"
kill $doctors
wait $doctors 2>/dev/null
mv "$tmp/plain.yaml" "$tmp/rig.yaml"

# A program that knows nothing of keybench.
exec 9<>"$(readlink -f "$tmp/links/relay0")"
flock -n 9
ok $? "another program has the line of the relay board"
run fourth 1
is $? 75 "which refuses a run"
holds "$tmp/fourth.err" "is held by process" "that says who"
exec 9>&-
run fifth 1
is $? 0 "and goes when it is free again"
done_testing
