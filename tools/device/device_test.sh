#!/bin/sh
# keybench-device and keybench-vehicle: against each other, and against strangers, friendly and not, on loopback.
. tools/tap.sh
device=$bin/keybench-device
vehicle=$bin/keybench-vehicle
peer=tools/device/peer.py
given="--profile dk-ccc-1.0 --keys bench"

# The port that a program says it listens on.
port_of() {
	wait_for 20 grep -q '^listening on' "$1" || return 1
	sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$1"
}

# start_device ARGUMENT...: one that listens; $port, $dev
start_device() {
	: >"$tmp/dev.out"
	env --default-signal=INT "$device" "$@" --listen 0 >"$tmp/dev.out" 2>"$tmp/dev.err" &
	dev=$!
	started $dev
	port=$(port_of "$tmp/dev.out")
}

drive() {
	"$vehicle" $given --connect "127.0.0.1:$port" "$@" >"$tmp/out" 2>"$tmp/err"
}

start_device $given --trace
drive --count 3
is $? 0 "three fast transactions open"
is "$(grep -c '^[123] opened unlock fast [0-9.]* ms$' "$tmp/out")" 3 "and each is said"
drive --standard --action start --trace
is $? 0 "so does a standard one, to start"
for word in 'power on' 'get ATR' '3b8180018080  ATR' SELECT 'AUTH0 standard' AUTH1 'CONTROL FLOW' '9000  ok' 'power off'; do
	holds "$tmp/out" "$word" "the vehicle's trace has: $word"
	holds "$tmp/dev.out" "$word" "the device's trace has: $word"
done
drive --action lock
is $? 0 "a vehicle that was started anew has not what the standard one left"
holds "$tmp/out" "1 opened lock standard" "it falls back"
holds "$tmp/out" "after fast" "and says so"
drive --count 2
is "$(sed -n 's/^2 opened unlock \([a-z]*\) .*/\1/p' "$tmp/out")" fast "its second one stands on its first"
env --default-signal=INT "$vehicle" $given --listen 0 >"$tmp/wait.out" 2>&1 &
waiting=$!
started $waiting
port_of "$tmp/wait.out" >/dev/null
kill -INT $waiting
ends 20 $waiting
is $? 130 "SIGINT ends a vehicle that waits"

# Whoever comes next is served, whatever the one before did.
for case in half vanish garbage; do
	"$peer" "$port" $case
	drive
	is $? 0 "after a peer's $case"
done
is "$("$peer" "$port" slow)" 5c0201009000 "a command that comes byte by byte"
"$peer" "$port" huge >"$tmp/huge" &
huge=$!
started $huge
ends 40 $huge
is "$(cat "$tmp/huge")" closed "a message that is never finished is cut off"
holds "$tmp/dev.err" "says a message of 65535 bytes, and no more than 100" "and that is said"
drive
is $? 0 "the next is served"
"$peer" "$port" commands >"$tmp/commands"
is $? 0 "a stranger's commands"
while IFS="$(printf '\t')" read -r result name; do
	is "$result" ok "a stranger: $name"
done <"$tmp/commands"
kill -INT $dev
ends 20 $dev
is $? 0 "SIGINT ends the device in order"

# Both ways round: the vehicle as the virtual reader, the device comes to it, and again.
"$vehicle" $given --listen 0 --count 2 >"$tmp/wait.out" 2>&1 &
waiting=$!
started $waiting
port=$(port_of "$tmp/wait.out")
env --default-signal=INT "$device" $given --vpcd "localhost:$port" >"$tmp/dev.out" 2>"$tmp/dev.err" &
dev=$!
started $dev
ends 30 $waiting
is $? 0 "a vehicle that listens is come to"
wait_for 20 grep -q 'asking every second' "$tmp/dev.err"
"$vehicle" $given --listen "$port" --count 2 >"$tmp/wait.out" 2>&1 &
waiting=$!
started $waiting
ends 30 $waiting
is $? 0 "and come to again when it is back"
is "$(grep -c 'asking every second' "$tmp/dev.err")" 1 "what cannot be reached is said once"
kill -INT $dev
ends 20 $dev
is $? 0 "SIGINT ends a device that waits for a reader"

