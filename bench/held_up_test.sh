#!/bin/sh
# What the machine does to the emulated desk is not held against the phone: a desk that is stopped again and again.
. tools/tap.sh
cat >"$tmp/emu" <<END
#!/bin/sh
case "\$*" in *--control*) echo \$\$ >'$tmp/pid' ;; esac # and not one that only checks the rig
exec '$bin/keybench-emu' "\$@"
END
chmod +x "$tmp/emu"
cat >"$tmp/suite.yaml" <<END
suite: held-up
needs: [reader, positioner]
cases:
  - id: fast
    trials: {count: 8}
    steps: [approach, select: {within: 9 s}, transact: {kind: fast}]
    expect: [p50(tap) <= 200 ms]
END

# A desk that runs for 60 ms and stands still for 200, until the run is over.
stop_and_go() {
	while [ ! -s "$tmp/pid" ]; do sleep 0.02; done
	while pid=$(cat "$tmp/pid" 2>/dev/null) && kill -STOP "$pid" 2>/dev/null; do
		sleep 0.2
		kill -CONT "$pid" 2>/dev/null
		sleep 0.06
	done
}
KEYBENCH_EMU=$tmp/emu "$bin/keybench" run "$tmp/suite.yaml" --rig emulated-a --target example --seed 3 --runs "$tmp/runs" \
	>"$tmp/out" 2>"$tmp/err" &
run=$!
started $run
stop_and_go &
started $!
ends 120 $run
is $? 3 "a claim that the phone would meet on a desk left alone does not fail"
rm -f "$tmp/pid"
run=$(echo "$tmp"/runs/*)
is "$(jq -c '.cases[0].claims[0] | [.verdict, .held_up, .lower_ns > 208e6]' "$run/summary.json")" '["INCONCLUSIVE",true,true]' \
	"it would, but for what was done to the desk"
tr -s ' \n' ' ' <"$run/report.txt" >"$tmp/flat"
holds "$tmp/flat" "the machine held the emulated desk up in 8 of the 8 attempts" "the report says why"
jq -es 'map(select(.type == "attempt")) | all(.values.held_up as $h | $h > 50e6 and $h <= .ended_ns - .started_ns)' \
	"$run/journal.jsonl" >"$tmp/all"
ok $? "every attempt says for how long, and no longer than it took"
jq -c 'select(.type == "attempt") | [.values.held_up / 1e6, (.points["control_flow.answered"][0] - .points.activated[0]) / 1e6]' \
	"$run/journal.jsonl" | sed 's/^/# held up, tap in ms: /'
done_testing
