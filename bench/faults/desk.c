#include "bench/core/buf.h"
#include "bench/core/fs.h"
#include "bench/faults/campaign.h"
#include "bench/faults/syncs.h"
#include "results/journal.h"
#include "results/record.h"
#include "results/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The program keybench itself on an emulated desk of its own: a rig file with the fault in it, a suite, and then the
 * journal against the desk's log.
 */
/* What the rig states; machines that run many desks at once are late. */
#define U_NS (25 * NS_PER_MS)
/* A busy machine is no finding: a tap must be off by more than this before it is one. */
#define FAR_NS (700 * NS_PER_MS)

static const char suite_text[] =
	"suite: faults\n"
	"needs: [reader, positioner%s]\n"
	"%s"
	"cases:\n"
	"  - id: fast\n"
	"    trials: {count: %d}\n"
	"    steps:\n"
	"      - can_send: {message: WakeUp, signals: {Reason: DoorHandle, Stay: 4}}\n"
	"      - approach\n"
	"      - select\n"
	"      - transact: {kind: fast}\n"
	"%s"
	"    expect: [p50(tap) <= %s]\n"
	"  - id: standard\n"
	"    trials: {count: 2}\n"
	"    steps:\n"
	"      - can_send: {message: WakeUp, signals: {Reason: DoorHandle, Stay: 4}}\n"
	"      - approach\n"
	"      - select\n"
	"      - transact: {kind: standard}\n";
static const char announced[] =
	"      - can_expect: {message: DoorStatus, signal: Lock, equals: Unlocked}\n";
#define TRIALS 7
#define MORE 20 /* until the journal is longer than anything that was written before it */

static void put(const char *dir, const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f)) {
		perror(path);
		_exit(1);
	}
}

/* What a fault of the desk's chip must say beside its name. */
static const char *chip_more(int kind)
{
	const char *name = campaign_kind_names[kind];

	return !strcmp(name, "late")     ? ", by: 300 ms"
	       : !strcmp(name, "wtx")    ? ", for: 2"
	       : !strcmp(name, "status") ? ", value: 0x02"
					 : "";
}

/* A rig of ours, as it is delivered, with the fault behind it. */
static void write_rig(const struct scenario *s, const char *dir)
{
	const char *from = s->as_phone ? "fixtures/rigs/emulated-b.yaml"
			   : s->phone == PHONE_LIAR
				   ? "fixtures/rigs/self/wrong-signature.yaml"
			   : s->role == RIG_SENSOR ? "fixtures/rigs/emulated-sensor.yaml"
						   : "fixtures/rigs/emulated-a.yaml";
	struct err err = { 0 };
	char fault[300] = "";
	struct buf text;
	char *u, *desk;

	buf_init(&text, CONF_MAX_BYTES);
	if (fs_read(from, CONF_MAX_BYTES, &text, &err)) {
		fprintf(stderr, "%s\n", err.text);
		_exit(1);
	}
	if (s->role < RIG_ROLE_COUNT)
		snprintf(fault, sizeof(fault),
			 "\nfaults:\n  - {role: %s, do: %s, call: %s, at: %" PRId64
			 ", times: %" PRId64 ", by: %" PRId64
			 " ms, stays: %s, late: %s}\n",
			 campaign_role_names[s->role], campaign_kind_names[s->kind],
			 s->plan.call, s->plan.nth, s->plan.times,
			 s->plan.by_ns / NS_PER_MS, s->plan.stays ? "yes" : "no",
			 s->plan.too_late && s->kind == FAULT_ERROR ? "yes" : "no");
	desk = strstr((char *)text.data, "  faults: []");
	if (s->role == CAMPAIGN_CHIP && desk) {
		text.len = (size_t)(desk - (char *)text.data);
		snprintf(fault, sizeof(fault),
			 "  faults: [{device: reader0, at: {exchange: %" PRId64
			 "}, do: %s%s}]\n",
			 s->plan.nth, campaign_kind_names[s->kind], chip_more(s->kind));
	}
	buf_add(&text, BYTES((const uint8_t *)fault, strlen(fault)));
	buf_u8(&text, '\0');
	u = strstr((char *)text.data, "uncertainty: ");
	if (u) /* as many characters as "8 ms" has */
		memcpy(u + 13, "25ms", 4);
	if (u && u[17] != '\n') /* or as "15 ms" */
		u[17] = ' ';
	put(dir, "rig.yaml", (char *)text.data);
	buf_release(&text);
}

