#!/bin/sh
# keybench-device as a card in vpcd: keybench and programs that are none of ours find it through pcscd.
. tools/tap.sh
. tools/pcscd.sh
keybench=$bin/keybench
select=00A404000DA000000809434343444B41763100

run() {
	"$keybench" run "$@" --target example --runs "$tmp/runs" >"$tmp/out" 2>"$tmp/err"
}

"$keybench" run smoke --rig pcsc --target example --runs "$tmp/runs" >"$tmp/out" 2>&1
is $? 75 "without pcscd nothing runs"
holds "$tmp/out" "pcscd is not running" "and that is said"
"$keybench" doctor --rig pcsc >"$tmp/out" 2>&1
is $? 75 "the doctor finds it"
holds "$tmp/out" "sudo systemctl start pcscd.socket" "and says what to do"

start_pcscd
env --default-signal=INT "$bin/keybench-device" --profile dk-ccc-1.0 --keys bench --trace >"$tmp/dev.out" 2>"$tmp/dev.err" &
dev=$!
started $dev
wait_for 30 grep -q 'get ATR' "$tmp/dev.out"
ok $? "vpcd has the card"
"$keybench" doctor --rig pcsc >"$tmp/out" 2>&1
grep -q 'pcscd.*runs' "$tmp/out"
ok $? "the doctor sees that pcscd runs"

# Programs of others.
present() {
	opensc-tool --list-readers | grep -q '^0 *Yes'
}
wait_for 30 present
ok $? "opensc-tool finds a card"
is "$(opensc-tool --reader 0 --atr 2>/dev/null)" "3b:81:80:01:80:80" "with this ATR"
opensc-tool --reader 0 -s $select >"$tmp/out" 2>&1
is $? 0 "opensc-tool selects"
holds "$tmp/out" "SW1=0x90, SW2=0x00" "and hears 9000"
holds "$tmp/out" "5C 02 01 00" "and the version"
opensc-tool --reader 0 -s 00A4040005A000000003 >"$tmp/out" 2>&1
holds "$tmp/out" "SW1=0x6A, SW2=0x82" "another application is not there"
holds "$tmp/dev.out" "SELECT" "the device's trace has it"

# keybench.
run smoke --rig pcsc --seed 1
is $? 0 "keybench runs its smoke test over pcscd"
holds "$tmp/out" "SIMULATED" "and says that it is simulated"
holds "$tmp/out" "Virtual PCD 00 00" "and which reader it was"
run door-unlock --rig pcsc --seed 1 --trials 59
case $? in 0 | 1 | 3) ok 0 "door-unlock runs" ;; *) ok 1 "door-unlock runs" ;; esac
grep -q 'unlock-fast  *59  *0  *0  *0  *0' "$tmp/out"
ok $? "every fast one is done"
grep -q 'unlock-standard  *59  *0  *0  *0  *0' "$tmp/out"
ok $? "and every standard one"
sed 's/^/# /' "$tmp/err"

# The card goes, and comes back; pcscd goes, and comes back.
kill -9 $dev
ends 20 $dev
run smoke --rig pcsc --seed 1
[ $? -ne 0 ]
ok $? "no card, no pass"
! grep -q 'BENCH_ERROR  *smoke' "$tmp/out"
ok $? "but no error of the bench"
env --default-signal=INT "$bin/keybench-device" --profile dk-ccc-1.0 --keys bench --trace >"$tmp/dev.out" 2>"$tmp/dev.err" &
dev=$!
started $dev
wait_for 30 present
run smoke --rig pcsc --seed 1
is $? 0 "the next device is found"
kill -9 $pcscd
ends 20 $pcscd
start_pcscd
wait_for 30 present
ok $? "the device comes back to a pcscd that was started again"
opensc-tool --reader 0 -s $select >"$tmp/out" 2>&1
holds "$tmp/out" "SW1=0x90, SW2=0x00" "and is a card like before"
kill -INT $dev
ends 20 $dev
is $? 0 "SIGINT ends it in order"
kill -9 $pcscd
ends 20 $pcscd
done_testing
