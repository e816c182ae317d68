#!/bin/sh
# keybench-can where no CAN is: what it refuses. What it sends is measured by `make lab-check`.
. tools/tap.sh
can=$bin/keybench-can
"$can" cyclic nocan7 123#00 2>"$tmp/err"
is $? 75 "an interface that is not there"
holds "$tmp/err" "nocan7: there is no such interface" "is said"
"$can" flood nocan7 123#1 2>"$tmp/err"
is $? 64 "what is no frame is wrong use"
"$can" flood -v nocan7 123#112233 2>"$tmp/err"
is $? 64 "a frame that holds no number cannot be verified"
"$can" replay nocan7 2>"$tmp/err"
is $? 64 "a replay needs a log"
"$can" replay nocan7 suites/steps/can_test.c 2>"$tmp/err"
is $? 75 "what is no log is refused"
holds "$tmp/err" "no frame to replay" "and says why"
"$can" replay nocan7 suites/steps/can_back.log 2>"$tmp/err"
holds "$tmp/err" "can_back.log:3: its time lies before" "nor times that go back"
"$can" sing nocan7 2>"$tmp/err"
is $? 64 "an unknown word too"
"$can" --help >"$tmp/help" 2>&1
for option in $(grep -o -e '--[a-z][a-z-]*' "$tmp/help" | sort -u); do
	case $option in --help | --usage) continue ;; esac
	grep -q -e "-${option#--}" tools/can/keybench-can.1
	ok $? "the manual has $option"
done
done_testing
