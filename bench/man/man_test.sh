#!/bin/sh
# The man pages and the program say the same: the pages are well-formed, every example in them is accepted, every
# key, step, metric and option that the program prints stands in them with its default.
#
# How a page is marked: ".\" example: KIND" before a ".Bd -literal" display; a key is ".It Ic KEY Pq DEFAULT"; the keys
# of a driver or a step stand behind ".Ss Reader driver NAME", ".Ss Step NAME".
. tools/tap.sh
kb=$bin/keybench
man=bench/man
rig=fixtures/rigs/emulated-a.yaml
target=fixtures/profiles/target/example.yaml
suite=suites/timing/door-unlock.yaml

for page in "$man"/*.[15] tools/*/*.1; do
	mandoc -T lint -W warning "$page" >"$tmp/lint" 2>&1
	ok $? "${page##*/} is well-formed"
	sed 's/^/# /' "$tmp/lint"
done

# example PAGE KIND N: the text of the N-th example of that kind
example() {
	awk -v kind="$2" -v n="$3" '
		$0 == ".\\\" example: " kind { armed = ++seen == n; next }
		armed && /^\.Bd -literal/ { inside = 1; next }
		/^\.Ed/ { armed = inside = 0 }
		inside' "$man/$1" | sed 's/\\&//g; s/\\-/-/g; s/\\e/\\/g'
}

count() {
	grep -cxF ".\\\" example: $2" "$man/$1"
}

# try FILE...: what `keybench check` says of a suite, a rig and a target
try() {
	"$kb" check "$1" --rig "$2" --target "$3" >"$tmp/out" 2>&1
}

# rig_with KEY FILE: an emulated rig with another profile, pairing …
rig_with() {
	sed "s|^$1:.*|$1: $2|" "$rig"
}

# check_one KIND FILE: an example, or something made from one, where the program reads it
check_one() {
	case $1 in
	suite) try "$2" "$rig" "$target" ;;
	rig) try suites/timing/smoke.yaml "$2" "$target" ;;
	target) try "$suite" "$rig" "$2" ;;
	*)
		rig_with "$1" "$2" >"$tmp/rig-with.yaml"
		try "$suite" "$tmp/rig-with.yaml" "$target"
		;;
	esac
}

umask 077
example keybench-pairing.5 pairing 1 >"$tmp/my-pairing.yaml"
for kind in suite rig target protocol phone pairing; do
	page=keybench-$kind.5
	examples=$(count "$page" "$kind")
	[ "$examples" -gt 0 ]
	ok $? "$page has an example"
	n=1
	while [ $n -le "$examples" ]; do
		example "$page" "$kind" $n >"$tmp/$kind$n.yaml"
		check_one "$kind" "$tmp/$kind$n.yaml"
		ok $? "$page: keybench check accepts its example $n"
		grep -q ': [0-9]* trials' "$tmp/out" || sed 's/^/# /' "$tmp/out"
		n=$((n + 1))
	done
done

# What keybench-pairing(5) says of permissions.
grep -v '^test_key' "$tmp/my-pairing.yaml" >"$tmp/private.yaml"
chmod 640 "$tmp/private.yaml"
check_one pairing "$tmp/private.yaml"
is $? 78 "keys that are no throw-away ones are refused when their group can read them"
chmod 600 "$tmp/private.yaml"
check_one pairing "$tmp/private.yaml"
is $? 0 "and taken when their owner alone can"

# Every key that a map takes: the program names them all when it finds one that it does not know.
# keys KIND MAP SED [PREFIX]: plant one by the script SED, and want each allowed key, behind PREFIX, in the page.
keys() {
	sed "$3" "$tmp/${1}1.yaml" >"$tmp/planted.yaml"
	check_one "$1" "$tmp/planted.yaml"
	allowed=$(sed -n "s/.*unknown key '$bad'; allowed: //p" "$tmp/out" | tr -d ',')
	missing=
	for key in $allowed; do
		grep -Eq "^\.It Ic (.* )?$4$key([ .]|\$)" "$man/keybench-$1.5" || missing="$missing $key"
	done
	[ -n "$allowed" ] && [ -z "$missing" ]
	ok $? "keybench-$1.5 has the keys of $2"
	[ -n "$allowed" ] || sed 's/^/# /' "$tmp/out"
	[ -z "$missing" ] || echo "# not in the page:$missing"
}
bad='no-such-key-at-all'
top="\$a $bad: 1"
keys suite "a suite" "$top"
keys suite "a case" "s/^  - id: fast/&\\n    $bad: 1/"
keys suite "trials" "s/trials: {/&$bad: 1, /"
for operation in read write; do
	keys suite "a mailbox operation: $operation" "s/- {$operation: private,/& $bad: 1,/"