static void write_suite(const struct scenario *s, const char *dir)
{
	char text[2000];

	snprintf(text, sizeof(text), suite_text, s->as_phone ? ", bus" : "",
		 s->as_phone ? "" : "wants: [bus]\n",
		 s->kind == FAULT_DISK_FULL ? 5 + MORE : 5, s->as_phone ? announced : "",
		 s->phone == PHONE_SLOW ? "20 ms" : "4 s");
	put(dir, "suite.yaml", text);
}

static const char *program_dir(void)
{
	const char *bin = getenv("KEYBENCH_BIN");

	return bin ? bin : "build/bin";
}

/* A disk of ours is full when a file has so many bytes; the desk's log is on another one. */
static void fill_disk(const struct scenario *s, const char *dir)
{
	struct rlimit limit;
	char text[600], path[200];

	snprintf(text, sizeof(text),
		 "#!/bin/sh\nulimit -S -f unlimited\nexec '%s/keybench-emu' \"$@\"\n",
		 program_dir());
	put(dir, "emu", text);
	snprintf(path, sizeof(path), "%s/emu", dir);
	chmod(path, 0700);
	setenv("KEYBENCH_EMU", path, 1);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = (rlim_t)(12500 + 300 * s->plan.nth);
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void become_keybench(const struct scenario *s, const char *dir)
{
	char program[300], rig[200], suite[200], runs[200], seed[24], out[200];
	int fd;

	snprintf(out, sizeof(out), "%s/out", dir);
	fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	snprintf(program, sizeof(program), "%s/keybench", program_dir());
	snprintf(rig, sizeof(rig), "%s/rig.yaml", dir);
	snprintf(suite, sizeof(suite), "%s/suite.yaml", dir);
	snprintf(runs, sizeof(runs), "%s/runs", dir);
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)s->seed);
	if (s->kind == FAULT_DISK_FULL)
		fill_disk(s, dir);
	execl(program, "keybench", "run", suite, "--rig", rig, "--target",
	      "fixtures/profiles/target/example.yaml", "--seed", seed, "--runs", runs,
	      NULL);
	perror(program);
	_exit(127);
}

/* @return its exit status, or -1 when it did not end by itself */
static int run_keybench(const struct scenario *s, const char *dir, struct finding *f)
{
	struct syncs syncs = { .nth = s->plan.nth, .times = s->plan.times };
	int status = 0, ends[2];
	pid_t pid;

	fflush(NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -1;
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		alarm(0);
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* the watchdog ends us both */
		if (s->kind == FAULT_FSYNC)
			syncs_give(ends[1]);
		become_keybench(s, dir);
	}
	close(ends[1]);
	status = syncs_serve(s->kind == FAULT_FSYNC ? syncs_take(ends[0]) : -1, pid,
			     &syncs);
	if (s->kind != FAULT_FSYNC)
		close(ends[0]);
	f->strikes = (int)syncs.failed;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* JSON Lines, whole lines of it. @return an array */
static json_t *read_lines(const char *path)
{
	json_t *all = json_array();
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0) {
		json_t *o = json_loads(line, 0, NULL);

		if (o)
			json_array_append_new(all, o);
	}
	free(line);
	if (f)
		fclose(f);
	return all;
}

