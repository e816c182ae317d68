#!/bin/sh
# Debian's unmodified NFC programs on the emulated desk: list, poll, anticollision, diagnosis, a tag that one chip
# emulates while the other reads it, and two peers.
. tools/tap.sh
export LIBNFC_AUTO_SCAN=false
mkdir "$tmp/links"
for p in nfc-list nfc-poll nfc-anticol nfc-emulate-forum-tag4 nfc-dep-initiator nfc-dep-target pn53x-diagnose; do
	command -v $p >/dev/null && continue
	echo "1..0 # SKIP $p is not installed (Debian packages libnfc-bin, libnfc-examples, libnfc-pn53x-examples)"
	exit 0
done

# desk RIG OPTION...: start it; $desk is its process; it ends by itself should nobody end it
desk() {
	"$bin/keybench-emu" --for "10 min" --links "$tmp/links" --truth "$tmp/truth" --rig "$@" >"$tmp/desk" 2>"$tmp/desk.err" &
	desk=$!
	started $desk
	wait_for 10 grep -q 0 "$tmp/desk" || { echo "# the desk does not say its devices"; cat "$tmp/desk.err"; }
}

end_desk() {
	kill "$desk"
	ends 20 "$desk"
}

# on CHIP PROGRAM...: with that chip as its device; must end by itself
on() {
	chip=$1
	shift
	LIBNFC_DEVICE="pn532_uart:$tmp/links/$chip" timeout 60 "$@" >"$tmp/out" 2>&1
}

told() {
	grep -q "\"what\":\"$1\"$2" "$tmp/truth"
}

desk fixtures/rigs/emulated-a.yaml --present
on reader0 pn53x-diagnose
is $? 0 "pn53x-diagnose ends well"
holds "$tmp/out" "Communication line test: OK" "the line is good"
holds "$tmp/out" "ROM test: OK" "the ROM too"
holds "$tmp/out" "RAM test: OK" "and the RAM"

on reader0 nfc-anticol
is $? 0 "nfc-anticol ends well"
holds "$tmp/out" "ATQA: 0004" "raw frames: ATQA"
holds "$tmp/out" " UID: 08" "UID"
holds "$tmp/out" " SAK: 20" "SAK"
holds "$tmp/out" " ATS: 06  78  00  80  00  80" "and ATS"

# the delay until a card answers, by the chip's own timer: 1172 cycles behind a last bit 0, 1236 behind a 1
on reader0 nfc-anticol -t
is $? 0 "so does nfc-anticol -t, by registers alone"
[ "$(grep -cE '^Response after (117[0-4]|123[4-8]) cycles' "$tmp/out")" -ge 4 ]
ok $? "it measures the delay of every answer as the standard says"
holds "$tmp/out" " ATS: 06  78  00  80  00  80" "and gets as far"

LIBNFC_DEVICE="pn532_uart:$tmp/links/reader0" timeout 60 nfc-poll >"$tmp/poll" 2>&1 &
poll=$!
started $poll
wait_for 20 told activated
printf '\240\001\001\242' >"$tmp/links/relay0"
sleep 0.3
printf '\240\001\000\241' >"$tmp/links/relay0"
ends 80 "$poll"
is $? 0 "nfc-poll ends when the phone is drawn away"
holds "$tmp/poll" "SAK (SEL_RES): 20" "and has seen it"
holds "$tmp/poll" "done." "and seen it go"
end_desk

cat >"$tmp/two.yaml" <<'END'
rig: two
protocol: dk-ccc-1.0
pairing: bench
emulate:
  reader0: {chip: pn532}
  card0: {chip: pn532}
END
: >"$tmp/truth"
desk "$tmp/two.yaml"
on reader0 nfc-list
is $? 0 "nfc-list ends well on an empty field"
grep -q 'UID' "$tmp/out"
is $? 1 "and sees no card: the other chip was not asked to be one"

# The reader's side, by hand: SELECT the NDEF application, then its capability container, as a Type 4 reader does.
LIBNFC_DEVICE="pn532_uart:$tmp/links/card0" timeout 60 nfc-emulate-forum-tag4 -1 >"$tmp/tag" 2>&1 &
tag=$!
started $tag
wait_for 20 told frame ',"device":"card0","dir":"in","code":"8c"' # what it prints stays in its buffer until it ends
ok $? "nfc-emulate-forum-tag4 asks its chip to be a card"
on reader0 nfc-list
is $? 0 "nfc-list ends well while the other chip emulates a tag"
holds "$tmp/out" "UID (NFCID3): 08  00  b0  0b" "it finds the emulated tag"
holds "$tmp/out" "SAK (SEL_RES): 20" "which speaks ISO/IEC 14443-4"
holds "$tmp/out" "ATS: 75  33  92  03" "with the chip's own ATS"
ends 80 "$tag"
holds "$tmp/tag" "Target Released" "the tag hears that it was released"
told deselected ',"card":"card0"'
ok $? "and so it was"
told interference
is $? 1 "one carrier at a time was on"

# asked COUNT: card0 was asked so often to be a target
asked() {
	[ "$(grep -c '"device":"card0","dir":"in","code":"8c"' "$tmp/truth")" -ge "$1" ]
}
LIBNFC_DEVICE="pn532_uart:$tmp/links/card0" timeout 60 nfc-dep-target >"$tmp/peer" 2>&1 &
peer=$!
started $peer
wait_for 20 asked 2
on reader0 nfc-dep-initiator
is $? 0 "nfc-dep-initiator ends well"
ends 80 "$peer"
is $? 0 "nfc-dep-target too"
holds "$tmp/out" "NFCID3: 12  34  56  78  9a  bc  de  ff  00  00" "it finds the target's attributes"
holds "$tmp/out" "Received: Hello Mars!" "and hears what it says"
holds "$tmp/peer" "Received: Hello World!" "as the target hears the initiator"
end_desk
done_testing
