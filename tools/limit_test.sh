#!/bin/bash
# What `make check` stands on: a test that hangs, dies or leaves something behind costs no more than its limit.
. tools/tap.sh
limit=$PWD/tools/limit.sh

"$limit" 60 sh -c 'echo out; echo err >&2; exit 3' >"$tmp/out" 2>"$tmp/err"
is $? 3 "the status is the command's"
is "$(cat "$tmp/out") $(cat "$tmp/err")" "out err" "and so is what it said"
"$limit" 60 sh -c 'echo 1; echo 2 >&2; echo 3' >"$tmp/out" 2>&1
is "$(tr '\n' ' ' <"$tmp/out")" "1 2 3 " "in order, where both go to one place"
"$limit" 60 sh -c 'kill -SEGV $$' 2>/dev/null
is $? 139 "a crash stays a crash"
"$limit" 60 cat >"$tmp/out"
is $? 0 "nothing waits for a keyboard"

"$limit" 1 sh -c 'trap "" TERM; echo begun; sleep 1000; sleep 1000' >"$tmp/out" 2>"$tmp/err"
is $? 124 "one that hangs, and hears nothing, is ended"
holds "$tmp/out" "begun" "what it had said is shown"
holds "$tmp/err" "not done after 1 s; what runs:" "and that it was late"
holds "$tmp/err" "sleep 1000" "and what it waited for"

# The reader of its output must not wait for what it leaves behind, in its own process group or out of it.
long=$((100000 + $$))
printf "#!/bin/sh\nsleep $long &\nsetsid sleep $long &\necho \$! >'%s'\necho ok 1\necho 1..1\n" "$tmp/pid" >"$tmp/leaves_test.sh"
chmod +x "$tmp/leaves_test.sh"
timeout 100 prove -e "$limit 60" "$tmp/leaves_test.sh" >"$tmp/out" 2>"$tmp/err"
is $? 0 "prove does not wait for processes that a test leaves behind"
holds "$tmp/err" "left these behind" "they are named"
kill "$(cat "$tmp/pid")"
ok $? "(one had gone far enough to stay)"
none() { ! ps -eo stat=,args= | grep -v '^Z' | grep -q "sleep $long$"; }
wait_for 10 none
ok $? "and the others are killed"
done_testing
