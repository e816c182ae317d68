#!/bin/sh
# keybench run --resume: after a crash the journal goes on where it was, whatever the last line looked like, and the
# whole is judged as one run. A limit on the size of files is the crash of the simulated runs: it kills keybench in
# the middle of a line of the journal, always at the same byte.
. tools/tap.sh
kb=$bin/keybench
ulimit -c 0
cat >"$tmp/suite.yaml" <<END
suite: two
needs: [reader, positioner]
cases:
  - id: first
    trials: {warmup: 2, count: 60}
    steps: [approach, select, transact: {kind: fast}]
    expect: [p95(tap) <= 2 s]
  - id: second
    trials: {count: 60}
    steps: [approach, select, transact: {kind: standard}]
    expect: [p95(tap) <= 2 s]
END

# simulate FOLDER ARGUMENT...: a new run; $status
simulate() {
	folder=$tmp/$1
	shift
	"$kb" run "$tmp/suite.yaml" --rig sim --target example --seed 5 --runs "$folder" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# crash_at BLOCKS COMMAND...: with no file longer than so many blocks of 512 bytes
crash_at() {
	limit=$1
	shift
	(
		ulimit -f "$limit"
		"$@" >/dev/null 2>&1
		true # so that the death is told here, to nobody
	) 2>/dev/null
}

# resume: $run goes on; $status
resume() {
	"$kb" run --resume "$run" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# count WHAT: attempts in the journal of $run that a jq filter selects
count() {
	jq -s "[.[] | select(.type == \"attempt\" and ($1))] | length" "$run/journal.jsonl"
}

simulate whole
is $status 0 "the suite passes when nothing happens"
size=$(wc -c <"$(echo "$tmp"/whole/*)/journal.jsonl")
blocks=$((size / 512))
# the copies of what the run was made of must fit: it is the journal that is cut
largest=$(find "$tmp/whole" -path '*/inputs/*' -type f -printf '%s\n' | sort -n | tail -n 1)

# killed at many places (the first behind the size of the copies in inputs/): in the first case, in the second, near the end
for share in 16 21 30 48 52 70 95; do
	at=$((blocks * share / 100))
	[ $((at * 512)) -gt "$largest" ] || at=$((largest / 512 + 1))
	crash_at $at "$kb" run "$tmp/suite.yaml" --rig sim --target example --seed 5 --runs "$tmp/at$share"
	run=$(echo "$tmp/at$share"/*)
	[ -n "$(tail -c 1 "$run/journal.jsonl" | tr -d '\n')" ]
	ok $? "killed at $share %: the last line is torn"
	"$kb" report "$run" >"$tmp/report" 2>&1
	grep -q "cut off" "$tmp/report"
	ok $? "and the report says that the run was cut off"
	resume
	is $status 0 "it is resumed, and passes"
	is "$(count '.cut | not')" 122 "every attempt was made"
	is "$(count '.cut | not | not')" 1 "the torn one is marked"
	is "$(jq -r 'select(.type == "resume") | .torn | length > 0' "$run/journal.jsonl")" true "what was left of its line is kept"
	is "$(jq -r '.verdict, .ended' "$run/summary.json" | tr '\n' ' ')" "PASS complete " "the whole has one verdict"
	is "$(jq -s '[.[] | select(.type == "attempt") | .started_ns] | . == sort' "$run/journal.jsonl")" true "time goes on"
	is "$(jq -s '[.[] | select(.type == "attempt" and (.cut | not)) | [.suite, .case, .warmup, .trial, .attempt] | tostring] | unique | length' "$run/journal.jsonl")" 122 \
		"no attempt was made twice"
	holds "$run/report.txt" "resumed after" "the report says that it was resumed"
done

# what is random is not drawn again
is "$(jq -s '[.[] | select(.type == "run" or .type == "resume") | .seed] | unique | length' "$run/journal.jsonl")" 2 "a resumed run has another seed"
"$kb" run --resume "$run" >"$tmp/out" 2>"$tmp/err"
is $? 64 "a run that is over is not resumed"
holds "$tmp/err" "over: complete" "and says how it ended"

# a case that is open at two crashes in a row
twice() {
	crash_at $((blocks * $2 / 100)) "$kb" run "$tmp/suite.yaml" --rig sim --target example --seed 5 --runs "$tmp/$1"
	run=$(echo "$tmp/$1"/*)
	crash_at $((blocks * $3 / 100)) "$kb" run --resume "$run"
}
twice first-case 15 30
resume
is $status 75 "a case open at two crashes in a row: a bench error"
holds "$tmp/err" "first: open at two crashes in a row" "it is named"
is "$(jq -r '.cases[] | .verdict' "$run/summary.json" | tr '\n' ' ')" "BENCH_ERROR PASS " "that case is one, the other passes"
is "$(jq -r '.cases[0].reason' "$run/summary.json" | grep -c 'left out after [0-9]* of 60 trials')" 1 "and the report says how far it came"
is "$(count '.case == "second" and (.cut | not)')" 60 "the other case was run whole"
is "$(count '.cut')" 2 "both torn attempts are marked"
twice other-case 30 70
resume
is $status 0 "crashes in two cases skip none"
is "$(count '.cut | not')" 122 "and every attempt was made"

# by its own inputs, or not at all
twice inputs 30 40
sed -i 's/count: 60/count: 61/' "$tmp/suite.yaml"
resume
is $status 78 "a suite that was changed is not the one that was run"
holds "$tmp/err" "inputs/suite-two.yaml" "it says which file"
sed -i 's/count: 61/count: 60/' "$tmp/suite.yaml"
sed -i '8s/"trial":[0-9]*/"trial":59/' "$run/journal.jsonl"
resume
is $status 78 "an altered journal is not gone on with"
simulate head --trials 59
run=$(echo "$tmp"/head/*)
head -n 2 "$run/journal.jsonl" >"$tmp/head.jsonl" && mv "$tmp/head.jsonl" "$run/journal.jsonl"
resume
is $status 64 "a run that had not begun is not resumed"
"$kb" run --resume "$tmp" >/dev/null 2>&1
is $? 78 "nor is a folder that is no run"
"$kb" run "$tmp/suite.yaml" --resume "$run" >/dev/null 2>&1
is $? 64 "a suite beside --resume is wrong use"
"$kb" run --resume "$run" --seed 3 >/dev/null 2>&1
is $? 64 "and so is a seed"

# On the emulated desk: kill -9 in the middle, and again; then to its end. Standard transactions alone, for what a
# killed one has left half done between phone and vehicle.
cat >"$tmp/taps.yaml" <<END
suite: taps
cases:
  - id: standard
    trials: {count: 25}
    steps: [approach, select, transact: {kind: standard}]
  - id: again
    trials: {count: 10}
    steps: [approach, select, transact: {kind: standard}]
END

# attempts N: are there so many in the journal of $folder?
attempts() {
	[ "$(grep -c '"type":"attempt".*"cut":false' "$folder"/*/journal.jsonl)" -ge "$1" ]
}

# kill_at N COMMAND...: kill -9 when so many attempts were made
kill_at() {
	n=$1
	shift
	"$@" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	wait_for 60 attempts "$n"
	kill -9 $pid
	wait $pid 2>/dev/null
}
folder=$tmp/desk
kill_at 4 "$kb" run "$tmp/taps.yaml" --rig emulated-a --target example --seed 5 --runs "$folder"
run=$(echo "$folder"/*)
"$kb" run --resume "$run" >"$tmp/out" 2>"$tmp/err" &
pid=$!
wait_for 60 attempts 6
"$kb" run --resume "$run" >"$tmp/second.out" 2>"$tmp/second.err"
is $? 75 "a run that is under way is not resumed a second time"
holds "$tmp/second.err" "still under way" "and says why"
wait $pid
is $? 0 "a run on the desk that was killed is resumed, and passes"
is "$(count '.cut | not')" 35 "every attempt was made"
is "$(count '.cut')" 1 "the one under way is marked"
[ -s "$run/truth.jsonl" ] && [ -s "$run/truth-2.jsonl" ]
ok $? "both desks left their truth"
is "$(jq -s '[.[] | select(.type == "attempt") | .started_ns] | . == sort' "$run/journal.jsonl")" true "time goes on"
is "$(jq -r .verdict "$run/summary.json")" PASS "the whole has one verdict"
cp -r "$run" "$tmp/copy"
"$kb" report "$tmp/copy" --format json | cmp -s - "$run/summary.json"
ok $? "and its report is made from the folder alone"

folder=$tmp/twice
kill_at 3 "$kb" run "$tmp/taps.yaml" --rig emulated-a --target example --seed 6 --runs "$folder"
run=$(echo "$folder"/*)
kill_at 6 "$kb" run --resume "$run"
resume
is $status 75 "killed twice in one case: a bench error"
is "$(jq -r '.cases[] | .verdict' "$run/summary.json" | tr '\n' ' ')" "BENCH_ERROR PASS " "the case is left out, the other is run"
done_testing
