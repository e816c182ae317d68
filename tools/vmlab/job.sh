# The lab machine's work, as its first process behind init: runs a job with the second serial line as its terminal, leaves the exit
# status, and switches the machine off.
job=$1
bb=$2
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
$bb stty -F /dev/ttyS1 sane 115200 2>/dev/null
$bb ip link set lo up
touch "$job/began"
# a terminal of its own, so that Ctrl-C reaches what runs in it
$bb setsid -c /bin/bash "$job/command" <>/dev/ttyS1 >&0 2>&1
echo $? >"$job/status.new"
mv "$job/status.new" "$job/status"
$bb stty -F /dev/ttyS1 -a >/dev/null # nothing: waits for what is still being written
$bb sync
echo o >/proc/sysrq-trigger
$bb sleep 10
