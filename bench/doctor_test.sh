#!/bin/sh
# keybench doctor and rig init on machines of our own: folders with what /sys, /proc, /dev and /etc would hold.
. tools/tap.sh
kb=$bin/keybench
m=$tmp/machine

# put FILE TEXT
put() {
	mkdir -p "$m${1%/*}"
	printf '%s\n' "$2" >"$m$1"
}

# usb PORT BUS DEVICE VENDOR PRODUCT NAME [SERIAL]
usb() {
	d=/sys/bus/usb/devices/$1
	put "$d/busnum" "$2"
	put "$d/devnum" "$3"
	put "$d/idVendor" "$4"
	put "$d/idProduct" "$5"
	put "$d/product" "$6"
	[ -z "$7" ] || put "$d/serial" "$7"
	node=$(printf '/dev/bus/usb/%03d/%03d' "$2" "$3")
	put "$node" ""
}

# line PORT TTY: a serial line of that device
line() {
	mkdir -p "$m/sys/bus/usb/devices/$1/$1:1.0/$2" "$m/sys/class/tty/$2"
	ln -s "../../../bus/usb/devices/$1/$1:1.0/$2" "$m/sys/class/tty/$2/device"
	put "/dev/$2" ""
}

# process PID NAME [OPEN]
process() {
	put "/proc/$1/comm" "$2"
	mkdir -p "$m/proc/$1/fd"
	[ -z "$3" ] || ln -s "$3" "$m/proc/$1/fd/7"
}

# healthy: a machine with nothing wrong
healthy() {
	rm -rf "$m"
	put /sys/devices/system/clocksource/clocksource0/current_clocksource tsc
	put /sys/devices/system/clocksource/clocksource0/available_clocksource "tsc hpet acpi_pm"
	put /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor performance
	put /sys/devices/system/cpu/cpu1/cpufreq/scaling_governor performance
	put /etc/nfc/libnfc.conf "allow_autoscan = false"
	put /proc/sys/kernel/hostname "lab_7.example.org"
	put /etc/group "plugdev:x:46:
dialout:x:20:"
	mkdir -p "$m/etc/modprobe.d" "$m/lib/udev/rules.d"
	cp drivers/host/keybench-nfc.conf "$m/etc/modprobe.d/"
	cp drivers/host/70-keybench.rules "$m/lib/udev/rules.d/"
	usb 1-1 1 2 04e6 5591 "SCL3711-NFC&RW"
	usb 1-2.3 1 5 072f 2200 "ACR122U PICC Interface" AB12
	usb 1-4 1 7 1a86 7523 "USB Serial"
	line 1-4 ttyUSB0
	usb 1-9 1 3 046d c077 "Mouse"
	put /sys/class/net/can0/type 280
	put /sys/class/net/can0/flags 0x40081
	put /sys/class/net/can0/tx_queue_len 1000
	put /sys/class/net/can0/mtu 72
	mkdir -p "$m/sys/class/net/can0/device"
	put /sys/class/net/eth0/type 1
	process 1 init
}

# doctor STATUS NAME ARGUMENT...: on that machine; findings in $tmp/found as JSON, the text in $tmp/text
doctor() {
	want=$1
	name=$2
	shift 2
	"$kb" doctor --root "$m" --runs "$tmp" "$@" >"$tmp/text" 2>"$tmp/err"
	is $? "$want" "$name: status $want"
	"$kb" doctor --root "$m" --runs "$tmp" --format json "$@" >"$tmp/found" 2>>"$tmp/err"
}

