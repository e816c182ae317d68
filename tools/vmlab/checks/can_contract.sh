#!/bin/bash
# The promises of a bus, kept over the kernel's CAN: on a virtual interface, and on two controllers of one wire.
. tools/vmlab/guest.sh
keybench_lab_up || exit 75
test=build/release/drivers/can/socketcan_test
status=0
for interfaces in vcan0 can0,can1; do
	echo "# on $interfaces"
	KEYBENCH_CAN=$interfaces $test || status=1
done
exit $status
