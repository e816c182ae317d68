#!/bin/bash
# A DCTTech relay board on the kernel's USB: Debian's usbrelay, keybench's driver and labgrid's requests agree on it.
. tools/tap.sh
. tools/vmlab/usb.sh
keybench_usb_up || exit 75
sed 's/^  reader0: .*/&\n  reader1: {chip: pn532, usb: acr122u}/' fixtures/rigs/lab-a-usb.yaml >"$tmp/desk.yaml"
plugged "$tmp/desk.yaml"
ok $? "the kernel takes the board"
wait_for 20 test -e /dev/hidraw0
ok $? "usbhid takes it, for it has the endpoint that HID wants"
states() {
	usbrelay 2>/dev/null | tr '\n' ' '
}
is "$(states)" "BENCH_1=0 BENCH_2=0 " "usbrelay finds it, all off as at power-on"
usbrelay BENCH_1=1 >/dev/null 2>&1
is "$(states)" "BENCH_1=1 BENCH_2=0 " "usbrelay switches it, and reads it back"
is "$(truth '[.[] | select(.what == "relay")] | last | [.channel, .on, .state]')" "[1,true,1]" "so does the truth log"
wait_for 20 sh -c "grep -q phone_in_field '$tmp/truth'"
ok $? "the relay pushes the phone to the reader"

port=$(sed -n 's/^emu:relay0 usb-port://p' "$tmp/devices")
KEYBENCH_USB_RELAY=$port build/release/tools/usbemu/forms_test >"$tmp/forms" 2>&1
is $? 0 "labgrid's forms of the requests are taken by it, through libusb"
sed 's/^/# /' "$tmp/forms"
wait_for 20 test -e /dev/hidraw0
ok $? "and the kernel's driver has it back afterwards"

# two rigs that share it: named by its port in one, by its serial in the other
lab_suite 40
shared() {
	sed -e '/^emulate:/,$d' -e "s/^reader:.*/reader: {driver: libnfc, device: usb-port:$2}/" \
		-e "s/^relay:.*/relay: {driver: usb_hid, $3, channels: 2}/" fixtures/rigs/lab-a-usb.yaml >"$tmp/$1.yaml"
}
two=$(sed -n 's/^emu:reader1 usb-port://p' "$tmp/devices")
shared first "$(sed -n 's/^emu:reader0 usb-port://p' "$tmp/devices")" "port: $port"
shared second "$two" "serial: BENCH"
"$bin/keybench" run "$tmp/door.yaml" --rig "$tmp/first.yaml" --target "$tmp/target.yaml" --runs "$tmp/first" >/dev/null 2>"$tmp/first.err" &
first=$!
started $first
wait_for 60 sh -c "grep -q '\"type\":\"attempt\"' '$tmp'/first/*/journal.jsonl"
ok $? "a run has the board"
"$bin/keybench" run "$tmp/door.yaml" --rig "$tmp/second.yaml" --target "$tmp/target.yaml" --runs "$tmp/second" >/dev/null 2>"$tmp/second.err"
is $? 75 "another rig with the same board is refused"
holds "$tmp/second.err" "usb-port:$port is held by process" "and told which board,"
holds "$tmp/second.err" "keybench run $tmp/door.yaml --rig $tmp/first" "and who has it"

# two keybench on one rig
"$bin/keybench" run "$tmp/door.yaml" --rig "$tmp/first.yaml" --target "$tmp/target.yaml" --runs "$tmp/same" >/dev/null 2>"$tmp/same.err"
is $? 75 "two keybench on one rig: the second is refused"
holds "$tmp/same.err" "is held by process $first since" "two keybench on one rig: and told by which process,"
holds "$tmp/same.err" "keybench run $tmp/door.yaml" "two keybench on one rig: and what that does"
kill -0 $first
ok $? "two keybench on one rig: the first goes on"
kill -9 $first
wait $first 2>/dev/null
# standard ones alone: what the killed run has left half done between phone and vehicle does not matter to them
printf 'suite: taps\ncases:\n  - id: standard\n    trials: {count: 3}\n    steps: [approach, select, transact: {kind: standard}]\n' >"$tmp/taps.yaml"
"$bin/keybench" run "$tmp/taps.yaml" --rig "$tmp/first.yaml" --target "$tmp/target.yaml" --runs "$tmp/free" >/dev/null 2>"$tmp/free.err"
echo "# after kill -9: exit $?"
sed 's/^/# /' "$tmp/free.err"
is "$(grep -cE 'held by|in use|another program' "$tmp/free.err")" 0 "two keybench on one rig: after kill -9 of the first it is free at once"
run=$(echo "$tmp/free"/*)
is "$(lab_count)" 3 "two keybench on one rig: and every tap on its USB reader is done"

# energised and unplugged
usbrelay BENCH_1=1 >/dev/null 2>&1
usbrelay BENCH_2=1 >/dev/null 2>&1
is "$(states)" "BENCH_1=1 BENCH_2=1 " "both coils are on"
before=$(number_of relay0)
tell unplug relay0 1 s
wait_for 20 sh -c "! lsusb -d 16c0:05df"
ok $? "unplugged while energised the kernel loses it"
is "$(truth '[.[] | select(.what == "relay")] | last | .state')" 0 "its coils drop with its power"
wait_for 20 grep -q phone_away "$tmp/truth"
ok $? "and the phone goes away"
wait_for 20 sh -c "lsusb -d 16c0:05df && test -e /dev/hidraw0 && usbrelay 2>/dev/null | grep -q BENCH_1"
ok $? "it comes back"
is "$(states)" "BENCH_1=0 BENCH_2=0 " "with all off"
[ "$(number_of relay0)" != "$before" ]
ok $? "at the same port under another number ($before, $(number_of relay0))"
unplugged
is $? 0 "keybench-usbemu ends in order"

# a run whose board loses its power with the coil on
lab_suite 6
lab_rig pn533 scl3711 '{device: relay0, at: {command: 9}, do: unplug, by: 700 ms}'
tries=1
lab_run "$tmp/runs"
cp "$run/truth.jsonl" "$tmp/truth"
is "$(truth '[.[] | select(.what == "usb_unplugged" and .device == "relay0")] | length >= 1')" true "in a run: it was unplugged"
lab_done "in a run"
is "$(jq -r .ended "$run/summary.json")" complete "in a run: it goes on to its end"
is "$(jq -cs '[.[] | select(.type == "attempt") | .outcome] | unique - ["DONE"]' "$run/journal.jsonl")" '["BENCH_ERROR"]' \
	"in a run: the attempt that met it is the bench's error, and nobody else's"
is "$(jq -cs '[.[] | select(.type == "recovery" and .device == "positioner") | .proved] | unique' "$run/journal.jsonl")" "[true]" \
	"in a run: the board is waited for, and proved to be off"
is "$(truth '([.[] | .what == "usb_unplugged"] | index(true)) as $u | [.[$u:][] | select(.what == "relay" and .on)] | length >= 1')" true \
	"in a run: and pushes the phone again"
is "$(truth '[.[] | select(.what == "end") | .relays] | last')" 0 "in a run: all relays are off at its end"
done_testing