# found LEVEL SUBJECT TEXT MEND NAME: a finding of that level and subject, that holds the texts
found() {
	jq -e --arg l "$1" --arg s "$2" --arg t "$3" --arg m "$4" '[.findings[] | select(.level == $l and .subject == $s and
		(.text | contains($t)) and ((.mend // "") | contains($m)))] | length > 0' "$tmp/found" >/dev/null
	ok $? "$5"
	jq -e --arg s "$2" '.findings[] | select(.subject == $s)' "$tmp/found" >/dev/null || sed 's/^/# /' "$tmp/text"
}

healthy
doctor 0 "a machine with nothing wrong"
is "$(jq -c '[.status, .wrong, .warnings, .format]' "$tmp/found")" "[0,0,0,1]" "it says so in JSON"
found good usb-port:1-1 "SCM SCL3711 (PN533); for libnfc now pn53x_usb:001:002" "" "a reader is listed by its port"
found good usb-port:1-2.3 "serial AB12" "" "with its serial number"
found good usb-port:1-4 "/dev/ttyUSB0" "" "a serial adapter with its line"
found good can0 "up, CAN FD" "" "and a CAN interface"
is "$(grep -c Mouse "$tmp/text")" 0 "a mouse is nobody's business"
grep -q '^0 wrong, 0 warnings$' "$tmp/text"
ok $? "the text ends with a count"
[ "$(wc -L <"$tmp/text")" -le 100 ]
ok $? "and stays within 100 columns"

healthy
put /sys/devices/system/clocksource/clocksource0/current_clocksource hpet
put /sys/devices/system/cpu/cpu1/cpufreq/scaling_governor powersave
put /etc/nfc/libnfc.conf "allow_intrusive_scan = true"
put /sys/bus/usb/devices/1-1/power/control auto
put /sys/bus/usb-serial/devices/ttyUSB0/latency_timer 16
put /sys/class/net/can0/flags 0x40080
rm "$m/etc/modprobe.d/keybench-nfc.conf" "$m/lib/udev/rules.d/70-keybench.rules"
put /run/pcscd/pcscd.comm ""
process 300 ModemManager
doctor 0 "a machine that works, but not well"
found warning clock hpet "echo tsc | sudo tee" "a slow clock"
found warning "cpu frequency" "1 of 2 processors have the governor 'powersave'" cpupower "a processor that saves power"
found warning /etc/nfc intrusive "sudo sed" "a libnfc that pokes everything"
found warning usb-port:1-1 sleep "echo on | sudo tee /sys/bus/usb/devices/1-1/power/control" "a reader that may sleep"
found warning usb-port:1-4 "16 ms" "echo 1 | sudo tee /sys/bus/usb-serial/devices/ttyUSB0/latency_timer" "an adapter that holds bytes back"
found warning can0 down "sudo ip link set can0 up type can bitrate" "a CAN interface that is down"
found warning "kernel modules" "pn533_usb pn533 port100 nfc" keybench-nfc.conf "a missing blacklist"
found warning "udev rules" "not installed" 70-keybench.rules "missing rules"
found warning pcscd "would then hold" "systemctl mask --now pcscd.socket" "a pcscd that would wake up"
found note ModemManager "serial lines" "mask --now ModemManager" "a modem manager"

healthy
mkdir -p "$m/sys/module/pn533_usb" "$m/sys/module/nfc"
doctor 75 "the kernel has the reader"
found wrong "kernel modules" "pn533_usb nfc" "sudo modprobe -r pn533_usb nfc" "it names the modules and how to unload them"
grep -q '\$ sudo modprobe -r pn533_usb nfc$' "$tmp/text"
ok $? "in the text too"

healthy
process 812 pcscd /dev/bus/usb/001/005
doctor 75 "pcscd has the ACR122U"
found wrong pcscd "process 812" "sudo systemctl mask --now pcscd.socket" "it names pcscd"
found wrong usb-port:1-2.3 "process 812 (pcscd) has /dev/bus/usb/001/005 open" "kill 812" "and the reader that it holds"

healthy
doctor 75 "a rig that wants pcscd, and none" --rig pcsc
found wrong pcscd "the rig's reader is one of its" "sudo systemctl start pcscd.socket" "it says how to start it"
put /run/pcscd/pcscd.comm ""
process 812 pcscd /dev/bus/usb/001/005
doctor 0 "a rig that wants pcscd, which runs" --rig pcsc
found good pcscd "runs (process 812)" "" "it is not told to stop it"

healthy
process 4711 minicom /dev/ttyUSB0
doctor 75 "somebody has a serial line"
found wrong usb-port:1-4 "process 4711 (minicom) has /dev/ttyUSB0 open" "kill 4711" "it says who"

healthy
chmod 660 "$m/dev/ttyUSB0" "$m/dev/bus/usb/001/002"
chmod 666 "$m/dev/bus/usb/001/005"
if chown 0:20 "$m/dev/ttyUSB0" 2>/dev/null; then
	doctor 75 "a user without the group" --user nobody
	found wrong usb-port:1-4 "nobody may not open /dev/ttyUSB0, its group may: dialout" "sudo adduser nobody dialout" "it names the group"
	found wrong usb-port:1-1 "may not open /dev/bus/usb/001/002" "udevadm trigger" "without a group it is for the rules"
	found good usb-port:1-2.3 "ACR122U" "" "what everybody may open is fine"
fi
"$kb" doctor --root "$m" --user no-such-user-at-all >/dev/null 2>&1
is $? 64 "a user that is none is wrong use"

# A rig on that machine.
rig() {
	cat >"$tmp/rig.yaml" <<END
rig: mine
protocol: dk-ccc-1.0
pairing: bench
uncertainty: 3 ms
$1
END
}
healthy
rig 'reader: {driver: libnfc, device: "usb-serial:AB12"}
relay: {driver: lcus, device: /dev/ttyUSB0, channels: 2}
positioner: {driver: push, channel: 1, travel: 100 ms}'
doctor 0 "a rig whose devices are there" --rig "$tmp/rig.yaml"
found good "rig: reader" "usb-serial:AB12 is there" "" "its reader"
found good "rig: relay board" "/dev/ttyUSB0 is there" "" "its relay board"
rig 'reader: {driver: libnfc, device: "usb-port:1-7"}'
doctor 75 "a rig whose reader is not plugged in" --rig "$tmp/rig.yaml"
found wrong "rig: reader" "nothing like it is plugged in" "" "it says so"
usb 1-3 1 8 04e6 5591 "SCL3711-NFC&RW"
rig 'reader: {driver: libnfc, device: "usb-id:04e6:5591"}'
doctor 78 "a rig whose reader is ambiguous" --rig "$tmp/rig.yaml"
found wrong "rig: reader" "1-1, 1-3" "" "it names the ports"
rig 'reader: {driver: libnfc, device: /dev/ttyUSB9}'
doctor 75 "a rig whose line is not there" --rig "$tmp/rig.yaml"
found wrong "rig: reader" "there is no /dev/ttyUSB9" "" "it says so"
rig 'reader: {driver: exec, command: [no-such-program-at-all, x], device: my-module}'
doctor 78 "a rig whose program is not there" --rig "$tmp/rig.yaml"
found wrong "rig: reader" "there is no program no-such-program-at-all" "" "it says so"
for part in 'card: {driver: exec, command: no-such-program-at-all}' 'sensor: {driver: exec, command: no-such-program-at-all}'; do
	rig "$part"
	doctor 78 "a rig whose ${part%%:*} is a program that is not there" --rig "$tmp/rig.yaml"
	found wrong "rig: ${part%%:*}" "there is no program no-such-program-at-all" "" "it says so"
done
rig 'sensor: {driver: modem, device: /dev/ttyNOPE}'
doctor 75 "a rig whose sensor's line is not there" --rig "$tmp/rig.yaml"
found wrong "rig: sensor" "there is no /dev/ttyNOPE" "" "it says so"
# board KEYS: a relay board on USB
board() {
	rig "relay: {driver: usb_hid$1}
positioner: {driver: push, channel: 1, travel: 100 ms}"
}
board ', port: 9-9'
doctor 75 "a rig whose board is not plugged in" --rig "$tmp/rig.yaml"
found wrong "rig: relay board" "usb-port:9-9: nothing like it is plugged in" "" "it says so"
board ''
doctor 75 "a rig with any board, and there is none" --rig "$tmp/rig.yaml"
found wrong "rig: relay board" "no USBRelay board is plugged in" "" "it says so"
usb 1-6 1 11 16c0 05df USBRelay2
doctor 0 "a rig with any board" --rig "$tmp/rig.yaml"
found good "rig: relay board" "at 1-6" "" "it says which"
board ', port: 1-6'
doctor 0 "a rig with a board by its port" --rig "$tmp/rig.yaml"
found good "rig: relay board" "1-6 is there" "" "it is there"
usb 1-7 1 12 16c0 05df USBRelay1
board ''
doctor 78 "a rig with any board, and there are two" --rig "$tmp/rig.yaml"
found wrong "rig: relay board" "1-6, 1-7: name one" "" "it names the ports"
rig 'bus: {driver: socketcan, device: can0}'
doctor 0 "a rig with a CAN bus" --rig "$tmp/rig.yaml"
found good "rig: bus" "can0 is there, and up" "" "its interface"
rig 'bus: {driver: socketcan, device: can7}'
doctor 75 "a rig whose CAN interface is not there" --rig "$tmp/rig.yaml"
found wrong "rig: bus" "no such CAN interface" "" "it says so"
rig 'reader: {driver: libnfc, devise: /dev/ttyUSB9}'
doctor 78 "a rig with a mistake" --rig "$tmp/rig.yaml"
found wrong rig "rig.yaml:5:" "" "it says where"
doctor 0 "the emulated rig" --rig emulated-a
found good "rig: emulate" "can be made" "" "its desk can be made"
doctor 78 "no rig of that name" --rig no-such-rig

# Held by a run: on this machine, for a lock is of this machine.
mkdir "$tmp/links"
"$bin/keybench-emu" --rig fixtures/rigs/emulated-a.yaml --seed 1 --links "$tmp/links" >"$tmp/emu.out" 2>&1 &
emu=$!
trap 'kill $emu 2>/dev/null; rm -rf "$tmp"' EXIT
wait_for 20 test -e "$tmp/links/reader0" -a -e "$tmp/links/relay0"
sed -n '/^emulate:/q; p' fixtures/rigs/emulated-a.yaml | sed "s,emu:,$tmp/links/," >"$tmp/rig.yaml"
"$kb" run smoke --rig "$tmp/rig.yaml" --target example --trials 100000 --seed 1 --runs "$tmp/run" >/dev/null 2>&1 &
run=$!
wait_for 20 sh -c "grep -q '\"type\":\"attempt\"' '$tmp/run'/*/journal.jsonl"
"$kb" doctor --rig "$tmp/rig.yaml" --runs "$tmp" --format json >"$tmp/found" 2>"$tmp/err"
is $? 75 "a rig that a run has: status 75"
found wrong "rig: reader" "held by process $run since" "kill $run" "it says whose it is, and how to end it in order"
found wrong "rig: relay board" "keybench run smoke" "" "and what it does"
kill $run
wait $run 2>/dev/null

# Nothing that a device says of itself drives a terminal.
healthy
printf '\033]0;owned\007\033[2J\n' >"$m/sys/bus/usb/devices/1-4/product"
printf 'x\033[2J\n' >"$m/proc/1/comm"
doctor 0 "a device that is called by control characters"
LC_ALL=C grep -q '[^ -~]' "$tmp/text"
is $? 1 "its name is made harmless"

# A rig from what is plugged in.
healthy
init() {
	"$kb" rig init --root "$m" >"$tmp/init.yaml" 2>"$tmp/err"
	is $? 0 "rig init: $1"
	"$kb" check smoke --rig "$tmp/init.yaml" --target example >"$tmp/out" 2>&1
	is $? 0 "keybench check accepts it"
	sed 's/^/# /' "$tmp/err"
}
init "two readers and a board"
holds "$tmp/init.yaml" 'device: "usb-port:1-1"' "the reader by its port"
holds "$tmp/init.yaml" 'relay: {driver: lcus, device: "usb-port:1-4"' "the board by its port"
holds "$tmp/init.yaml" 'rig: lab_7-1-4' "the rig after the machine and where its board is"
holds "$tmp/init.yaml" 'bus: {driver: socketcan, device: can0, dbc: door}' "the CAN interface"
holds "$tmp/init.yaml" '#   usb-port:1-2.3  ACS ACR122U, serial AB12' "the other reader in a comment"
grep -q SKIP "$tmp/out"
is $? 1 "and no case is skipped"
rm -r "$m/sys/bus/usb/devices/1-1" "$m/sys/bus/usb/devices/1-2.3"
usb 1-5 1 9 10c4 ea60 "CP2102 USB to UART"
line 1-5 ttyUSB1
init "a serial adapter"
holds "$tmp/init.yaml" 'device: "usb-port:1-5", speed: 115200' "it may be a PN532"
for board in 16c0:05df:USBRelay2 "2a19:0c01:Numato Lab 2 Channel USB Relay Module"; do
	healthy
	id=${board%%:*}
	rest=${board#*:}
	usb 1-6 1 11 "$id" "${rest%%:*}" "${rest#*:}"
	[ "$id" = 16c0 ] || line 1-6 ttyACM0
	init "a board that says what it is: ${rest#*:}"
	[ "$id" = 16c0 ] && want='{driver: usb_hid, port: 1-6}' || want='{driver: numato, device: "usb-port:1-6", channels: 2}'
	holds "$tmp/init.yaml" "relay: $want" "is the relay board, before an adapter that may have one"
	holds "$tmp/init.yaml" '#   usb-port:1-4  CH340 serial' "which is listed"
	rm -r "$m/sys/bus/usb/devices/1-1" "$m/sys/bus/usb/devices/1-2.3" "$m/sys/bus/usb/devices/1-4"
	init "such a board alone"
	is "$(grep -c '^reader:' "$tmp/init.yaml")" 0 "is no reader"
done
healthy
rm -r "$m/sys/bus/usb/devices/"*
usb 1-6 1 11 16c0 05df "HIDKeys"
usb 1-7 1 12 2341 0043 "Arduino Uno"
line 1-7 ttyACM0
init "a keyboard with the boards' number, and an axis"
is "$(grep -cE '^(reader|relay|positioner):' "$tmp/init.yaml")" 0 "neither is taken for anything"
holds "$tmp/init.yaml" '#   usb-port:1-7  Arduino Uno, now /dev/ttyACM0' "the line is listed"
doctor 0 "a keyboard with the boards' number"
is "$(grep -c DCTTech "$tmp/text")" 0 "is no relay board"
"$kb" rig init --root "$m/no-such-folder" >"$tmp/out" 2>&1
is $? 64 "a machine that is not there is refused"
holds "$tmp/out" "no-such-folder/sys: No such file" "with what is missing"
rm -rf "$m"
mkdir -p "$m/sys"
init "nothing at all"
holds "$tmp/out" SKIP "the cases are skipped"
"$kb" rig init --root "$m" --output "$tmp/new.yaml" --name night-bench
is $? 0 "rig init --output"
holds "$tmp/new.yaml" "rig: night-bench" "with a name"
"$kb" rig init --root "$m" --output "$tmp/new.yaml" >"$tmp/out" 2>&1
is $? 64 "a file that is there is left alone"
"$kb" rig init --name 'a: b' >"$tmp/out" 2>&1
is $? 64 "a name that is no word is refused"
"$kb" rig destroy >"$tmp/out" 2>&1
is $? 64 "rig knows init alone"
healthy
usb 1-7 1 8 054c 06c3 "NFC Port/PaSoRi"
"$kb" doctor --root "$m" >"$tmp/out" 2>&1
holds "$tmp/out" "a Sony RC-S380 has a chip that libnfc has no driver for" "a reader that no bench can use is known, with what to take"
done_testing
