#!/bin/bash
# What the lab's machine must have for the other checks.
. tools/tap.sh
. tools/vmlab/guest.sh
keybench_lab_up >"$tmp/up" 2>&1
ok $? "CAN comes up"
sed 's/^/# /' "$tmp/up"
for i in can0 can1 vcan0; do
	ip link show $i up 2>/dev/null | grep -q $i
	ok $? "$i is there, and up"
done
candump -L -n 1 -T 60000 can1 >"$tmp/heard" 2>/dev/null &
wait_for 60 sh -c "cansend can0 123#DEADBEEF; grep -q 123#DEADBEEF '$tmp/heard'"
ok $? "what can0 sends can1 hears"
wait
done_testing
