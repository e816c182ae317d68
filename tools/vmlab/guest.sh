# Source this inside the lab's machine.

# keybench_lab_up: two CAN controllers on one wire (can0, can1; 500 kbit/s), a virtual one (vcan0)
keybench_lab_up() {
	modprobe -a can can-raw can-bcm can-isotp vcan kvaser_pci
	ip link show vcan0 >/dev/null 2>&1 || ip link add vcan0 type vcan
	ip link set vcan0 down && ip link set vcan0 mtu 72 up
	for i in can0 can1; do
		ip link set $i down
		ip link set $i txqueuelen 10
		ip link set $i type can bitrate 500000
		ip link set $i up
	done
}
