# Source this inside the lab's machine, after tools/tap.sh: USB readers and boards on the kernel's own USB.

# keybench_usb_up: the drivers that a machine with USB has
keybench_usb_up() {
	modprobe -a vhci-hcd usbhid hid-generic
}

# plugged RIG [OPTION...]: keybench-usbemu plugs in what the rig says; $usbemu is its process, $tmp/devices what it said,
# $tmp/truth what happens, $tmp/console takes its commands
plugged() {
	rm -f "$tmp/devices" "$tmp/truth"
	"$bin/keybench-usbemu" --rig "$@" --truth "$tmp/truth" --console "$tmp/console" >"$tmp/devices" 2>"$tmp/usbemu.err" &
	usbemu=$!
	started $usbemu
	wait_for 30 grep -q reader0 "$tmp/devices" && return
	sed 's/^/# /' "$tmp/usbemu.err"
	return 1
}

# unplugged: what plugged has started ends, and the kernel sees its devices go
unplugged() {
	kill $usbemu
	ends 20 $usbemu
}

# tell COMMAND: to the console
tell() {
	echo "$*" >"$tmp/console"
}

# truth FILTER: jq over the truth log
truth() {
	jq -cs "$1" "$tmp/truth"
}

# number_of NAME: bus and device number of a device of the rig, as libnfc says them
number_of() {
	port=$(sed -n "s/^emu:$1 usb-port://p" "$tmp/devices")
	printf '%03d:%03d' "$(cat "/sys/bus/usb/devices/$port/busnum")" "$(cat "/sys/bus/usb/devices/$port/devnum")" 2>/dev/null
}

# lab_suite COUNT: $tmp/door.yaml and $tmp/target.yaml: door-unlock with so few trials, and limits that an emulated processor keeps.
# What is asked here is that it works and what is measured, not how fast.
lab_suite() {
	sed 's/fast: .*/fast: 3 s/; s/standard: .*/standard: 5 s/' fixtures/profiles/target/example.yaml >"$tmp/target.yaml"
	sed -e "s/count: [0-9]*/count: $1/" -e 's/warmup: [0-9]/warmup: 1/' -e 's/p95(/p50(/' suites/timing/door-unlock.yaml >"$tmp/door.yaml"
}

# lab_rig CHIP PRODUCT [FAULTS]: $tmp/rig.yaml
lab_rig() {
	sed "s/chip: pn533, usb: scl3711/chip: $1, usb: $2/; s/faults: .*/faults: [${3:-}]/" fixtures/rigs/lab-a-usb.yaml >"$tmp/rig.yaml"
}

# lab_trials: how many trials $tmp/door.yaml plans, behind those for warm-up
lab_trials() {
	sed -n 's/.*count: \([0-9]*\).*/\1/p' "$tmp/door.yaml" | awk '{ n += $1 } END { print n }'
}

# lab_count: how many of them the run in $run has done
lab_count() {
	jq -s '[.[] | select(.type == "attempt" and .warmup != true and .outcome == "DONE")] | length' "$run/journal.jsonl"
}

# lab_run FOLDER: at most $tries (3) times: $tmp/door.yaml on $tmp/rig.yaml; $status, $run, $tmp/out, $tmp/err. A host that stops this machine again and again may
# spoil a run, not three.
lab_run() {
	for try in $(seq "${tries:-3}"); do
		rm -rf "$1"
		"$bin/keybench" run "$tmp/door.yaml" --rig "$tmp/rig.yaml" --target "$tmp/target.yaml" --seed 4 --runs "$1" >"$tmp/out" 2>"$tmp/err"
		status=$?
		run=$(echo "$1"/*)
		echo "# run $try: exit $status, $(lab_count) of $(lab_trials) trials done"
		[ "$(lab_count)" -lt "$(lab_trials)" ] || break
	done
}

# lab_done NAME: the run in $run made every trial of $tmp/door.yaml and its claims hold. A
# reader on USB now and then misses an answer where a processor is emulated on a busy machine: libusb-0.1 throws away what comes
# in while it takes a transfer back, at the end of each of libnfc's slices of 200 ms; the truth log then has a late unlink.
# Each time must be the bench's error, recovered, proved and told; nobody else's.
lab_done() {
	sed 's/^/# /' "$tmp/err"
	jq -c 'select(.type == "recovery") | [.device, .rung, .proved, .why]' "$run/journal.jsonl" | sed 's/^/# /'
	echo "# transfers taken back too late: $(jq -s '[.[] | select(.what == "usb_unlinked" and .late)] | length' "$run/truth.jsonl")"
	is "$(lab_count)" "$(lab_trials)" "$1: every trial that was planned is done"
	is "$(jq -cr '[.cases[].claims[].verdict] | unique | join(" ")' "$run/summary.json")" PASS "$1: the claims hold"
	errors=$(jq -s '[.[] | select(.type == "attempt" and .outcome != "DONE")] | map(.outcome) | unique | join(" ")' -r "$run/journal.jsonl")
	unproved=$(jq -s '[.[] | select(.type == "recovery" and .proved != true)] | length' "$run/journal.jsonl")
	case "$status/$errors/$unproved" in
	0//0 | 75/BENCH_ERROR/0) true ;;
	*) false ;;
	esac
	ok $? "$1: PASS, or what the bench lost it recovered and told (status $status, $errors, $unproved not proved)"
}
