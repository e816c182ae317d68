#!/bin/bash
# Runs the lab's checks: lab_check.sh [NAME...]; without names all of tools/vmlab/checks. Each gets a machine of its own, so that none
# finds what another left in the emulated controllers. Where QEMU cannot run nothing is proven, and nothing fails.
cd "$(dirname "$0")/../.." || exit 75
[ $# -gt 0 ] || set -- $(ls tools/vmlab/checks | sed -n 's/\.sh$//p')
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
skipped=0

# ask NAME: in a machine of its own; $p tests passed, $f failed, $s were skipped
ask() {
	left=$((${LAB_LIMIT:-570} - SECONDS))
	[ $left -gt 0 ] || left=1
	tools/vmlab/vmlab -t $left tools/vmlab/check.sh "$1" 2>&1 | tee "$log" | grep -v '^lab-check: '
	status=${PIPESTATUS[0]}
	[ "$status" -ne 77 ] || { echo "lab-check: SKIP: QEMU cannot run here"; exit 0; }
	p=0 f=1 s=0
	last=$(grep '^lab-check: .* passed, ' "$log" | tail -n 1)
	if [ -n "$last" ]; then
		read -r p f s <<<"$(echo "$last" | sed 's/.*: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped.*/\1 \2 \3/')"
	else
		echo "not ok - $1: the machine did not come to its end (status $status)"
	fi
}

for name; do
	ask "$name"
	# an emulated processor on a busy host may stand still for a second: what fails is asked once more, and that is said
	if [ "$f" -gt 0 ] && [ $SECONDS -lt $((${LAB_LIMIT:-570} / 2)) ]; then
		echo "# $name failed, and is asked once more"
		ask "$name"
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
done
[ "$failed" -eq 0 ] && verdict=PASS || verdict=FAIL
echo "lab-check: $verdict: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
