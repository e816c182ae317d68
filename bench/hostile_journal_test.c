/*
 * `keybench report` given run folders that are torn, altered or lies: the documented status, one message that
 * names file and line, no crash, no more than 100 MB, an end.
 */
#include "bench/hostile.h"

#include "results/journal.h"

#include <sys/stat.h>

#define GOOD "results/golden/demo/journal.jsonl"

static char folder[200], journal[200];

static void report(struct end *end, const char *format)
{
	const char *argv[] = { "keybench", "report", folder, "--format", format, NULL };

	run(end, argv);
}

static void report_all(const char *name, int status, const char *where, const char *why)
{
	static const char *const formats[] = { "text", "json", "junit", "csv", "hlog" };

	for (int i = 0; i < 5; i++) {
		struct end end;

		report(&end, formats[i]);
		judge(name, &end, status, where, why);
	}
}

static int make_folder(void **state)
{
	if (make_dir(state))
		return -1;
	in_dir(folder, "run");
	in_dir(journal, "run/journal.jsonl");
	return mkdir(folder, 0777);
}

/* Bytes changed in a good journal; line and place as a reader would count them. */
static const struct damage {
	const char *name;
	const char *from, *to; /* the first of these ... */
	int line;              /* ... from this line on, 1-based */
	const char *why;
} damages[] = {
	{ "a point is made better", ",1000]", ",1001]", 8, "is not the SHA-256 of line" },
	{ "an outcome is made better", "\"DONE\"", "\"done\"", 8, NULL },
	{ "a line is out", "{\"seq\":9", "{\"seq\":8", 10, "was due" },
	{ "a number is no number", "\"seq\":9", "\"seq\":1e1", 9,
	  "\"seq\" and \"prev\"" },
	{ "a huge number", "\"seq\":9", "\"seq\":99999999999999999999", 9, NULL },
	{ "no number", "\"seq\":9", "\"seq\":nan", 9, "not a JSON object" },
	{ "no chain", "\"prev\"", "\"perv\"", 9, "\"seq\" and \"prev\"" },
	{ "a key twice", "\"seq\":9", "\"seq\":9,\"seq\":9", 9, "not a JSON object" },
	{ "not UTF-8", "\"type\"", "\"ty\xff\"", 9, "not a JSON object" },
	{ "an escape", "\"type\"", "\x1b[31m\"type\"", 9, "not a JSON object" },
	{ "a line break inside", "\"type\"", "\n\"type\"", 9, "not a JSON object" },
	{ "a line of a list", "{\"seq\":9", "[]\n{\"seq\":9", 9, NULL },
	{ "an empty line", "{\"seq\":9", "\n{\"seq\":9", 9, "not a JSON object" },
};

static const char *line_at(const char *text, int line)
{
	for (; line > 1; line--) {
		text = strchr(text, '\n');
		assert_non_null(text);
		text++;
	}
	return text;
}

static void write_damaged(const struct damage *d)
{
	struct buf good, out;
	const char *text, *at;

	read_in(GOOD, &good);
	text = buf_str(&good);
	at = strstr(line_at(text, d->line), d->from);
	if (!at)
		fail_msg("%s: there is no %s to change", d->name, d->from);
	buf_init(&out, 8 * MIB);
	buf_add(&out, BYTES((const uint8_t *)text, (size_t)(at - text)));
	buf_text(&out, d->to);
	buf_text(&out, at + strlen(d->from));
	put(journal, buf_bytes(&out));
	buf_release(&good);
	buf_release(&out);
}

static void an_altered_line_is_found(void **state)
{
	(void)state;
	failures = 0;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		write_damaged(&damages[i]);
		report_all(damages[i].name, 78, "journal.jsonl:", damages[i].why);
	}
	assert_int_equal(failures, 0);
}

static void a_torn_last_line_is_left_out_wherever_it_is_cut(void **state)
{
	struct buf good;
	size_t from;

	(void)state;
	failures = 0;
	read_in(GOOD, &good);
	from = good.len;
	while (good.data[from - 2] != '\n')
		from--;
	for (size_t len = from - 1; len < good.len; len += 7) {
		struct end end;

		put(journal, BYTES(good.data, len));
		report(&end, "text");
		judge("cut off", &end, 0, "", NULL);
	}
	/* nothing but a torn first line: no run began here */
	put(journal, BYTES(good.data, 100));
	report_all("a first line that is torn", 78, "journal.jsonl:1", "no run began");
	buf_release(&good);
	assert_int_equal(failures, 0);
}