done
keys rig "a rig" "$top"
keys target "a target" "$top"
keys pairing "a pairing" "$top"
keys pairing "vehicle" "s/^vehicle:/&\\n  $bad: 1/"
keys pairing "device" "s/^device:/&\\n  $bad: 1/"
keys pairing "owner" "s/^owner:/&\\n  $bad: 1/"
keys phone "a phone" "$top"
for map in card ats delay; do
	keys phone $map "s/^$map: *{/&$bad: 1, /; s/^$map:\$/&\\n  $bad: 1/"
done
keys phone "a delay" "s/  select: {/&$bad: 1, /"
keys phone "a tail" "s/tail: {/&$bad: 1, /"
keys protocol "a protocol" "$top"
for map in aid version id auth0 auth1 sig kdf fast sm cf tlv sw wtx exchange mailbox cert access spake2 pairing getdata opcf; do
	keys protocol $map "s/^$map: *{/&$bad: 1, /; s/^$map:\$/&\\n  $bad: 1/" "$map[.]"
done
for path in id.vehicle id.slot auth0.p2 auth0.cryptogram sig.usage sm.mac cf.p1; do
	keys protocol $path "s/^  ${path#*.}: {/&$bad: 1, /" "$path[.]"
done
for path in exchange.tag exchange.status mailbox.private mailbox.confidential mailbox.map spake2.scrypt pairing.obj cert.oid cert.value cert.path_length; do
	keys protocol $path "s/^  ${path#*.}: *{/&$bad: 1, /; s/^  ${path#*.}:\$/&\\n    $bad: 1/" "$path[.]"
done
for at in getdata.tag:endpoint opcf.p1:continue opcf.p2:none; do
	path=${at%:*}
	keys protocol "$path" "s/^  ${path#*.}: {${at#*:}/  ${path#*.}: {$bad: 1, ${at#*:}/" "$path[.]"
done
keys protocol "an info string" "s/^  volatile:/&\\n    $bad: 1/"

# section PAGE TITLE: the lines of a subsection
section() {
	awk -v title=".Ss $2" '/^\.S[sh] / { inside = $0 == title } inside' "$man/$1"
}

# documented PAGE TITLE KEY DEFAULT
documented() {
	section "$1" "$2" | grep -qxF -e ".It Ic $3 Pq $4"
	ok $? "$1, $2: $3 ($4)"
}

"$kb" drivers | grep -v 'left out:' |
	sed -n 's/^\([a-z][a-z]*\)  *\([^ ]*\) .*/= \1 \2/p; s/^    \([^ ]*\) .*(\(.*\))$/\1 \2/p' >"$tmp/drivers"
"$kb" list --steps | sed -n 's/^\([a-z_][a-z_]*\) .*/= step \1/p; s/^    \([^ ]*\) .*(\(.*\))$/\1 \2/p' >"$tmp/steps"
"$kb" list --metrics | sed 's/ .*//' >"$tmp/metrics"
[ "$(grep -c '^=' "$tmp/drivers")" -gt 4 ] && [ "$(grep -c '^=' "$tmp/steps")" -gt 4 ] && [ "$(wc -l <"$tmp/metrics")" -gt 9 ]
ok $? "the program prints drivers, steps and metrics"
while read -r first rest; do
	if [ "$first" = = ]; then
		role=${rest% *}
		name=${rest#* }
		case $role in
		step) page=keybench-suite.5 title="Step $name" ;;
		*) page=keybench-rig.5 title="$(echo "$role" | cut -c1 | tr a-z A-Z)$(echo "$role" | cut -c2-) driver $name" ;;
		esac
		[ -n "$(section $page "$title")" ]
		ok $? "$page has: $title"
	else
		documented $page "$title" "$first" "$rest"
	fi
done <<END
$(cat "$tmp/drivers" "$tmp/steps")
END
while read -r metric; do
	sed -n '/^\.Sh POINTS AND METRICS/,/^\.Sh EXP/p' "$man/keybench-suite.5" | grep -qxF -e ".It Ic $metric"
	ok $? "keybench-suite.5 has the metric $metric"
	grep -q "^[^#]*,${metric}_ns" results/golden/demo/samples.csv
	ok $? "and samples.csv its column"
done <"$tmp/metrics"

