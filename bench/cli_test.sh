#!/bin/sh
# The program as a user meets it: help, wrong use, wrong files, the statuses it ends with.
. tools/tap.sh
suite=suites/timing/door-unlock.yaml
rig=fixtures/rigs/emulated-a.yaml
target=fixtures/profiles/target/example.yaml
kb=$bin/keybench

# try STATUS NAME ARGUMENT...: run it, compare the exit status; output in $tmp/out and $tmp/err
try() {
	want=$1
	name=$2
	shift 2
	"$kb" "$@" >"$tmp/out" 2>"$tmp/err"
	is $? "$want" "$name ends with $want"
}

# with FILE SED-SCRIPT: a copy of FILE, changed, beside its original's relatives
with() {
	sed "$2" "$1" >"$tmp/changed.yaml"
}

try 0 "--help" --help
holds "$tmp/out" "Usage: keybench COMMAND" "--help shows the usage"
try 0 "--version" --version
holds "$tmp/out" "keybench 0." "--version says which"
try 64 "no command"
try 64 "an unknown command" frobnicate
for c in run check list drivers report kat doctor rig; do
	try 0 "$c --help" $c --help
	holds "$tmp/out" "Usage: keybench $c" "$c --help shows its usage"
done
try 64 "an unknown option" run --frobnicate
try 64 "run without a rig" run $suite --target $target
try 64 "run with a wrong seed" run $suite --rig $rig --target $target --seed x
try 64 "run with a seed below zero" run $suite --rig $rig --target $target --seed " -1"
try 64 "run with no trials" run $suite --rig $rig --target $target --trials 0

try 0 "list" list
holds "$tmp/out" "suites/timing/door-unlock.yaml" "list shows the suites"
try 0 "list --steps" list --steps
holds "$tmp/out" "transact" "list --steps shows the steps"
try 0 "list --metrics" list --metrics
holds "$tmp/out" "tap " "list --metrics shows the metrics"
try 0 "drivers" drivers
holds "$tmp/out" "libnfc" "drivers shows libnfc"
holds "$tmp/out" "lcus" "drivers shows the relay boards"

KEYBENCH_RUNS=$tmp/nowhere
export KEYBENCH_RUNS
try 0 "check" check $suite --rig $rig --target $target
holds "$tmp/out" "unlock-fast: 120 trials" "check shows the plan"
[ -z "$(find "$tmp/nowhere" 2>/dev/null)" ]
ok $? "check makes no run folder"
try 0 "check by names" check door-unlock --rig emulated-a --target example

# Mistakes in files: the place, what is allowed, the line and a caret; status 78.
with $suite 's/approach/aproach/'
try 78 "an unknown step" check "$tmp/changed.yaml" --rig $rig --target $target
line=$(grep -n aproach "$tmp/changed.yaml" | head -n 1 | cut -d: -f1)
holds "$tmp/err" "changed.yaml:$line:9: there is no step 'aproach'; allowed: approach" "it says where and what is allowed"
holds "$tmp/err" "  ^" "it shows a caret"
with $suite 's/count: 120/count: 58/'
try 78 "a claim that cannot be supported" check "$tmp/changed.yaml" --rig $rig --target $target
holds "$tmp/err" "needs at least 59" "it says how many trials it needs"
with $suite 's/p95(tap)/p95(speed)/'
try 78 "an unknown metric" check "$tmp/changed.yaml" --rig $rig --target $target
with $suite 's/budget.fast/budget.fats/'
try 78 "an unknown budget" check "$tmp/changed.yaml" --rig $rig --target $target
with $target 's/fast: 300 ms/fast: 300/'
try 78 "a limit without unit" check $suite --rig $rig --target "$tmp/changed.yaml"
holds "$tmp/err" "has no unit; allowed: ns, us, ms" "it names the units"
try 78 "a sweep on a positioner that knows two places" check positions --rig $rig --target $target
line=$(grep -n 'sweep: {x' suites/timing/positions.yaml | head -n 1 | cut -d: -f1)
holds "$tmp/err" "positions.yaml:$line:" "it says where"
holds "$tmp/err" "approach: the rig's positioner cannot go there: this positioner knows two places only" "and why"
try 0 "a sweep on an axis" check positions --rig emulated-axis --target $target
with fixtures/rigs/emulated-axis.yaml 's/reach: 40 mm/reach: 20 mm/'
try 78 "a sweep beyond the reach of the axis" check positions --rig "$tmp/changed.yaml" --target $target
holds "$tmp/err" "-24.000, -24.000 mm beside the tap: this positioner may reach 20.000 mm" "it says which place, and what is allowed"
with fixtures/rigs/emulated-axis.yaml 's/away_z: -20 mm/away_z: -55 mm/'
try 78 "a sweep above where away is" run positions --rig "$tmp/changed.yaml" --target $target
holds "$tmp/err" "6.000 mm off the tap: this positioner may go from 0 to 4.000 mm" "run refuses it too"
with $suite '0,/- approach/s/- approach/- approach: {x: 3 mm}/'
try 78 "a place beside the tap on two places" check "$tmp/changed.yaml" --rig $rig --target $target
line=$(grep -n 'x: 3 mm' "$tmp/changed.yaml" | cut -d: -f1)
holds "$tmp/err" "changed.yaml:$line:9: approach: the rig's positioner cannot go there" "it says where"
with $rig 's/driver: libnfc/driver: libfnc/'
try 78 "an unknown driver" check $suite --rig "$tmp/changed.yaml" --target $target
with $rig 's/speed: 115200/sped: 115200/'
try 78 "a driver's unknown key" check $suite --rig "$tmp/changed.yaml" --target $target
holds "$tmp/err" "did you mean 'speed'?" "it guesses what was meant"
with $rig 's/protocol: dk-ccc-1.0/protocol: dk-ccc-9.9/'
try 78 "a missing profile" check $suite --rig "$tmp/changed.yaml" --target $target
with $rig 's/chip: pn532/chip: pn999/'
try 78 "a chip nobody emulates" check $suite --rig "$tmp/changed.yaml" --target $target
holds "$tmp/err" "changed.yaml:" "it says where"
try 78 "a missing suite" check nothing.yaml --rig $rig --target $target
try 78 "a directory for a suite" check /tmp/ --rig $rig --target $target
: >"$tmp/empty.yaml"
try 78 "an empty suite" check "$tmp/empty.yaml" --rig $rig --target $target
head -c 4096 /bin/sh >"$tmp/binary.yaml"
try 78 "a binary suite" check "$tmp/binary.yaml" --rig $rig --target $target
head -c 1048577 /dev/zero | tr '\0' '#' >"$tmp/large.yaml"
try 78 "a suite over 1 MiB" check "$tmp/large.yaml" --rig $rig --target $target
try 78 "a run folder that is none" report "$tmp"
try 64 "an unknown format" report "$tmp" --format yaml

