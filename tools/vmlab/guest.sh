# Source this inside the lab's machine.

# lab_hears FROM TO: does what one controller sends reach the other?
lab_hears() {
	local dump
	candump -L -n 1 -T 8000 "$2,7FE:7FF" >/tmp/.lab-probe 2>/dev/null &
	dump=$!
	while kill -0 $dump 2>/dev/null; do
		cansend "$1" 7FE# 2>/dev/null
		sleep 0.1
	done
	wait $dump
	[ -s /tmp/.lab-probe ]
}

# keybench_lab_up: two CAN controllers on one wire (can0, can1; 500 kbit/s), a virtual one (vcan0), whatever they were before.
# QEMU's controllers now and then go deaf when they are reset: such a one gets its driver anew, and that is said.
keybench_lab_up() {
	local i try
	modprobe -a can can-raw can-bcm can-isotp vcan
	ip link show vcan0 >/dev/null 2>&1 || ip link add vcan0 type vcan
	ip link set vcan0 down && ip link set vcan0 mtu 72 up
	for try in 1 2; do
		modprobe kvaser_pci
		for i in can0 can1; do
			ip link set $i down
			ip link set $i txqueuelen 10 && ip link set $i type can bitrate 500000 && ip link set $i up
		done
		lab_hears can0 can1 && lab_hears can1 can0 && return
		echo "# try $try: an emulated controller is deaf; its driver is loaded again"
		ip -s -d link show can0 | sed 's/^/# /'
		ip -s -d link show can1 | sed 's/^/# /'
		grep -E 'can[01]' /proc/interrupts | sed 's/^/# /'
		rmmod kvaser_pci
	done
	return 1
}
