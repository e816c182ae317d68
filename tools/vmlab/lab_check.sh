#!/bin/bash
# Runs the lab's checks: lab_check.sh [NAME...]; without names all of tools/vmlab/checks. Each gets a machine of its own, so that none
# finds what another left in the emulated controllers. Where QEMU cannot run nothing is proven, and nothing fails.
cd "$(dirname "$0")/../.." || exit 75
[ $# -gt 0 ] || set -- $(ls tools/vmlab/checks | sed -n 's/\.sh$//p')
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
for name; do
	left=$((${LAB_LIMIT:-570} - SECONDS))
	[ $left -gt 0 ] || left=1
	tools/vmlab/vmlab -t $left tools/vmlab/check.sh "$name" 2>&1 | tee "$log" | grep -v '^lab-check: '
	status=${PIPESTATUS[0]}
	[ $status -ne 77 ] || { echo "lab-check: SKIP: QEMU cannot run here"; exit 0; }
	last=$(grep '^lab-check: ' "$log" | tail -n 1)
	case $last in
	*' passed, '*) ;;
	*) echo "not ok - $name: the machine did not come to its end (status $status)"; last="x: x: 0 passed, 1 failed" ;;
	esac
	set -- $(echo "$last" | sed 's/.*: \([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/')
	passed=$((passed + $1))
	failed=$((failed + $2))
done
[ "$failed" -eq 0 ] && verdict=PASS || verdict=FAIL
echo "lab-check: $verdict: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