struct check {
	const struct scenario *s;
	const char *dir;
	struct finding *f;
	const json_t *truth, *strikes;
	int64_t origin_ns;
	int taps;
	bool ended, marked;
};

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static int64_t number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static bool is_tap(const json_t *t)
{
	return !strcmp(text_of(t, "what"), "relay") && number_of(t, "channel") == 1 &&
	       json_is_true(json_object_get(t, "on"));
}

/* Taps of the truth: when the first channel goes on. */
static int count_taps(const json_t *truth, int64_t from_ns, int64_t to_ns)
{
	bool on = false;
	int n = 0;

	for (size_t i = 0; i < json_array_size(truth); i++) {
		const json_t *t = json_array_get(truth, i);

		if (strcmp(text_of(t, "what"), "relay") != 0 ||
		    number_of(t, "channel") != 1)
			continue;
		n += is_tap(t) && !on && number_of(t, "t") >= from_ns &&
		     number_of(t, "t") <= to_ns;
		on = is_tap(t);
	}
	return n;
}

/* Did the vehicle open in that time, in a transaction of that kind? */
static const json_t *find_opened(const struct check *c, int64_t from_ns, int64_t to_ns,
				 const char *kind)
{
	for (size_t i = 0; i < json_array_size(c->truth); i++) {
		const json_t *t = json_array_get(c->truth, i);
		const char *what = text_of(t, "what");

		if (number_of(t, "t") < from_ns || number_of(t, "t") > to_ns)
			continue;
		if (c->s->as_phone && !strcmp(what, "transaction") &&
		    json_is_true(json_object_get(t, "opened")) &&
		    !strcmp(text_of(t, "kind"), kind))
			return t;
		if (!c->s->as_phone && !strcmp(what, "answer") &&
		    !strcmp(text_of(t, "command"), "control_flow") &&
		    !strcmp(text_of(t, "sw"), "9000"))
			return t;
	}
	return NULL;
}

static int64_t activated_before(const struct check *c, int64_t before_ns)
{
	int64_t at = 0;

	for (size_t i = 0; i < json_array_size(c->truth); i++) {
		const json_t *t = json_array_get(c->truth, i);

		if (number_of(t, "t") <= before_ns &&
		    !strcmp(text_of(t, "what"), "activated"))
			at = number_of(t, "t");
	}
	return at;
}

static void check_done(struct check *c, const struct record_attempt *r,
		       const struct attempt *a)
{
	/* the module says so a moment after it heard our last answer */
	const json_t *opened =
		find_opened(c, r->started_ns + c->origin_ns,
			    r->ended_ns + c->origin_ns + NS_PER_S, a->kind);
	const struct attempt_point *from = attempt_find(a, "activated"),
				   *to = attempt_find(a, "control_flow.answered");
	int64_t off;

	if (!opened || !from || !to) {
		finding_wrong(c->f, "%s %d is DONE, and nothing opened", r->case_id,
			      r->trial);
		return;
	}
	off = (to->at_ns - from->at_ns) -
	      (number_of(opened, "t") - activated_before(c, number_of(opened, "t")));
	if (off > FAR_NS || off < -FAR_NS)
		finding_wrong(c->f, "%s %d: its tap is %.0f ms off", r->case_id, r->trial,
			      (double)off / 1e6);
}

/* How long the machine kept the desk from what was due, by the desk's own word. */
static int64_t late_in(const struct check *c, const struct record_attempt *r)
{
	int64_t all_ns = 0;

	for (size_t i = 0; i < json_array_size(c->truth); i++) {
		const json_t *t = json_array_get(c->truth, i);
		const char *what = text_of(t, "what");
		int64_t at = number_of(t, "t") - c->origin_ns;

		if (at >= r->started_ns && at <= r->ended_ns &&
		    (!strcmp(what, "late") || !strcmp(what, "line_late")))
			all_ns += number_of(t, "late_ns");
	}
	return all_ns;
}

