# The shell of `make lab` starts with this.
. "${BASH_SOURCE[0]%/*}/guest.sh"
PATH=$KEYBENCH_BIN:$PATH
PS1='lab:\w# '
keybench_lab_up
echo "CAN: can0 and can1 on one wire, vcan0. keybench is in the path; what is to stay goes into $LAB_SHARE."
echo "The machine ends with this shell (exit)."
