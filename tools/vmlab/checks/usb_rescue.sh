#!/bin/bash
# What the upper rungs of recovery do: a stick that hangs is reset on USB in the middle of a run, a hub switches a port's power.
. tools/tap.sh
. tools/vmlab/usb.sh
keybench_usb_up || exit 75
modprobe -a xhci-pci ftdi_sio

# a hub with power switching, and a serial adapter behind it (vmlab puts both into the machine)
wait_for 30 sh -c "grep -l 0403 /sys/bus/usb/devices/*/idVendor"
ok $? "a serial adapter is behind a hub" || { done_testing; exit 1; }
port=$(grep -l 0403 /sys/bus/usb/devices/*/idVendor | head -n 1 | cut -d/ -f6)
wait_for 20 sh -c "ls -d /sys/bus/usb/devices/$port:1.0/ttyUSB*"
before=$(cat "/sys/bus/usb/devices/$port/devnum")
KEYBENCH_USB_PORT=$port build/release/drivers/usb_rescue_test >"$tmp/rescue" 2>&1
is $? 0 "its port $port loses its power and gets it back, and it is reset where it is"
grep -v '^1\.\.' "$tmp/rescue" | sed 's/^/# /'
wait_for 20 test -e "/sys/bus/usb/devices/$port/devnum"
[ "$(cat "/sys/bus/usb/devices/$port/devnum")" != "$before" ]
ok $? "it came back under another number ($before, $(cat "/sys/bus/usb/devices/$port/devnum"))"

# a stick whose firmware hangs: no new process helps
lab_suite 6
lab_rig pn533 scl3711 '{device: reader0, at: {exchange: 8}, do: silent}'
cp "$tmp/rig.yaml" "$tmp/plain.yaml"
echo "recovery: {reenumerate: yes, port_power: yes}" >>"$tmp/rig.yaml"
tries=1
lab_run "$tmp/runs"
cp "$run/truth.jsonl" "$tmp/truth"
is "$(truth '[.[] | select(.what == "fault") | .do] | unique')" '["silent"]' "a stick hangs"
rungs=$(jq -cs '[.[] | select(.type == "recovery" and .device == "reader") | [.rung, .proved]]' "$run/journal.jsonl")
echo "$rungs" | grep -qF '["respawn",false],["re-enumerate",true]'
ok $? "a new process does not help; a USB reset does, and that is proved ($rungs)"
is "$(truth '[.[] | select(.what == "usb_reset")] | length >= 1')" true "the stick saw the reset"
is "$(lab_count)" "$(lab_trials)" "the run goes on to its end: every trial is done"
is "$(jq -cs '[.[] | select(.type == "attempt") | .outcome] | unique - ["DONE"]' "$run/journal.jsonl")" '["BENCH_ERROR"]' \
	"the attempt that met it is the bench's error, and nobody else's"
is "$(jq -c '[.rungs[] | select(.rung == "re-enumerate") | .held]' "$run/summary.json")" "[1]" "the summary counts the rung"
is "$(truth '[.[] | select(.what == "end") | .relays] | last')" 0 "all relays are off at the end"
mv "$tmp/plain.yaml" "$tmp/rig.yaml"
lab_run "$tmp/plain"
is "$(jq -r .ended "$run/summary.json")" drained "where the rig does not allow it the bench is drained"
is "$(jq -r 'select(.type == "recovery") | .rung' "$run/journal.jsonl" | grep -c re-enumerate)" 0 "and nobody tried"
done_testing
