#!/bin/bash
# The lab's checks, one after the other, inside the machine: check.sh [NAME...]; without names all of tools/vmlab/checks.
# Each is a test that speaks TAP. The last line tells how it went; what was skipped has proven nothing and is counted apart.
cd "$(dirname "$0")/../.." || exit 75
[ $# -gt 0 ] || set -- $(ls tools/vmlab/checks | sed -n 's/\.sh$//p')
log=$(mktemp)
passed=0
failed=0
skipped=0
for name; do
	echo "=== $name"
	tools/limit.sh "${CHECK_LIMIT:-240}" bash "tools/vmlab/checks/$name.sh" >"$log" 2>&1
	status=$?
	cat "$log"
	p=$(grep '^ok ' "$log" | grep -vc '# SKIP')
	s=$(grep -cE '^(not )?ok .*# SKIP|^1\.\.0 # SKIP' "$log")
	f=$(grep '^not ok ' "$log" | grep -vc '# SKIP')
	grep -q '^1\.\.' "$log" || { echo "not ok - $name came to its end (status $status)"; f=$((f + 1)); }
	[ "$status" -eq 0 ] || [ "$f" -gt 0 ] || { echo "not ok - $name ended with $status"; f=1; }
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
done
[ "$failed" -eq 0 ] && verdict=PASS || verdict=FAIL
echo "lab-check: $verdict: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
