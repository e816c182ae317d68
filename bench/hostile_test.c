/*
 * The program given hostile files: the documented status, one message that says where, no crash, no
 * more than 100 MB, an end.
 */
#include "bench/hostile.h"

#include <errno.h>
#include <sys/stat.h>

/* The six kinds of files that `check` reads, each with a good one to start from. */
struct kind {
	const char *name, *good;
	const char
		*key; /* in the rig file that names it; NULL: named on the command line */
};
enum {
	SUITE,
	RIG,
	TARGET,
	PROTOCOL,
	PHONE,
	PAIRING,
	KIND_COUNT
};
static const struct kind kinds[KIND_COUNT] = {
	{ "suite", "suites/timing/smoke.yaml", NULL },
	{ "rig", "fixtures/rigs/emulated-a.yaml", NULL },
	{ "target", "fixtures/profiles/target/example.yaml", NULL },
	{ "protocol", "fixtures/profiles/protocol/dk-ccc-1.0.yaml",
	  "protocol: dk-ccc-1.0" },
	{ "phone", "fixtures/profiles/phone/example.yaml", "phone: example" },
	{ "pairing", "fixtures/pairings/bench.yaml", "pairing: bench" },
};

/* @text with the first @from replaced by @to. */
static void replaced(struct buf *out, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (!at)
		fail_msg("there is no '%s' to change", from);
	buf_init(out, 8 * MIB);
	buf_add(out, BYTES((const uint8_t *)text, (size_t)(at - text)));
	buf_text(out, to);
	buf_text(out, at + strlen(from));
	assert_false(out->failed);
}

/* A rig file that names @path where the good one names a good file. */
static void rig_with(const struct kind *kind, const char *path, char rig[200])
{
	char line[300];
	struct buf good, changed;

	in_dir(rig, "naming-rig.yaml");
	snprintf(line, sizeof(line), "%s: %s", kind->name, path);
	read_in(kinds[RIG].good, &good);
	replaced(&changed, buf_str(&good), kind->key, line);
	put(rig, buf_bytes(&changed));
	buf_release(&good);
	buf_release(&changed);
}

static void check(const struct kind *kind, const char *path, struct end *end)
{
	const char *argv[] = { "keybench", "check",    NULL, "--rig",
			       NULL,       "--target", NULL, NULL };
	char rig[200];

	argv[2] = kind == &kinds[SUITE] ? path : kinds[SUITE].good;
	argv[4] = kind == &kinds[RIG] ? path : kinds[RIG].good;
	argv[6] = kind == &kinds[TARGET] ? path : kinds[TARGET].good;
	if (kind->key) {
		rig_with(kind, path, rig);
		argv[4] = rig;
	}
	run(end, argv);
}

/* Things that are no files, or no files for us. */
static void make_nothing(const char *path)
{
	(void)path;
}

static void make_directory(const char *path)
{
	mkdir(path, 0777);
}

static void make_fifo(const char *path)
{
	mkfifo(path, 0666);
}

static void make_zeros(const char *path)
{
	assert_int_equal(symlink("/dev/zero", path), 0);
}

static void make_loop(const char *path)
{
	assert_int_equal(symlink(path, path), 0);
}

static void make_unreadable(const char *path)
{
	put(path, BYTES((const uint8_t *)"a: 1\n", 5));
	chmod(path, 0);
}

static void make_program(const char *path)
{
	struct buf text;

	read_in("/proc/self/exe", &text);
	put(path, BYTES(text.data, text.len < 5000 ? text.len : 5000));
	buf_release(&text);
}

static const struct thing {
	const char *name;
	void (*make)(const char *path);
	int status;
	bool root_reads;
} things[] = {
	{ "missing", make_nothing, 78, false },
	{ "a directory", make_directory, 78, false },
	{ "a fifo", make_fifo, 78, false },
	{ "/dev/zero", make_zeros, 78, false },
	{ "a loop of links", make_loop, 78, false },
	{ "unreadable", make_unreadable, 75, true },
	{ "a program", make_program, 78, false },
};

static void what_is_no_file_is_recognised(void **state)
{
	(void)state;
	failures = 0;
	for (int k = 0; k < KIND_COUNT; k++) {
		for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
			const struct thing *t = &things[i];
			char path[200], name[80];
			struct end end;
			int status = t->status;

			if (t->root_reads && geteuid() == 0)
				continue;
			in_dir(path, "thing.yaml");
			t->make(path);
			snprintf(name, sizeof(name), "%s: %s", kinds[k].name, t->name);
			check(&kinds[k], path, &end);
			judge(name, &end, status, path, NULL);
			if (unlink(path) && errno != ENOENT)
				rmdir(path);
		}
	}
	assert_int_equal(failures, 0);
}

