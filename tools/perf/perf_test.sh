#!/bin/sh
# The measuring program measures: every chapter gives its rows. Nothing is said here about the numbers.
. tools/tap.sh

"$bin/keybench-perf" --share 0.01 >"$tmp/out" 2>"$tmp/err"
is $? 0 "a hundredth of every chapter"
for row in "16-byte exchange: added" "16-byte exchange: sent to answered" "240-byte exchange: added" \
	"240-byte exchange: sent to answered" "error of 'sent', median" "error of 'answered', maximum of 18" \
	"further off than their slack" "left out: 'sent'" \
	"fast transaction, both engines" "standard transaction, both engines" "fast transactions simulated" \
	"standard transactions simulated" "histogram: recording" "histogram: largest error" "candump log: parsing a line" \
	"candump log: parsing and decoding" " aims "; do
	holds "$tmp/out" "$row" "there is a row '$row'"
done
# "74.9 us  84.2 us bare libnfc  0.89  <= +10 us (-9.3 us)": the ratio, and the difference, of the two times before it
awk -v unit='^(ns|us|ms|s)$' '
	function ns(x, of) { return x * (of == "ns" ? 1 : of == "us" ? 1e3 : of == "ms" ? 1e6 : 1e9) }
	function off(a, b) { return a > b ? a - b : b - a }
	/^(16|240)-byte exchange|^  the same against/ {
		rows++
		rest = substr($0, 51); split(rest, f)
		if (f[2] !~ unit || f[4] !~ unit) { print "no two times: " $0; next }
		m = ns(f[1], f[2]); r = ns(f[3], f[4])
		match(rest, /  +-?[0-9]+\.[0-9][0-9]  /)
		if (off(substr(rest, RSTART, RLENGTH) + 0, m / r) > 0.006 + 0.02 * m / r) print "the ratio: " $0
		if (match(rest, /\([-+][0-9.]+ us\)/) && off(substr(rest, RSTART + 1) * 1e3, m - r) > 200 + 0.02 * (m + r))
			print "the difference: " $0
	}
	END { if (rows != 8) print rows + 0 " rows" }' "$tmp/out" >"$tmp/wrong"
is "$(cat "$tmp/wrong")" "" "what a row says of an exchange agrees with itself"
awk '/p99 of [0-9]/ { sub(/.*p99 of /, ""); if ($1 < 299) print }' "$tmp/out" >"$tmp/wrong"
is "$(cat "$tmp/wrong")" "" "no p99 is told of fewer samples than it needs"
"$bin/keybench-perf" --share 0.01 hist >"$tmp/out" 2>"$tmp/err"
is "$(wc -l <"$tmp/out")" 4 "one chapter alone is a head, its rows and a count of aims"
"$bin/keybench-perf" gardening >"$tmp/out" 2>&1
is $? 64 "an unknown chapter is wrong use"
"$bin/keybench-perf" --share 0 >"$tmp/out" 2>&1
is $? 64 "so is a share of nothing"
done_testing