static void fill(const char *before, char fill, size_t count, const char *after)
{
	struct buf out;

	buf_init(&out, 8 * MIB);
	buf_text(&out, before);
	for (size_t i = 0; i < count; i++)
		buf_u8(&out, (uint8_t)fill);
	buf_text(&out, after);
	assert_false(out.failed);
	put(journal, buf_bytes(&out));
	buf_release(&out);
}

static void what_is_no_journal_is_recognised(void **state)
{
	(void)state;
	failures = 0;
	unlink(journal);
	report_all("missing", 78, folder, "no journal.jsonl");
	mkfifo(journal, 0666);
	report_all("a fifo", 78, folder, "no journal.jsonl");
	unlink(journal);
	mkdir(journal, 0777);
	report_all("a folder", 78, folder, "no journal.jsonl");
	rmdir(journal);
	assert_int_equal(symlink("/dev/zero", journal), 0);
	report_all("/dev/zero", 78, folder, "no journal.jsonl");
	unlink(journal);
	assert_int_equal(symlink("journal.jsonl", journal), 0);
	report_all("a loop of links", 78, folder, "no journal.jsonl");
	fill("", 0, 0, "");
	report_all("empty", 78, "journal.jsonl:1", "no run began");
	fill("", 0, 100, "\n");
	report_all("zeros", 78, "journal.jsonl:1", "not a JSON object");
	fill("", '[', 100000, "\n");
	report_all("100 000 brackets", 78, "journal.jsonl:1", "not a JSON object");
	fill("{\"seq\":0,\"prev\":\"", '0', 64, "\",\"type\":\"run\"}\r\n");
	report_all("a run without anything", 78, "journal.jsonl:1", NULL);
	fill("{\"a\":\"", 'x', 3 * MIB, "\"}\n");
	report_all("a line of 3 MB", 78, "journal.jsonl:1", "longer than");
	fill("", 'x', 3 * MIB, "");
	report_all("3 MB without a line", 78, "journal.jsonl:1", "longer than");
	assert_int_equal(failures, 0);
}

#define RUN_LINE \
	"{'type':'run','format':1,'name':'n','version':'v','host':'h','simulated':true," \
	"'rig':'r','target':'t','protocol':'p','phone':'q','devices':[],'wall_start_ns'" \
	":0," \
	"'origin_ns':0,'seed':'1','u_ns':0,'confidence':0.95}"
#define CASE_LINE \
	"{'type':'case','suite':'s','id':'i','title':'t','requirements':[],'claims':[]," \
	"'trials':2,'warmup':0,'skip':null}"
#define ATTEMPT_LINE(trial, points) \
	"{'type':'attempt','suite':'s','case':'i','trial':" trial \
	",'attempt':0,'warmup':false,'started_ns':0,'ended_ns':1,'outcome':'DONE','" \
	"kind':''," \
	"'detail':'','complaint':'','overflow':false,'points':{" points "},'values':{}}"

