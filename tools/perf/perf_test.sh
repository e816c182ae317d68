#!/bin/sh
# The measuring program measures: every chapter gives its rows. Nothing is said here about the numbers.
. tools/tap.sh

"$bin/keybench-perf" --share 0.01 >"$tmp/out" 2>"$tmp/err"
is $? 0 "a hundredth of every chapter"
for row in "16-byte exchange: added" "16-byte exchange: sent to answered" "240-byte exchange: added" \
	"240-byte exchange: sent to answered" "error of 'sent', median" "error of 'answered', p99" \
	"fast transaction, both engines" "standard transaction, both engines" "fast transactions simulated" \
	"standard transactions simulated" "histogram: recording" "histogram: largest error" "candump log: parsing a line" \
	"candump log: parsing and decoding" " aims "; do
	holds "$tmp/out" "$row" "there is a row '$row'"
done
"$bin/keybench-perf" --share 0.01 hist >"$tmp/out" 2>"$tmp/err"
is "$(wc -l <"$tmp/out")" 4 "one chapter alone is a head, its rows and a count of aims"
"$bin/keybench-perf" gardening >"$tmp/out" 2>&1
is $? 64 "an unknown chapter is wrong use"
"$bin/keybench-perf" --share 0 >"$tmp/out" 2>&1
is $? 64 "so is a share of nothing"
done_testing