# One small run, and every rendering of it.
KEYBENCH_RUNS=$tmp/runs
export KEYBENCH_RUNS
try 0 "a small run" run suites/timing/smoke.yaml --rig $rig --target $target --seed 1
holds "$tmp/out" "SIMULATED" "its report is marked as simulated"
holds "$tmp/out" "PASS" "its verdict is PASS"
holds "$tmp/err" "fast: 3 of 3" "progress in a pipe is one line a case"
run=$(echo "$tmp"/runs/*)
for f in report.txt summary.json junit.xml samples.csv histograms.hlog journal.jsonl truth.jsonl \
	inputs/rig.yaml inputs/target.yaml inputs/protocol.yaml inputs/phone.yaml inputs/suite-smoke.yaml; do
	[ -s "$run/$f" ]
	ok $? "the run folder has $f"
done
for pair in text:report.txt json:summary.json junit:junit.xml csv:samples.csv hlog:histograms.hlog; do
	LC_ALL=C.UTF-8 "$kb" report "$run" --format "${pair%:*}" >"$tmp/again"
	cmp -s "$tmp/again" "$run/${pair#*:}"
	ok $? "report --format ${pair%:*} gives the run's ${pair#*:} again, byte for byte"
done
LC_ALL=C "$kb" report "$run" | LC_ALL=C grep -q '[^ -~	]'
is $? 1 "in a locale without UTF-8 the text is plain ASCII"
[ "$(LC_ALL=C.UTF-8 wc -L <"$run/report.txt")" -le 80 ]
ok $? "report.txt stays within 80 columns"
[ "$(LC_ALL=C "$kb" report "$run" | wc -L)" -le 80 ]
ok $? "and in ASCII too"
xmllint --noout "$run/junit.xml"
ok $? "junit.xml is well-formed"

# What a night can do to it.
(exec <&- >&- 2>&-; "$kb" run smoke --rig $rig --target $target --trials 1 --runs "$tmp/closed")
is $? 0 "with all three standard descriptors closed it still runs"
"$kb" report "$(echo "$tmp"/closed/*)" >/dev/null
is $? 0 "and its journal is whole"
(ulimit -f 40 && exec "$kb" run smoke --rig sim --target $target --trials 200 --seed 1 --runs "$tmp/limited" >"$tmp/out" 2>"$tmp/err")
is $? 75 "where files may not grow a run ends as on a full disk"
holds "$tmp/err" "journal.jsonl: File too large" "which is said"
"$kb" report "$(echo "$tmp"/limited/*)" >"$tmp/out"
holds "$tmp/out" "cut off" "and what was journalled can be reported"
"$kb" list >/dev/full 2>/dev/null
is $? 75 "results that cannot be written are a failure"
sed 's,^reader: .*,reader: {driver: libnfc\, device: /dev/ttyNOPE},' $rig >"$tmp/nope.yaml"
try 75 "a reader that is not there" run smoke --rig "$tmp/nope.yaml" --target $target --runs "$tmp/nope"
holds "$tmp/out" "/dev/ttyNOPE" "its report says what could not be opened"
[ -s "$(echo "$tmp"/nope/*)/junit.xml" ]
ok $? "and the planned cases are on record"
printf '#!/bin/sh\nexec sleep 60\n' >"$tmp/stuck"
chmod +x "$tmp/stuck"
KEYBENCH_EMU=$tmp/stuck timeout 30 "$kb" check smoke --rig $rig --target $target >/dev/null 2>&1
is $? 75 "an emulator that hangs does not hang the check"

# Installed somewhere else, it still finds its data.
make -s install DESTDIR="$tmp/installed" PREFIX=/opt/kb >/dev/null 2>&1
ok $? "make install works"
(cd / && env -u KEYBENCH_DATA "$tmp/installed/opt/kb/bin/keybench" check door-unlock --rig emulated-a --target example \
	>"$tmp/out" 2>&1)
is $? 0 "installed, it checks a suite by name from anywhere"
[ -s "$tmp/installed/opt/kb/lib/udev/rules.d/70-keybench.rules" ] && [ -s "$tmp/installed/opt/kb/lib/modprobe.d/keybench-nfc.conf" ] &&
	[ -s "$tmp/installed/opt/kb/share/keybench/fixtures/exec/device.py" ]
ok $? "udev rules, module blacklist and the example of a program are installed"
make -s uninstall DESTDIR="$tmp/installed" PREFIX=/opt/kb >/dev/null 2>&1
is "$(find "$tmp/installed" -type f | wc -l)" 0 "make uninstall leaves no file"
done_testing
