#!/bin/bash
# mutants.sh [FAULT...]: what the conformance suites are worth. Each fault that the reference device can plant (all of them, or those named)
# breaks one rule; every suite is run against each such device, simulated in process, on a virtual clock. A fault that
# no case catches is a failure, and so is a case that fails on the good device. On stdout, the table: fault, the cases that
# catch it, and the cases that catch none; on stderr, the counts.
bin=${KEYBENCH_BIN:-$PWD/build/bin}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/keybench.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
suites="suites/conformance/apdu.yaml suites/conformance/transaction.yaml suites/conformance/mailbox.yaml suites/conformance/pairing-apdu.yaml"
mkdir "$tmp/runs"

# failed FAULT: the cases that do not pass on a device with it ("none": the good one)
failed() {
	faults=$1
	[ "$1" != none ] || faults=
	sed "s/^phone:.*/phone: mutant/; \$a faults: [$faults]" fixtures/profiles/phone/example.yaml >"$tmp/$1.phone.yaml"
	sed "s|^phone:.*|phone: $tmp/$1.phone.yaml|" fixtures/rigs/sim.yaml >"$tmp/$1.yaml"
	"$bin/keybench" run $suites --rig "$tmp/$1.yaml" --target example --seed 1 --runs "$tmp/runs/$1" >"$tmp/$1.out" 2>&1
	status=$?
	if [ $status -gt 1 ] && [ $status -ne 3 ]; then
		echo "mutants: $1: keybench ended with $status" >&2
		cat "$tmp/$1.out" >&2
		return 1
	fi
	jq -r '.cases[] | select(.verdict != "PASS") | "\(.suite)/\(.id)"' "$tmp/runs/$1"/*/summary.json
}

good=$(failed none) || exit 1
[ -z "$good" ] || echo "mutants: these cases fail on the good device:" $good >&2
[ $# -gt 0 ] || set -- $("$bin/keybench" list --faults | sed 's/ .*//')
caught=0
missed=
echo "| fault | what it breaks | cases that catch it |"
echo "| --- | --- | --- |"
for fault; do
	cases=$(failed "$fault") || exit 1
	echo "$cases" >>"$tmp/catching"
	if [ -n "$cases" ]; then caught=$((caught + 1)); else missed="$missed $fault"; fi
	what=$("$bin/keybench" list --faults | sed -n "s/^$fault  *//p")
	echo "| $fault | $what | $(echo ${cases:-**none**} | sed 's/ /, /g') |"
done
jq -r '.cases[] | "\(.suite)/\(.id)"' "$tmp/runs/none"/*/summary.json | sort >"$tmp/all"
sort -u "$tmp/catching" | comm -23 "$tmp/all" - >"$tmp/idle"
[ ! -s "$tmp/idle" ] || printf '\nNo fault that can be planted is caught by: %s.\n' "$(paste -sd, "$tmp/idle" | sed 's/,/, /g')"
echo "mutants: $caught of $# caught by $(wc -l <"$tmp/all") cases, of which $(wc -l <"$tmp/idle") catch none${missed:+; not caught:$missed};" \
	"$(echo $good | wc -w) cases fail on the good device" >&2
[ -z "$missed$good" ]
