#!/bin/bash
# Runs the lab's checks in its machine: lab_check.sh [NAME...]. Where QEMU cannot run nothing is proven, and nothing fails.
cd "$(dirname "$0")/../.." || exit 75
tools/vmlab/vmlab -t "${LAB_LIMIT:-570}" tools/vmlab/check.sh "$@"
status=$?
case $status in
77) echo "lab-check: SKIP: QEMU cannot run here" && exit 0 ;;
75 | 124) echo "lab-check: FAIL: the machine did not come to its end (status $status)" ;;
esac
exit $status