/* Does it say that something came too late, or nobody knows when? */
static bool says_late(const struct attempt *a)
{
	static const char *const words[] = { "ms off",  "in time",   "within", "too late",
					     "timeout", "timed out", "did not" };
	const char *said = a->complaint[0] ? a->complaint : a->detail;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(said, words[i]))
			return true;
	return false;
}

/* Of the bench's devices, or of the desk's own. */
static bool struck_in(const struct check *c, const struct record_attempt *r)
{
	const json_t *const logs[] = { c->strikes, c->truth };

	for (int log = 0; log < 2; log++)
		for (size_t i = 0; i < json_array_size(logs[log]); i++) {
			const json_t *o = json_array_get(logs[log], i);
			int64_t at = number_of(o, "t") - c->origin_ns;

			if (log == 1 && strcmp(text_of(o, "what"), "fault") != 0)
				continue;
			if (at >= r->started_ns && at <= r->ended_ns)
				return true;
		}
	return false;
}

/* An attempt that no fault struck, that came to no good end, and that the machine held up. */
static bool is_late(const struct check *c, const struct record_attempt *r,
		    const struct attempt *a)
{
	return (a->outcome != OUTCOME_DONE || a->complaint[0]) && !struck_in(c, r) &&
	       says_late(a) && late_in(c, r) > U_NS;
}

static void check_attempt(struct check *c, const struct record_attempt *r,
			  const struct attempt *a)
{
	bool targets = scenario_is_targets(c->s) && c->f->strikes > 0;
	bool blamed = a->outcome == OUTCOME_REFUSED || a->outcome == OUTCOME_RF_ERROR ||
		      a->complaint[0];

	c->f->attempts++;
	c->f->outcomes[a->outcome]++;
	c->taps += count_taps(c->truth, r->started_ns + c->origin_ns,
			      r->ended_ns + c->origin_ns);
	if (is_late(c, r, a))
		c->f->late++;
	else if (blamed && c->s->phone == PHONE_HONEST && !targets)
		finding_wrong(c->f, "%s %d blames an honest target: %s %s%s%s",
			      r->case_id, r->trial, outcome_name(a->outcome), a->detail,
			      a->complaint[0] ? "; " : "", a->complaint);
	if (a->outcome == OUTCOME_DONE && !a->complaint[0])
		check_done(c, r, a);
}

static int check_line(void *ctx, json_t *line, int line_no, struct err *err)
{
	const char *type = text_of(line, "type");
	struct record_recovery recovery;
	struct check *c = ctx;
	struct record_attempt r;
	struct attempt a;
	const char *note;

	(void)line_no;
	c->ended = !strcmp(type, "end");
	if (!strcmp(type, "run"))
		c->origin_ns = number_of(line, "origin_ns");
	if (!strcmp(type, "note") && !record_note_parse(&note, line, err))
		c->marked = c->marked || strstr(note, "faults are planted");
	if (!strcmp(type, "recovery") && !record_recovery_parse(&recovery, line, err))
		c->f->recoveries += recovery.proved;
	if (strcmp(type, "attempt") != 0)
		return 0;
	if (record_attempt_parse(&r, &a, line, err))
		return ERR_FORMAT;
	check_attempt(c, &r, &a);
	return 0;
}

static void check_journal(struct check *c, const struct store_run *run)
{
	bool disk = c->s->role == CAMPAIGN_DISK && c->f->strikes, torn = false;
	char path[sizeof(run->path) + 64];
	struct err err = { 0 };
	int all = count_taps(c->truth, 0, INT64_MAX);

	store_path(run, "journal.jsonl", path, sizeof(path));
	if (journal_read(path, check_line, c, &torn, &err))
		finding_wrong(c->f, "the journal: %s", err.text);
	if ((torn || !c->ended) && !disk)
		finding_wrong(c->f, "the journal is torn, or has no end");
	if (all - c->taps > (disk ? 1 : 0))
		finding_wrong(c->f, "%d of %d taps are in no attempt", all - c->taps,
			      all);
	if (!c->marked && c->s->role < RIG_ROLE_COUNT)
		finding_wrong(c->f, "no note says that faults are planted");
}

