#!/bin/sh
# The helpers of the tests themselves: a time limit that holds, a wait that ends, nothing left behind.
. tools/tap.sh

# blocked COMMAND...: as a parent starts it that has blocked every signal
blocked() {
	perl -MPOSIX -e 'my $all = POSIX::SigSet->new; $all->fillset; sigprocmask(SIG_BLOCK, $all); exec @ARGV' "$@"
}

tools/limit.sh 20 sh -c 'exit 7'
is $? 7 "the status of a command that ends in time is its own"
tools/limit.sh 1 sleep 100 2>"$tmp/err"
is $? 124 "one that does not end in time is ended"
holds "$tmp/err" "sleep 100: not done after 1 s" "and named"
tools/limit.sh 1 sh -c 'trap "" TERM; sleep 100; sleep 100' 2>"$tmp/err"
is $? 124 "so is one that ignores being told"
blocked timeout -s KILL 60 tools/limit.sh 300 sh -c 'sleep 0.1 & wait $!; exit 7' | cat
ok $? "signals that a parent has blocked do not stay blocked"
is "$(blocked tools/limit.sh 300 sed -n "s/^SigBlk:.//p" /proc/self/status)" 0000000000000000 "none of them"
is "$(blocked sh -c 'tools/limit.sh 300 true; echo $?' | cat)" 0 "and nobody who reads its output waits for the limit"

tools/limit.sh 60 sh -c 'echo out; echo err >&2' >"$tmp/out" 2>"$tmp/err"
is "$(cat "$tmp/out") $(cat "$tmp/err")" "out err" "what it says comes where it belongs"
tools/limit.sh 60 sh -c 'echo 1; echo 2 >&2; echo 3' >"$tmp/out" 2>&1
is "$(tr '\n' ' ' <"$tmp/out")" "1 2 3 " "in order, where both go to one place"
tools/limit.sh 60 sh -c 'kill -SEGV $$' 2>/dev/null
is $? 139 "a crash stays a crash"
tools/limit.sh 1 sh -c 'echo begun; exec sleep 100' >"$tmp/out" 2>/dev/null
holds "$tmp/out" "begun" "what a late one had said is shown"

# Who reads its output must not wait for what it leaves behind, in its own process group or out of it.
long=$((100000 + $$))
printf "#!/bin/sh\nsleep $long &\nsetsid sleep $long &\necho \$! >'%s'\necho ok 1\necho 1..1\n" "$tmp/pid" >"$tmp/leaves_test.sh"
chmod +x "$tmp/leaves_test.sh"
timeout 100 prove -e "tools/limit.sh 60" "$tmp/leaves_test.sh" >"$tmp/out" 2>"$tmp/err"
is $? 0 "prove does not wait for processes that a test leaves behind"
holds "$tmp/err" "left these behind" "they are named"
kill "$(cat "$tmp/pid")"
ok $? "(one had gone far enough to stay)"
none() { ! ps -eo stat=,args= | grep -v '^Z' | grep -q "sleep $long$"; }
wait_for 10 none
ok $? "and the others are killed"

sleep 100 &
pid=$!
wait_for 10 grep -qx sleep "/proc/$pid/comm" # told before, the shell that becomes it would forget it
kill $pid
ends 20 $pid 2>/dev/null
is $? 143 "a process that ends has its own status"
sleep 100 &
pid=$!
ends 1 $pid >"$tmp/out" 2>&1
is $? 137 "one that does not is killed"
holds "$tmp/out" "sleep 100" "and named"

# a test that fails in the middle, and one that is told to end
for how in exit TERM; do
	cat >"$tmp/test.sh" <<END
. tools/tap.sh
sleep 1000 &
started \$!
echo \$! >"$tmp/child"
[ $how = exit ] && exit 3
while :; do sleep 0.1; done
END
	rm -f "$tmp/child"
	sh "$tmp/test.sh" >/dev/null 2>&1 &
	pid=$!
	started $pid
	wait_for 20 test -s "$tmp/child"
	[ $how = exit ] || kill -TERM $pid
	ends 20 $pid 2>/dev/null
	child=$(cat "$tmp/child")
	wait_for 20 test ! -d "/proc/$child"
	ok $? "what a test has started ends with it ($how)"
done
done_testing