/* Texts that are wrong for every kind: .before, .repeat .times, .after. */
static const struct text {
	const char *name;
	const char *before, *repeat, *after;
	int times;
	const char *why;
} texts[] = {
	{ "empty", "", "", "", 0, "the file is empty" },
	{ "blank", "", " \n", "", 100, "the file is empty" },
	{ "comments alone", "# nothing\n", "", "", 0, NULL },
	{ "over 1 MiB", "a: b\n", "# 45678\n", "", 140000, "longer than" },
	{ "a list", "[a, b]\n", "", "", 0, "a map of keys and values is needed" },
	{ "a text", "hello\n", "", "", 0, "a map of keys and values is needed" },
	{ "an unknown key", "frobnicate: 1\n", "", "", 0, "unknown key 'frobnicate'" },
	{ "no keys", "{}\n", "", "", 0, "is missing" },
	{ "two documents", "a: 1\n---\nb: 2\n", "", "", 0, "a second document" },
	{ "the same key twice", "a: 1\na: 2\n", "", "", 0, "stands here twice" },
	{ "an anchor", "a: &x 1\n", "", "", 0, "anchors, aliases and tags" },
	{ "an alias", "a: *x\n", "", "", 0, "anchors, aliases and tags" },
	{ "a tag", "a: !!int 1\n", "", "", 0, "anchors, aliases and tags" },
	{ "an alias bomb",
	  "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
	  "c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]\n",
	  "", "", 0, "anchors, aliases and tags" },
	{ "a merge key", "a: &a {b: 1}\nc: {<<: *a}\n", "", "", 0, "anchors" },
	{ "a directive", "%YAML 1.2\n---\na: 1\n", "", "", 0, "directives" },
	{ "a directive that is not UTF-8", "%a \xff\n", "", "", 0, NULL },
	{ "not UTF-8", "a: \xc3(\n", "", "", 0, ":1:4: the byte c3 is not UTF-8" },
	{ "an overlong form", "a: \xc0\xaf\n", "", "", 0, "not UTF-8" },
	{ "a surrogate", "a: \xed\xa0\x80\n", "", "", 0, "not UTF-8" },
	{ "control characters", "a: \x1b[31m\n", "", "", 0, "a binary file" },
	{ "an escape in a key", "\"\\e[31m\\n\\x9b\": 1\n", "", "", 0, "unknown key" },
	{ "an escaped zero", "\"a\\0b\": 1\n", "", "", 0, NULL },
	{ "a tab to indent", "a:\n\tb: 1\n", "", "", 0, NULL },
	{ "an open quote", "a: \"b\nc: d\n", "", "", 0, NULL },
	{ "an open bracket", "a: [b\nc: d\n", "", "", 0, NULL },
	{ "100 000 brackets", "", "[", "\n", 100000, NULL },
	{ "100 000 pairs of brackets", "a: ", "[", "]\n", 50000, NULL },
	{ "100 000 braces", "", "{a: ", "\n", 100000, NULL },
	{ "100 000 levels of lists", "", "- ", "x\n", 100000, "nested deeper" },
	{ "100 000 levels of keys", "", "? ", "x\n", 100000, NULL },
	{ "100 000 anchors", "", "&a ", "\n", 100000, NULL },
	{ "a line of 1 MB", "a: ", "0123456789", "\n", 100000, "unknown key" },
	{ "a key of 1 MB", "", "0123456789", ": 1\n", 100000, "unknown key" },
	{ "1 MB of backslashes", "a: \"", "\\\\", "\n", 500000, NULL },
	{ "a million blanks", "a: b\nc: >\n", " \n", "x\n", 500000, "blanks in a row" },
	{ "400 000 items", "a: [", "1,", "]\n", 400000, "more than 20000 values" },
	{ "60 000 lines", "", "a: 1\n", "", 60000, "more than 10000 lines" },
};

static void write_text(const char *path, const struct text *t)
{
	struct buf out;

	buf_init(&out, 4 * MIB);
	buf_text(&out, t->before);
	for (int i = 0; i < t->times; i++)
		buf_text(&out, t->repeat);
	buf_text(&out, t->after);
	assert_false(out.failed);
	put(path, buf_bytes(&out));
	buf_release(&out);
}