/* The desk's last words: it saw the relays drop. */
static void check_end(struct check *c)
{
	const json_t *end = NULL;

	for (size_t i = 0; i < json_array_size(c->truth); i++)
		if (!strcmp(text_of(json_array_get(c->truth, i), "what"), "end"))
			end = json_array_get(c->truth, i);
	if (!end)
		finding_wrong(c->f, "the desk did not come to its end");
	else if (number_of(end, "relays"))
		finding_wrong(c->f, "relays on at the end: %#llx",
			      (unsigned long long)number_of(end, "relays"));
}

/* Did keybench say that? */
static bool said(const char *dir, const char *what)
{
	char path[200], line[600];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/out", dir);
	f = fopen(path, "r");
	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, what);
	if (f)
		fclose(f);
	return found;
}

static void check_run(struct check *c, const struct store_run *run, int status)
{
	struct err err = { 0 };
	struct summary *s;

	if (summary_read(&s, run, &err)) {
		finding_wrong(c->f, "no summary: %s", err.text);
		return;
	}
	c->f->verdict = s->verdict;
	c->f->drained = !strcmp(s->ended, "drained");
	/* what the disk could not keep is an error of the bench, whatever the journal says so far */
	if (c->s->kind == FAULT_DISK_FULL && said(c->dir, strerror(EFBIG)))
		c->f->strikes = 1;
	if (c->s->role == CAMPAIGN_DISK && c->f->strikes) {
		if (s->verdict != VERDICT_FAIL)
			c->f->verdict = VERDICT_BENCH_ERROR;
	}
	if (status != (int)verdict_exit(c->f->verdict))
		finding_wrong(c->f, "status %d, and the verdict is %s", status,
			      verdict_name(c->f->verdict));
	if (!s->simulated)
		finding_wrong(c->f, "not marked as simulated");
	if (!strcmp(s->ended, "complete") && s->attempts < TRIALS && !c->f->strikes)
		finding_wrong(c->f, "complete with %zu attempts of %d", s->attempts,
			      TRIALS);
	summary_free(s);
	check_journal(c, run);
}

void desk_run(const struct scenario *s, const char *dir, struct finding *f)
{
	struct check c = { .s = s, .dir = dir, .f = f };
	char pattern[200], path[sizeof(((struct store_run *)0)->path) + 64];
	json_t *strikes, *truth;
	struct store_run run;
	struct err err = { 0 };
	glob_t found;
	int status;

	f->verdict = VERDICT_BENCH_ERROR;
	write_rig(s, dir);
	write_suite(s, dir);
	status = run_keybench(s, dir, f);
	snprintf(pattern, sizeof(pattern), "%s/runs/*", dir);
	if (status < 0 || glob(pattern, 0, NULL, &found)) {
		finding_wrong(f, "keybench made no run: status %d", status);
		return;
	}
	if (store_open_run(&run, found.gl_pathv[0], &err)) {
		/* a disk that did not even take the inputs leaves no run, and nothing has moved */
		if (!f->strikes || status != EXIT_BENCH_ERROR)
			finding_wrong(f, "status %d, and %s", status, err.text);
		globfree(&found);
		return;
	}
	globfree(&found);
	truth = read_lines(store_path(&run, "truth.jsonl", path, sizeof(path)));
	strikes = read_lines(store_path(&run, "faults.jsonl", path, sizeof(path)));
	c.truth = truth;
	c.strikes = strikes;
	f->strikes += (int)json_array_size(strikes);
	for (size_t i = 0; i < json_array_size(truth); i++) /* the desk's own */
		f->strikes += !strcmp(text_of(json_array_get(truth, i), "what"), "fault");
	check_run(&c, &run, status);
	finding_judge(f, s);
	check_end(&c);
	json_decref(truth);
	json_decref(strikes);
}