/* Lies under a chain that holds; ' stands for ". The last line is the wrong one. */
static const struct lie {
	const char *name;
	const char *lines[4];
	const char *why;
} lies[] = {
	{ "no run", { CASE_LINE }, "must be of type run" },
	{ "two runs", { RUN_LINE, RUN_LINE }, "a second \"run\" line" },
	{ "an unknown type", { RUN_LINE, "{'type':'x'}" }, "\"type\" must be" },
	{ "no type", { RUN_LINE, "{}" }, "\"type\" must be" },
	{ "a type of another type", { RUN_LINE, "{'type':[]}" }, "\"type\" must be" },
	{ "a case twice", { RUN_LINE, CASE_LINE, CASE_LINE }, "is there twice" },
	{ "nobody planned it", { RUN_LINE, ATTEMPT_LINE("0", "") }, "was not planned" },
	{ "a trial too many", { RUN_LINE, CASE_LINE, ATTEMPT_LINE("2", "") }, "trial 2" },
	{ "a trial left out",
	  { RUN_LINE, CASE_LINE, ATTEMPT_LINE("1", "") },
	  "cannot follow" },
	{ "a negative trial", { RUN_LINE, CASE_LINE, ATTEMPT_LINE("-1", "") }, "trial" },
	{ "a trial of a text",
	  { RUN_LINE, CASE_LINE, ATTEMPT_LINE("'0'", "") },
	  "trial" },
	{ "a point of one number",
	  { RUN_LINE, CASE_LINE, ATTEMPT_LINE("0", "'a':[1]") },
	  "a pair" },
	{ "a point of the end of time",
	  { RUN_LINE, CASE_LINE, ATTEMPT_LINE("0", "'a':[9223372036854775807,0]") },
	  "whole number" },
	{ "a point before slack",
	  { RUN_LINE, CASE_LINE, ATTEMPT_LINE("0", "'a':[1,-1]") },
	  "whole number" },
	{ "a point with a long name",
	  { RUN_LINE, CASE_LINE,
	    ATTEMPT_LINE("0", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa':[1,1]") },
	  "named by" },
	{ "a point without a name",
	  { RUN_LINE, CASE_LINE, ATTEMPT_LINE("0", "'':[1,1]") },
	  "named by" },
	{ "a note of nothing",
	  { RUN_LINE, "{'type':'note','text':1}" },
	  "must be a text" },
	{ "no end of ours",
	  { RUN_LINE, "{'type':'end','ended':'x','why':null,'wall_end_ns':0}" },
	  "complete, interrupted or drained" },
	{ "another format",
	  { "{'type':'run','format':2,'name':'n'}" },
	  "\"format\" 2, this program reads" },
};

static void lie(const struct lie *l)
{
	struct journal *j;
	struct err err = { 0 };

	unlink(journal);
	if (journal_create(&j, journal, &err))
		fail_msg("%s", err.text);
	for (int i = 0; i < 4 && l->lines[i]; i++) {
		char text[1000];
		json_t *line;

		snprintf(text, sizeof(text), "%s", l->lines[i]);
		for (char *c = text; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		line = json_loads(text, 0, NULL);
		assert_non_null(line);
		assert_int_equal(journal_append(j, line, &err), 0);
	}
	journal_close(j);
}

static void a_lie_under_a_good_chain_is_refused_at_its_line(void **state)
{
	(void)state;
	failures = 0;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		char where[40];
		struct end end;
		int last = 0;

		while (last < 4 && lies[i].lines[last])
			last++;
		snprintf(where, sizeof(where), "journal.jsonl:%d:", last);
		lie(&lies[i]);
		report(&end, "text");
		judge(lies[i].name, &end, 78, where, lies[i].why);
	}
	assert_int_equal(failures, 0);
}

/* Texts come from devices and files: no report lets them out as they are. */
static void no_text_drives_the_terminal(void **state)
{
	static const struct lie escapes = {
		"escapes",
		{ RUN_LINE,
		  "{'type':'case','suite':'s\\u001b[31m','id':'i\\u0007','title':'"
		  "\\u202et',"
		  "'requirements':['\\u009b'],'claims':[],'trials':1,'warmup':0,'skip':"
		  "null}",
		  "{'type':'note','text':'\\u001b]0;x\\u0007'}",
		  "{'type':'attempt','suite':'s\\u001b[31m','case':'i\\u0007','trial':0,"
		  "'attempt':0,'warmup':false,'started_ns':0,'ended_ns':1,"
		  "'outcome':'REFUSED','kind':'\\u001b[31m','detail':'\\u009b\\r\\n','"
		  "complaint':'\\u202e',"
		  "'overflow':false,'points':{'activated':[1,0],'control_flow.answered':["
		  "9,0]},'values':{}}" },
		NULL
	};
	/* JSON and JUnit are for programs; their own rules of quoting are tested with them */
	static const char *const formats[] = { "text", "csv", "hlog" };

	(void)state;
	failures = 0;
	lie(&escapes);
	for (int i = 0; i < 3; i++) {
		struct buf shown;
		struct end end;
		char path[200];

		report(&end, formats[i]);
		judge("escapes", &end, 0, "", NULL);
		in_dir(path, "shown");
		read_in(path, &shown);
		if (!strstr(buf_str(&shown), "[31m")) /* it is there, but tame */
			complain(formats[i], "does not show it at all", buf_str(&shown));
		if (!tame(buf_str(&shown)) || strstr(buf_str(&shown), "\xc2\x9b") ||
		    strstr(buf_str(&shown), "\xe2\x80\xae"))
			complain(formats[i], "drives the terminal", buf_str(&shown));
		buf_release(&shown);
	}
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_altered_line_is_found),
		cmocka_unit_test(a_torn_last_line_is_left_out_wherever_it_is_cut),
		cmocka_unit_test(what_is_no_journal_is_recognised),
		cmocka_unit_test(a_lie_under_a_good_chain_is_refused_at_its_line),
		cmocka_unit_test(no_text_drives_the_terminal),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_folder, remove_dir);
}