static void no_loader_takes_a_wrong_text(void **state)
{
	(void)state;
	failures = 0;
	for (int k = 0; k < KIND_COUNT; k++) {
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			char path[200], name[80];
			struct end end;

			in_dir(path, "text.yaml");
			write_text(path, &texts[i]);
			snprintf(name, sizeof(name), "%s: %s", kinds[k].name,
				 texts[i].name);
			check(&kinds[k], path, &end);
			judge(name, &end, 78, path, texts[i].why);
		}
	}
	assert_int_equal(failures, 0);
}

/* One change each to a good file. */
static const struct edit {
	int kind;
	const char *from, *to;
	int status;
	const char *why;
} edits[] = {
	{ SUITE, "suite: smoke", "suite: {a: b}", 78, "a single value is needed" },
	{ SUITE, "suite: smoke", "suite: ../../etc/passwd", 78, "is not a name" },
	{ SUITE, "suite: smoke", "suite: \"a\\nb\"", 78, "is not a name" },
	{ SUITE, "id: standard", "id: fast", 78, "the id 'fast' is taken" },
	{ SUITE, "id: standard", "ident: x", 78, "unknown key 'ident'" },
	{ SUITE, "approach", "aproach", 78, "there is no step 'aproach'" },
	{ SUITE, "approach", "wait: {for: 300}", 78, "has no unit" },
	{ SUITE, "approach", "wait: {for: 300 m}", 78, "is not a unit of time" },
	{ SUITE, "approach", "wait: {for: -1 ms}", 78, "out of range" },
	{ SUITE, "approach", "wait: {for: nan ms}", 78, "is not a time" },
	{ SUITE, "approach", "wait: {for: inf}", 78, "is not a time" },
	{ SUITE, "approach", "wait: {for: 1e400 s}", 78, "is not a time" },
	{ SUITE, "approach", "wait: {for: 9e18 h}", 78, NULL },
	{ SUITE, "approach", "wait: {for: 0x10 ms}", 78, NULL },
	{ SUITE, "approach", "wait: [1 ms]", 78, "a map of keys" },
	{ SUITE, "kind: fast", "kind: quick", 78, "allowed: fast, standard" },
	{ SUITE, "kind: fast", "kind: [fast]", 78, "a single value is needed" },
	{ SUITE, "count: 3", "count: 0", 78, "out of range" },
	{ SUITE, "count: 3", "count: 1.5", 78, "not a whole number" },
	{ SUITE, "count: 3", "count: 99999999999999999999", 78, "not a whole number" },
	{ SUITE, "count: 3", "count: 9223372036854775807", 78, "out of range" },
	{ SUITE, "trials: {count: 3}", "expect: p95(tap) <= 1 s", 78,
	  "a list of claims" },
	{ SUITE, "trials: {count: 3}", "expect: [p95(speed) <= 1 s]", 78,
	  "a claim is about one of" },
	{ SUITE, "trials: {count: 3}", "expect: [p95(tap) <= 300]", 78, NULL },
	{ SUITE, "trials: {count: 3}", "expect: [p95(tap) <= 300 m]", 78, NULL },
	{ SUITE, "trials: {count: 3}", "expect: [p95(tap) <= -1 ms]", 78, NULL },
	{ SUITE, "trials: {count: 3}", "expect: [\"p95(tap) <= ${budget.fats}\"]", 78,
	  "has no such value" },
	{ SUITE, "trials: {count: 3}", "expect: [\"p95(tap) <= ${budget\"]", 78, NULL },
	{ SUITE, "trials: {count: 3}", "expect: [p95(tap) <= 1 s]", 78,
	  "needs at least" },
	{ SUITE, "[reader, positioner]", "[reader, laser]", 78, "is no role" },
	{ RIG, "uncertainty: 8 ms", "uncertainty: 8", 78, "has no unit" },
	{ RIG, "uncertainty: 8 ms", "uncertainty: -8 ms", 78, "out of range" },
	{ RIG, "uncertainty: 8 ms", "", 78, "the key 'uncertainty' is missing" },
	{ RIG, "driver: libnfc", "driver: [libnfc]", 78, "driver" },
	{ RIG, "driver: libnfc", "driver: nothing", 78, "there is no reader driver" },
	{ RIG, "driver: lcus", "driver: ../x", 78, "there is no relay driver" },
	{ RIG, "speed: 115200", "speed: fast", 78, "not a whole number" },
	{ RIG, "speed: 115200", "speed: 1e9", 78, NULL },
	{ RIG, "relay: {driver: lcus", "relais: {driver: lcus", 78, "unknown key" },
	{ RIG, "device: emu:reader0", "device: \"\"", 78, "a device is needed" },
	{ RIG, "protocol: dk-ccc-1.0", "protocol: nothing", 78, "nothing.yaml" },
	{ RIG, "chip: pn532", "chip: pn999", 78, NULL },
	{ RIG, "travel: 45 ms", "travel: 45", 78, "has no unit" },
	{ TARGET, "fast: 300 ms", "fast: 300", 78, "has no unit" },
	{ TARGET, "fast: 300 ms", "fast: 300 m", 78, "is not a unit of time" },
	{ TARGET, "fast: 300 ms", "fast: [300 ms]", 78, "a single value is needed" },
	{ TARGET, "budget:", "budgets:", 78, "unknown key 'budgets'" },
	{ PROTOCOL, "len: 8}", "len: 0}", 78, "out of range" },
	{ PROTOCOL, "len: 8}", "len: 99999}", 78, "out of range" },
	{ PROTOCOL, "A0 00 00 08", "A0 0", 78, "is not a row of hex" },
	{ PROTOCOL, "[\"0100\"]", "[]", 78, NULL },
	{ PROTOCOL, "[\"0100\"]", "[\"01\"]", 78, NULL },
	{ PROTOCOL, "label: Volatile", "label: [x]", 78, NULL },
	{ PROTOCOL, "[vehicle_epk_x,", "[vehicle_epk_y,", 78, NULL },
	{ PROTOCOL, "match: exact", "match: fuzzy", 78, "allowed: exact, prefix" },
	{ PHONE, "median: 10 ms", "median: 10", 78, "has no unit" },
	{ PHONE, "median: 10 ms", "median: -10 ms", 78, "out of range" },
	{ PHONE, "sigma: 0.2", "sigma: nan", 78, "is not a number" },
	{ PHONE, "sigma: 0.2", "sigma: 1e300", 78, "out of range" },
	{ PHONE, "share: 1 %", "share: 101 %", 78, "out of range" },
	{ PHONE, "atqa: 00 04", "atqa: 00 04 05", 78, "bytes" },
	{ PHONE, "uid: random", "uid: 01 02 03", 78, NULL },
	{ PHONE, "fsci: 8", "fsci: 16", 78, "out of range" },
	{ PAIRING, "sk: 46", "sk: 47", 78, NULL },
	{ PAIRING, "pk: 04", "pk: 05", 78, NULL },
	{ PAIRING, "id: e2", "id: ", 78, NULL },
	{ PAIRING, "kpersistent: 2e", "kpersistent: ", 78, "bytes" },
	{ PAIRING, "test_key: throw-away", "test_key: secret", 78, NULL },
	{ PAIRING, "test_key: throw-away", "", 78, "others can read" },
};

