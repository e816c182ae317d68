#!/bin/sh
# The conformance suites: all of them pass on the good reference device, and each fault that it can plant is caught. The
# table in MUTANTS.md is the one that comes of it. Every row that a suite names is in the list.
. tools/tap.sh
export KEYBENCH_BIN="$bin"
tools/mutants.sh >"$tmp/table" 2>"$tmp/counts"
is $? 0 "every planted fault is caught, and no case fails on the good device"
sed 's/^/# /' "$tmp/counts"
tail -n +5 suites/conformance/MUTANTS.md | cmp -s - "$tmp/table"
ok $? "MUTANTS.md says so (make mutants)"
"$bin/keybench" list --requirements >"$tmp/requirements"
is $? 0 "the requirements are listed"
holds "$tmp/requirements" "apdu/unknown-class" "with the cases that ask them"
holds "$tmp/requirements" "IN PART, not: how long" "what they leave open"
holds "$tmp/requirements" "UNCOVERED: the reader's chip" "and with the reason where none can"
sed -n 's/^ *requirement: \[\(.*\)\]/\1/p' suites/conformance/*.yaml | tr -d ' ' | tr ',' '\n' | sort -u >"$tmp/named"
while read -r id; do
	grep -q "^$id " "$tmp/requirements"
	ok $? "$id is a requirement"
done <"$tmp/named"
"$bin/keybench" list --faults | while read -r fault rest; do
	grep -qx ".It Cm $fault" bench/man/keybench-phone.5 || echo "$fault"
done >"$tmp/undocumented"
is "$(cat "$tmp/undocumented")" "" "keybench-phone(5) has every fault"
done_testing
