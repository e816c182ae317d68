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
done_testing
