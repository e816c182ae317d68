#!/bin/bash
# Readers on the kernel's USB, met by unmodified programs, and doors opened over each.
. tools/tap.sh
. tools/vmlab/usb.sh
keybench_usb_up || exit 75
lab_suite 6

# reader PRODUCT CHIP ID DRIVER NAME
reader() {
	lab_rig "$2" "$1"
	plugged "$tmp/rig.yaml" --present
	ok $? "$1: the kernel takes it"
	lsusb -d "$3" >"$tmp/lsusb"
	holds "$tmp/lsusb" "$5" "$1: lsusb knows it as $3 $5"
	# libnfc waits 100 ms for a card
	for try in 1 2 3 4 5; do
		LIBNFC_AUTO_SCAN=true timeout 60 nfc-list >"$tmp/list" 2>&1
		! grep -q UID "$tmp/list" || break
	done
	holds "$tmp/list" "UID (NFCID3): 08" "$1: nfc-list finds it by itself, and the phone in front of it"
	unplugged
	wait_for 20 sh -c "! lsusb -d $3"
	ok $? "$1: gone when the program ends"
	lab_run "$tmp/$1"
	lab_done "$1: door-unlock, fast and standard"
	holds "$run/report.txt" "$4:" "$1: the report says by which of libnfc's drivers"
	is "$(jq -r .simulated "$run/summary.json")" true "$1: what comes of it is SIMULATED"
}

reader scl3711 pn533 04e6:5591 pn53x_usb "SCM Micro SCL3711-NFC&RW"
reader scl3712 pn533 04e6:5594 pn53x_usb "SCM Micro SCL3712-NFC&RW"
reader acr122u pn532 072f:2200 acr122_usb "ACR122U"

# by hand, over TCP, with the kernel tools' own client
rm -f "$tmp/devices" "$tmp/truth"
lab_rig pn533 scl3711
"$bin/keybench-usbemu" --rig "$tmp/rig.yaml" --present --listen=0 --truth "$tmp/truth" >"$tmp/devices" 2>"$tmp/usbemu.err" &
usbemu=$!
started $usbemu
wait_for 30 grep -q reader0 "$tmp/devices"
at=$(sed -n 's/^emu:reader0 usbip:127.0.0.1:\([0-9]*\).*/\1/p' "$tmp/devices")
busid=$(sed -n 's/^emu:reader0 usbip:.*\///p' "$tmp/devices")
usbip --tcp-port "$at" list -r 127.0.0.1 >"$tmp/exported" 2>&1
holds "$tmp/exported" "(04e6:5591)" "usbip lists what keybench-usbemu exports"
usbip --tcp-port "$at" attach -r 127.0.0.1 -b "$busid" >"$tmp/attach" 2>&1
is $? 0 "usbip attaches it over TCP"
sed 's/^/# /' "$tmp/attach"
wait_for 20 lsusb -d 04e6:5591
ok $? "the kernel takes it"
for try in 1 2 3 4 5; do
	LIBNFC_AUTO_SCAN=true timeout 60 nfc-list >"$tmp/list" 2>&1
	! grep -q UID "$tmp/list" || break
done
holds "$tmp/list" "UID (NFCID3): 08" "and nfc-list finds the phone in front of it"
usbip port >"$tmp/port" 2>&1
usbip detach -p "$(sed -n 's/^Port \([0-9]*\):.*/\1/p' "$tmp/port" | head -n 1)" >/dev/null 2>&1
is $? 0 "usbip detaches it"
wait_for 20 sh -c "! lsusb -d 04e6:5591"
ok $? "and it is gone"
is "$(truth '[.[] | select(.what == "usb_released")] | length >= 1')" true "which keybench-usbemu knows"
unplugged
done_testing
