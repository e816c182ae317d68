#!/bin/sh
# Every kind of relay board the desk has pushes the phone of a whole run, and is off at its end.
. tools/tap.sh
kb=$bin/keybench

# rig KIND CHANNELS: the rig emulated-a with another board
rig() {
	sed "s/driver: lcus, device: emu:relay0, channels: 2/driver: $1, device: emu:relay0, channels: $2/
		s/board: lcus, channels: 2/board: $1, channels: $2/" \
		fixtures/rigs/emulated-a.yaml >"$tmp/$1$2.yaml"
}

for board in "lcus 8" "kmtronic 2" "kmtronic 4" "numato 4" "numato 16"; do
	set -- $board
	rig "$1" "$2"
	"$kb" run suites/timing/smoke.yaml --rig "$tmp/$1$2.yaml" --target example --seed 5 \
		--runs "$tmp/$1$2" >"$tmp/out" 2>&1
	is $? 0 "smoke passes over $1 with $2 channels"
	cp "$tmp/$1$2"/*/truth.jsonl "$tmp/truth"
	is "$(jq -rs '[.[] | select(.what == "relay" and .on)] | length' "$tmp/truth")" 5 \
		"$1 $2: switched on once a tap"
	is "$(jq -rs '[.[] | select(.what == "end")] | last | .relays' "$tmp/truth")" 0 \
		"$1 $2: all off at the end"
done

# refused BOARD CHANNELS TEXT
refused() {
	rig "$1" "$2"
	"$bin/keybench-emu" --rig "$tmp/$1$2.yaml" --check >"$tmp/out" 2>&1
	is $? 78 "no $1 board has $2 channels"
	holds "$tmp/out" "allowed: $3" "and it says which there are"
}
refused lcus 9 "1 to 8"
refused kmtronic 3 "1, 2, 4, 8"
refused numato 33 "1 to 32"
done_testing
