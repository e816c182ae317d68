#!/bin/sh
# keybench-usbemu at the command line, without a kernel's help: rigs, options, signals, the console.
. tools/tap.sh
rig=fixtures/rigs/lab-a-usb.yaml

# refuses SED TEXT NAME: the rig with a mistake in it
refuses() {
	sed "$1" $rig >"$tmp/rig.yaml"
	"$bin/keybench-usbemu" --rig "$tmp/rig.yaml" --check >"$tmp/out" 2>&1
	is $? 78 "$3 is a mistake"
	holds "$tmp/out" "$2" "… which is told where it stands"
}

"$bin/keybench-usbemu" --rig $rig --check
is $? 0 "the lab's rig is accepted"
"$bin/keybench-emu" --rig $rig --check
is $? 0 "keybench-emu hands it over"
"$bin/keybench" check door-unlock --rig lab-a-usb --target example >/dev/null
is $? 0 "and so does keybench check"
refuses 's/, usb: scl3711//' "a pn533 is on USB" "a PN533 on no USB"
refuses 's/scl3711/acr122u/' "a pn533 is on USB" "a PN533 in an ACR122U"
refuses 's/pn533/pn532/' "usb: an scl3711 has a pn533 in it" "a PN532 in an SCL3711"
refuses 's/usb: scl3711/&, baud: 9600/' "baud: only for a chip on a serial line" "a speed on USB"
refuses 's/channels: 2, serial/channels: 3, serial/' "channels: there is no such dcttech board" "a board of three"
refuses 's/serial: BENCH/serial: BENCHES/' "serial: five characters" "a serial of seven"
refuses 's/faults: \[\]/faults: [{device: reader0, at: {exchange: 1}, do: hang-up}]/' "do: unplug" "hanging up on USB"
refuses 's/faults: \[\]/faults: [{device: relay0, at: {command: 1}, do: silent}]/' "a relay board or an axis can only be unplugged" "a board that is silent"
sed 's/do: silent/do: unplug/; s/away: 1 s//' fixtures/rigs/emulated-a.yaml |
	sed 's/faults: \[\]/faults: [{device: reader0, at: {exchange: 1}, do: unplug}]/' >"$tmp/rig.yaml"
"$bin/keybench-emu" --rig "$tmp/rig.yaml" --check >"$tmp/out" 2>&1
is $? 78 "unplugging a chip on a serial line is a mistake"
sed 's/chip: pn532/&, away: 1 s/' fixtures/rigs/emulated-a.yaml >"$tmp/rig.yaml"
"$bin/keybench-emu" --rig "$tmp/rig.yaml" --check >"$tmp/out" 2>&1
is $? 78 "so is how long it would be away"

"$bin/keybench-usbemu" --rig $rig --listen=99999 >"$tmp/out" 2>&1
is $? 64 "a port that is none"
if [ ! -e /sys/devices/platform/vhci_hcd.0 ]; then
	"$bin/keybench-usbemu" --rig $rig >"$tmp/out" 2>&1
	is $? 75 "where the kernel has no USB/IP host controller"
	holds "$tmp/out" "modprobe vhci-hcd" "… it tells what may load one"
	"$bin/keybench" run smoke --rig lab-a-usb --target example --runs "$tmp/runs" >"$tmp/out" 2>&1
	is $? 75 "keybench run says the same"
	holds "$tmp/out" "modprobe vhci-hcd" "… in the same words"
fi

"$bin/keybench-usbemu" --rig $rig --listen=0 --truth "$tmp/truth" --console "$tmp/console" >"$tmp/out" 2>"$tmp/err" &
emu=$!
started $emu
wait_for 20 grep -q relay0 "$tmp/out"
ok $? "without a kernel it waits for hosts"
is "$(grep -c 'usbip:127.0.0.1:[0-9]*/1-[12]$' "$tmp/out")" 2 "and says where"
# many N WHAT: so many of a kind are in the truth log
many() {
	[ "$(grep -c "\"what\":\"$2\"" "$tmp/truth")" -ge "$1" ]
}
kill -USR1 $emu
wait_for 20 many 4 usb_plugged
ok $? "SIGUSR1 unplugs all and plugs them in again"
is "$(grep -c usb_unplugged "$tmp/truth")" 2 "each once"
is "$(sed -n 's/.*usb_plugged","device":"reader0","number":\([0-9]*\).*/\1/p' "$tmp/truth" | sort -u | wc -l | tr -d ' ')" 2 "under another number"
echo "unplug relay0 30 ms" >"$tmp/console"
wait_for 20 many 5 usb_plugged
ok $? "the console unplugs one for a time"
echo "unplug reader0" >"$tmp/console"
wait_for 20 many 4 usb_unplugged
ok $? "or for good"
echo "plug reader0" >"$tmp/console"
wait_for 20 many 6 usb_plugged
ok $? "until it is plugged in"
printf 'jump\nunplug nobody\nunplug relay0 tomorrow\n' >"$tmp/console"
wait_for 20 many 6 console
is "$(grep -c '"what":"console".*"done":false' "$tmp/truth")" 3 "what is no command does nothing"
holds "$tmp/err" "unplug NAME" "and what would be one is told"
kill $emu
ends 20 $emu
is $? 0 "it ends in order"
[ ! -e "$tmp/console" ]
ok $? "and takes its console away"

sed 's/usb: scl3711/&, unplugged_every: 40 ms, away: 20 ms/' $rig >"$tmp/rig.yaml"
"$bin/keybench-usbemu" --rig "$tmp/rig.yaml" --listen=0 --seed 3 --truth "$tmp/truth" --for '2 s' >"$tmp/out" 2>&1
is $? 0 "a device that is unplugged again and again, by the seed"
many 3 usb_unplugged
ok $? "is"
is "$(grep -c 'usb_unplugged","device":"relay0"' "$tmp/truth")" 1 "and the others at the end alone"
done_testing