static void every_mistake_is_found_where_it_stands(void **state)
{
	(void)state;
	failures = 0;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		const struct edit *e = &edits[i];
		struct buf good, changed;
		char path[200], name[120];
		struct end end;

		in_dir(path, "edited.yaml");
		read_in(kinds[e->kind].good, &good);
		replaced(&changed, buf_str(&good), e->from, e->to);
		put(path, buf_bytes(&changed));
		snprintf(name, sizeof(name), "%s: %s", kinds[e->kind].name, e->to);
		check(&kinds[e->kind], path, &end);
		judge(name, &end, e->status, path, e->why);
		buf_release(&good);
		buf_release(&changed);
	}
	assert_int_equal(failures, 0);
}

/* Written by another editor, the same file is the same. */
static void line_ends_and_marks_of_other_editors_are_taken(void **state)
{
	(void)state;
	failures = 0;
	for (int k = 0; k < KIND_COUNT; k++) {
		struct buf good, changed;
		char path[200];
		struct end end;

		in_dir(path, "editor.yaml");
		read_in(kinds[k].good, &good);
		buf_init(&changed, MIB);
		buf_text(&changed, "\xef\xbb\xbf");
		for (size_t i = 0; i < good.len; i++) {
			if (good.data[i] == '\n')
				buf_u8(&changed, '\r');
			buf_u8(&changed, good.data[i]);
		}
		put(path, buf_bytes(&changed));
		check(&kinds[k], path, &end);
		judge(kinds[k].name, &end, 0, path, NULL);
		buf_release(&good);
		buf_release(&changed);
	}
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_file_is_recognised),
		cmocka_unit_test(no_loader_takes_a_wrong_text),
		cmocka_unit_test(every_mistake_is_found_where_it_stands),
		cmocka_unit_test(line_ends_and_marks_of_other_editors_are_taken),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
