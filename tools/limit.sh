#!/bin/bash
# limit.sh SECONDS COMMAND...: run it, as a process group of its own with no signal ignored or blocked, and end it when it takes
# longer than that: what runs then, and what each process waits for, is said first. A test that hangs then costs its
# limit, not the day. Exit status: the command's, or 124.
set -m
limit=$1
shift
late=
trap late=1 USR1
trap 'kill -TERM -- -$group' INT TERM HUP
# a parent may have left signals blocked: dash's wait would never hear of a child, nor a program of its end
perl -MPOSIX -e 'sigprocmask(SIG_SETMASK, POSIX::SigSet->new); exec @ARGV' env --default-signal "$@" </dev/null &
group=$!
{
	sleep "$limit"
	echo "# $*: not done after $limit s; what runs:"
	ps -eo ppid,pid,pgid,stat,wchan:20,etime,args --forest | awk 'NR == 1 || $1 != 2 && $2 != 2' | cut -c 1-160 | sed "s/^/# /"
	kill -USR1 $$
	kill -TERM -- -$group
	sleep 5
	kill -KILL -- -$group
} >&2 &
watch=$!
disown $watch
wait $group
status=$?
while kill -0 $group 2>/dev/null; do wait $group; status=$?; done
[ -z "$late" ] || status=124
kill -KILL -- -$watch 2>/dev/null
exit $status
