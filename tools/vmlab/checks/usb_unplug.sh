#!/bin/bash
# A reader is unplugged inside an APDU, and comes back under another number: the run recovers, and finishes.
. tools/tap.sh
. tools/vmlab/usb.sh
keybench_usb_up || exit 75
lab_suite 6

# inside PRODUCT CHIP
inside() {
	lab_rig "$2" "$1" '{device: reader0, at: {exchange: 8}, do: unplug, block: 1, by: 700 ms}'
	lab_run "$tmp/$1"
	cp "$run/truth.jsonl" "$tmp/truth"
	is "$(truth '[.[] | select(.what == "usb_unplugged" and .device == "reader0")] | length >= 1')" true "$1: it was unplugged"
	is "$(truth '([.[] | .what == "fault"] | index(true)) as $f | ([.[] | .what == "usb_unplugged"] | index(true)) as $u |
		.[$f:$u] | [.[] | select(.what == "frame" and .dir == "out")] | length')" 0 "$1: inside an APDU: the chip had not answered"
	is "$(truth '[.[] | select(.what == "usb_plugged" and .device == "reader0") | .number] | unique | length')" 2 \
		"$1: it came back under another number"
	is "$(jq -r 'select(.type == "recovery" and .device == "reader") | .proved' "$run/journal.jsonl" | sort -u)" true \
		"$1: the reader was recovered, and it is proved"
	lab_done "$1"
	is "$(jq -cs '[.[] | select(.type == "attempt") | .outcome] | unique - ["DONE"]' "$run/journal.jsonl")" '["BENCH_ERROR"]' \
		"$1: the attempt that met it is the bench's error, and nobody else's"
	is "$(truth '[.[] | select(.what == "end") | .relays] | last')" 0 "$1: the phone is away at the end"
}

inside scl3711 pn533
inside acr122u pn532
done_testing
