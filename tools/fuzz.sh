#!/bin/sh
# fuzz.sh TARGET SECONDS [OPTION...]: run build/fuzz/TARGET from a fixed seed over its corpus, TARGET.corpus/.
# What it finds new stays in a temporary folder; a crash is kept in build/fuzz/ and fails. KEEP=DIR keeps what is new.
target=$1
seconds=$2
shift 2
new=${KEEP:-$(mktemp -d "${TMPDIR:-/tmp}/keybench-fuzz.XXXXXX")} || exit 1
[ -n "$KEEP" ] || trap 'rm -rf "$new"' EXIT
log=build/fuzz/$target.log
if ! LSAN_OPTIONS=suppressions=tools/lsan.supp:print_suppressions=0 UBSAN_OPTIONS=print_stacktrace=1 build/fuzz/"$target" -seed=1 -max_total_time="$seconds" -timeout=25 \
	-rss_limit_mb=1024 -malloc_limit_mb=100 -artifact_prefix=build/fuzz/"$(basename "$target")". "$@" \
	"$new" "$target.corpus" >"$log" 2>&1; then
	tail -n 60 "$log"
	echo "fuzz: $target FAILED"
	exit 1
fi
# "#1234 DONE cov: … corp: 56/…": how much was reached
echo "fuzz: $target $(sed -n 's/^#\([0-9]*\)[[:space:]]*DONE *cov: \([0-9]*\).*corp: \([0-9]*\).*/\1 runs, \2 edges, \3 inputs/p' "$log")"