# A device that is killed leaves nothing behind but its memory.
start_device $given
drive --standard
kill -9 $dev
ends 20 $dev
drive
is $? 75 "nobody there"
holds "$tmp/err" "127.0.0.1:$port: Connection refused" "is said"
"$device" $given --listen "$port" >"$tmp/dev.out" 2>"$tmp/dev.err" &
dev=$!
started $dev
port_of "$tmp/dev.out" >/dev/null
drive
is $? 0 "the one after it has the same port"
kill -9 $dev
ends 20 $dev

# The sibling protocol, and a phone that is slow, and one that lies.
start_device --profile ua-homekey-2.0 --keys homekey
for kind in --fast --standard; do
	"$vehicle" --profile ua-homekey-2.0 --keys homekey --connect "127.0.0.1:$port" $kind >"$tmp/out" 2>"$tmp/err"
	is $? 0 "home key $kind"
done
kill $dev
ends 20 $dev
start_device $given --phone example
drive
is $? 0 "a phone with its thinking times"
took=$(sed -n 's/^1 opened unlock fast \([0-9]*\)\..*/\1/p' "$tmp/out")
[ "${took:-0}" -ge 20 ]
ok $? "takes them"
kill $dev
ends 20 $dev
sed '/^faults/d' fixtures/profiles/phone/example.yaml >"$tmp/liar.yaml"
echo 'faults: [wrong-signature]' >>"$tmp/liar.yaml"
start_device $given --phone "$tmp/liar.yaml"
drive --standard
is $? 1 "a wrong signature is refused"
holds "$tmp/out" "1 refused unlock standard" "and said"
kill $dev
ends 20 $dev

# A vehicle in front of card programs that misbehave.
card() {
	rm -f "$tmp/card"
	"$peer" card "$1" >"$tmp/card" &
	it=$!
	started $it
	wait_for 20 test -s "$tmp/card"
	port=$(cat "$tmp/card")
	drive --timeout 2000
	status=$?
	kill -9 $it 2>/dev/null
	ends 20 $it
	return $status
}
card vanish
is $? 75 "a card that vanishes"
holds "$tmp/err" "the other side went away" "is said"
card half
is $? 75 "half an answer"
card silent
is $? 75 "no answer"
holds "$tmp/err" "no answer to select within 2000 ms" "is said"
card atr
is $? 75 "no ATR"
card empty
is $? 1 "an empty answer is the card's failure"
card garbage
is $? 1 "and so is a long one that means nothing"
card refuse
is $? 1 "a card that refuses"
holds "$tmp/out" "0 opened, 1 refused, of 1" "is counted"

# What is refused before anything is done.
refused() {
	status=$1
	text=$2
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	is $? "$status" "${1##*/}: $text"
	holds "$tmp/err" "$text" "is said"
}
refused 64 "--profile and --keys are needed" "$device"
refused 64 "--profile, --keys, and one of --connect and --listen are needed" "$vehicle" $given
refused 64 "one address is enough" "$device" $given --listen 1 --vpcd 2
refused 64 "'host' is no address" "$device" $given --vpcd host
refused 64 "'70000' is no address" "$device" $given --listen 70000
refused 64 "'::1:5' is no address" "$device" $given --listen ::1:5
refused 64 "'fly' is none of unlock, lock, start" "$vehicle" $given --connect 1 --action fly
refused 64 "--count: '0' is not a whole number" "$vehicle" $given --connect 1 --count 0
refused 78 "no nosuch.yaml" "$device" --profile nosuch --keys bench
refused 78 "no nosuch.yaml" "$vehicle" --profile dk-ccc-1.0 --keys nosuch --connect 1
refused 78 "profile ua-homekey-2.0 has 16 and 6" "$device" --profile ua-homekey-2.0 --keys bench
grep -v '^test_key' fixtures/pairings/bench.yaml >"$tmp/open.yaml"
chmod 644 "$tmp/open.yaml"
refused 78 "$tmp/open.yaml" "$device" --profile dk-ccc-1.0 --keys "$tmp/open.yaml"
refused 75 "no.such.host.invalid" "$vehicle" $given --connect no.such.host.invalid:1

for tool in device vehicle; do
	"$bin/keybench-$tool" --help >"$tmp/help" 2>&1
	for option in $(grep -o -e '--[a-z][a-z-]*' "$tmp/help" | sort -u); do
		case $option in --help | --usage) continue ;; esac
		grep -q -e "-${option#--}" "tools/$tool/keybench-$tool.1"
		ok $? "keybench-$tool.1 has $option"
	done
done
done_testing
