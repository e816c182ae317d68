#!/bin/bash
# limit.sh SECONDS COMMAND...: run it, as a process group of its own with no signal ignored or blocked, and end it when it takes
# longer than that: what runs then, and what each process waits for, is said first. A test that hangs then costs its
# limit, not the day. Exit status: the command's, or 124.
#
# Its output comes when it has ended, by way of files: a process that it leaves behind holds a file, not the pipe on which
# prove would wait for its end for ever. What is left of its group is named and killed.
set -m
limit=$1
shift
late=
said=$(mktemp -d "${TMPDIR:-/tmp}/keybench-limit.XXXXXX") || exit 125
err=$said/err
[ ! /proc/$$/fd/1 -ef /proc/$$/fd/2 ] || err=$said/out
show() {
	cat "$said/out"
	[ "$err" = "$said/out" ] || cat "$err" >&2
	rm -rf "$said"
}
list() { ps -eo ppid,pid,pgid,stat,wchan:20,etime,args --forest | awk "$@" | cut -c 1-160 | sed "s/^/# /"; }
# of the group; what is dead and only not buried does not count
left() { ps -eo pgid=,stat= | awk -v g=$group '$1 == g && $2 !~ /^Z/ { n = 1 } END { exit !n }'; }
trap late=1 USR1
trap 'kill -TERM -- -$group; { sleep 4; kill -KILL -- -$group; } >/dev/null 2>&1 &' INT TERM HUP
: >"$said/out"
: >"$err"
# a parent may have left signals blocked: dash's wait would never hear of a child, nor a program of its end
perl -MPOSIX -e 'sigprocmask(SIG_SETMASK, POSIX::SigSet->new); exec @ARGV' env --default-signal "$@" \
	</dev/null >>"$said/out" 2>>"$err" &
group=$!
{
	sleep "$limit"
	echo "# $*: not done after $limit s; what runs:"
	list 'NR == 1 || $1 != 2 && $2 != 2'
	kill -USR1 $$
	kill -TERM -- -$group
	sleep 5
	kill -KILL -- -$group
} >>"$err" 2>&1 &
watch=$!
disown $watch
wait $group
status=$?
while kill -0 $group 2>/dev/null; do wait $group; status=$?; done
[ -z "$late" ] || status=124
kill -KILL -- -$watch 2>/dev/null
if left; then
	sleep 1 # some are about to end by themselves
	if left; then
		echo "# $*: has ended and left these behind:"
		list -v g=$group 'NR == 1 || $3 == g'
	fi
fi >>"$err" 2>&1
kill -KILL -- -$group 2>/dev/null
show
exit $status
