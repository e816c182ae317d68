#!/bin/sh
# Debian's unmodified nfc-list on the emulated desk: it is what any user of libnfc sees.
. tools/tap.sh
rig=fixtures/rigs/emulated-a.yaml
export LIBNFC_AUTO_SCAN=false LIBNFC_DEVICE="pn532_uart:$tmp/links/reader0"
mkdir "$tmp/links"

if ! command -v nfc-list >/dev/null; then
	echo "1..0 # SKIP nfc-list is not installed (Debian package libnfc-bin)"
	exit 0
fi

# desk OPTION...: start it; $desk is its process, $tmp/desk its output; it ends by itself should nobody end it
desk() {
	rm -f "$tmp/links"/*
	"$bin/keybench-emu" --rig $rig --for "10 min" --links "$tmp/links" --truth "$tmp/truth" "$@" \
		>"$tmp/desk" 2>"$tmp/desk.err" &
	desk=$!
	started $desk
	wait_for 10 grep -q relay0 "$tmp/desk" || echo "# the desk does not say its devices"
}

end_desk() {
	kill "$desk"
	ends 20 "$desk"
}

# list: ask nfc-list, which must come to an end by itself
list() {
	timeout 30 nfc-list >"$tmp/list" 2>"$tmp/list.err"
}

# present / absent: what does it see?
present() {
	list && grep -q 'UID (NFCID3): 08  ' "$tmp/list"
}
absent() {
	list && ! grep -q 'UID (NFCID3)' "$tmp/list"
}

told() {
	grep -q "\"what\":\"$1\"$2" "$tmp/truth"
}

desk --present
holds "$tmp/desk" "emu:reader0 /dev/pts/" "the desk says where the reader is"
holds "$tmp/desk" "emu:relay0 /dev/pts/" "and the relay board"
list
is $? 0 "nfc-list ends well"
holds "$tmp/list" "1 ISO14443A passive target(s) found" "it finds one phone"
holds "$tmp/list" "ATQA (SENS_RES): 00  04" "with its ATQA"
holds "$tmp/list" "UID (NFCID3): 08  " "a random UID"
holds "$tmp/list" "SAK (SEL_RES): 20" "its SAK"
holds "$tmp/list" "ATS: 78  00  80  00  80" "and its ATS"
present
ok $? "a second client finds it too"

for n in 1 2 3 4 5; do
	nfc-list >/dev/null 2>&1 &
	client=$!
	started $client
	sleep 0.1$n
	kill -9 $client
	ends 20 $client 2>/dev/null
done
present
ok $? "after five clients were killed in the middle the next one finds the phone"
told client_gone ',"device":"reader0"'
ok $? "the truth log knows that they went"

head -c 300000 /dev/urandom >"$tmp/links/reader0"
sleep 0.1
present
ok $? "after a flood of garbage too"
printf '\000\000\377\040\340\324\100' >"$tmp/links/reader0"
present
ok $? "after half a frame too"
printf '\000\000\377\040\340\324\100' >"$tmp/links/reader0"
sleep 0.2
printf '\125\125\000\000\377\003\375\324\024\001\027\000' >"$tmp/links/reader0"
present
ok $? "and when a client leaves without reading its answer"
end_desk
is $? 0 "SIGTERM ends the desk well"
[ ! -e "$tmp/links/reader0" ]
ok $? "and takes the links away"
is "$(tail -n 1 "$tmp/truth" | jq -c '[.what, .why, .relays]')" '["end","signal",0]' \
	"the truth log ends with the relays"
jq -es 'map(.t) | . == sort' "$tmp/truth" >/dev/null
ok $? "and is in the order of time"

desk --seed 7
absent
ok $? "a phone that lies away is not seen"
printf '\240\001\001\242' >"$tmp/links/relay0"
wait_for 10 told phone_in_field
ok $? "the relay pushes it"
present
ok $? "and it is seen"
printf '\240\001\000\240' >"$tmp/links/relay0"
sleep 0.3
present
ok $? "a command with a wrong checksum moves nothing"
printf '\240\001\000\241' >"$tmp/links/relay0"
wait_for 10 told phone_away
ok $? "the relay draws it back"
absent
ok $? "and it is gone"
printf '\240\002\001\243' >"$tmp/links/relay0"
wait_for 10 told relay ',"device":"relay0","channel":2,"on":true'
ok $? "the other channel switches"
absent
ok $? "and pushes nothing"
kill -9 "$desk"
ends 20 "$desk" 2>/dev/null
is "$(jq -rs '[.[] | select(.what == "relay")] | last | .state' "$tmp/truth")" 2 \
	"a killed desk has lost no line of the truth log"

done_testing