# Every command, and every long option of each.
for command in $("$kb" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
	grep -qx ".It Cm $command" "$man/keybench.1"
	ok $? "keybench.1 has the command $command"
	for option in $("$kb" "$command" --help | grep -o -e '--[a-z][a-z-]*' | sort -u); do
		grep -Eq -e "(^\.It Fl|,) -${option#--}( |\$)" "$man/keybench.1"
		ok $? "keybench.1 has $option of $command"
	done
done

# Every field of the recorded journals and summaries: fields NAME FIRST-LINE LAST-LINE FIELDS
fields() {
	missing=
	sed -n "/^$2\$/,/^$3/p" "$man/keybench-journal.5" >"$tmp/part"
	for field in $4; do
		grep -Eq "^(\.It Ic|\.Ic) (.* )?$field( |\$)" "$tmp/part" ||
			missing="$missing $field"
	done
	[ -n "$4" ] && [ -z "$missing" ]
	ok $? "keybench-journal.5 has the fields of $1"
	[ -z "$missing" ] || echo "# not in the page:$missing"
}
golden=results/golden
fields "every line" ".Sh JOURNAL" ".Ss run" "seq prev type"
for type in run case attempt recovery note end; do
	fields "a line of type $type" ".Ss $type" ".El" "$(cat $golden/*/journal.jsonl | grep '}$' |
		jq -r "select(.type == \"$type\") | del(.seq, .prev, .type) | keys[]" | sort -u)"
done
fields "a summary" ".Sh SUMMARY" ".Sh SAMPLES" "$(jq -r '(., .cases[], .cases[].claims[], .cases[].metrics[],
	.cases[].metrics[].quantiles[]) | keys[]' $golden/*/summary.json | sort -u)"

# The commands of keybench-journal(5), on a recorded run and on one that was altered.
verify() {
	(cd "$tmp/run" && sh -c "$1") >"$tmp/out" 2>&1
}
mkdir "$tmp/run"
cp $golden/demo/journal.jsonl "$tmp/run/"
commands=$(example keybench-journal.5 verify 1 | sed "s|/tmp/links|$tmp/links|")
verify "$commands"
is $? 0 "the commands that verify a journal accept a good one"
holds "$tmp/out" intact "and say so"
sed '3s/"trials":[0-9]*/"trials":1/' $golden/demo/journal.jsonl >"$tmp/run/journal.jsonl"
verify "$commands"
[ $? -ne 0 ]
ok $? "and not one with an altered line"
"$kb" report "$tmp/run" >"$tmp/out" 2>&1
is $? 78 "nor does keybench"
sed 5d $golden/demo/journal.jsonl >"$tmp/run/journal.jsonl"
verify "$commands"
[ $? -ne 0 ]
ok $? "and not one with a line taken out"
cp $golden/demo/journal.jsonl "$tmp/run/"
verify "$(example keybench-journal.5 sum 1)"
is "$(cut -c1-64 "$tmp/out")" "$(tail -n 1 $golden/demo/journal.jsonl | head -c -1 | sha256sum | cut -c1-64)" \
	"the sum of the last line is that of its text"
printf '{"t":%d,"what":"activated"}\n' "$(($(jq 'select(.type == "run").origin_ns' $golden/demo/journal.jsonl) + 42))" \
	>"$tmp/run/truth.jsonl"
verify "$(example keybench-journal.5 truth 1)"
is "$(cat "$tmp/out")" 42 "the truth is moved onto the journal's scale"
verify "$(example keybench-journal.5 points 1)"
grep -q '^\[[0-9]*,[0-9]*\]$' "$tmp/out"
ok $? "and what was measured is shown beside it"

# A journal that was resumed has the fields of the page too.
(ulimit -c 0; ulimit -f 60; "$kb" run "$suite" --rig sim --target "$target" --seed 1 --runs "$tmp/cut"; true) >/dev/null 2>&1
"$kb" run --resume "$tmp"/cut/* >/dev/null 2>&1
fields "a line of type resume" ".Ss resume" ".El" "$(jq -r 'select(.type == "resume") | del(.seq, .prev, .type) | keys[]' "$tmp"/cut/*/journal.jsonl)"

# The program of keybench-exec(5) talks as the page says, and drops its relay at the end.
mkdir "$tmp/path"
printf '#!/bin/sh\necho "$@" >>"%s/gpio"\n' "$tmp" >"$tmp/path/gpioset"
chmod +x "$tmp/path/gpioset"
example keybench-exec.5 program 1 >"$tmp/program"
example keybench-exec.5 talk 1 >"$tmp/talk"
sed -n 's/^> //p' "$tmp/talk" | PATH=$tmp/path:$PATH sh "$tmp/program" >"$tmp/out"
grep -v '^>' "$tmp/talk" | cmp -s - "$tmp/out"
ok $? "the program of keybench-exec.5 talks as the page says"
is "$(tail -n 1 "$tmp/gpio")" "gpiochip0 17=0" "and its relay is off at the end"
done_testing
