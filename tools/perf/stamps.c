#include "tools/perf/perf.h"

#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

/*
 * A run on the emulated desk. What its worker stamped against the desk's own log: "sent"
 * is when the last byte of a command reached the chip, "answered" when the last byte of
 * its response reached the host's end of the line. Meanwhile this process sleeps and
 * looks how late it wakes up: the machine's part in it.
 *
 * The desk is a process too, and its being held up is no error of the bench. How late it
 * wrote a response it knows, which moves the truth of "answered". How late it read a
 * command it can only bound, by its waiting for a processor: such a "sent" is left out,
 * and counted.
 */
#define TRIALS 110 /* three exchanges each: enough for a p99 although some are left out */
#define P99_LEAST 299
#define TRIALS_LEAST 6
#define BYTE_NS (10 * NS_PER_S / 115200)
#define FRAME_BYTES 8 /* around a response: preamble, length, direction, checksums */
#define EXCHANGE "40" /* InDataExchange, and its response */
#define EXCHANGED "41"
#define WAKE_EVERY_NS NS_PER_MS

struct moment {
	int64_t sent_ns, answered_ns;
	bool held; /* the desk may have read the command late */
};

struct moments {
	struct moment *at;
	size_t n, cap;
	bool open;     /* the last one has no answer yet */
	bool held;     /* what was read last may have been read late */
	bool answered; /* what is written next is the last one's answer */
};

struct stamps {
	struct moments truth;
	struct series sent, answered, wake;
	int64_t origin_ns;
	size_t next;   /* of .truth */
	size_t beyond; /* further off than their slack */
	size_t compared, left_out;
	int64_t slack_ns; /* the largest that was stated */
};

static int64_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
	const char *t = json_string_value(json_object_get(o, key));

	return t ? t : "";
}

static int add_moment(struct moments *m, int64_t sent_ns, struct err *err)
{
	if (m->n == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 256;
		struct moment *more = reallocarray(m->at, cap, sizeof(*more));

		if (!more)
			return err_set(err, ERR_NOMEM, "no memory");
		m->at = more;
		m->cap = cap;
	}
	m->at[m->n++] = (struct moment){ .sent_ns = sent_ns, .held = m->held };
	m->held = false;
	m->open = true;
	return 0;
}

static void take_lateness(struct moments *m, const json_t *line)
{
	if (strcmp(text(line, "dir"), "in") == 0)
		m->held = true;
	else if (m->answered)
		m->at[m->n - 1].answered_ns += number(line, "late_ns");
	if (strcmp(text(line, "dir"), "out") == 0)
		m->answered = false;
}

static int take_truth(struct stamps *s, const json_t *line, struct err *err)
{
	struct moments *m = &s->truth;
	int64_t bytes = number(line, "bytes");

	if (strcmp(text(line, "device"), "reader0") != 0)
		return 0;
	if (strcmp(text(line, "what"), "line_late") == 0)
		take_lateness(m, line);
	if (strcmp(text(line, "what"), "frame") != 0)
		return 0;
	if (strcmp(text(line, "dir"), "in") == 0)
		m->answered = false;
	if (strcmp(text(line, "code"), EXCHANGE) == 0)
		return add_moment(m, number(line, "t"), err);
	m->held = false; /* that was another command */
	if (strcmp(text(line, "code"), EXCHANGED) == 0 && m->open) {
		m->at[m->n - 1].answered_ns =
			number(line, "t") +
			(bytes + FRAME_BYTES + (bytes > 254 ? 3 : 0)) * BYTE_NS;
		m->open = false;
		m->answered = true;
	}
	return 0;
}

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

/* One stamp [at, slack] against its truth. */
static int compare(struct stamps *s, struct series *errors, const json_t *stamp,
		   int64_t truth_ns, struct err *err)
{
	int64_t at = json_integer_value(json_array_get(stamp, 0)) + s->origin_ns;
	int64_t slack = json_integer_value(json_array_get(stamp, 1));
	int64_t off = llabs(at - truth_ns);

	s->compared++;
	s->beyond += off > slack;
	if (slack > s->slack_ns)
		s->slack_ns = slack;
	return series_add(errors, off, err);
}

static int take_points(struct stamps *s, json_t *points, struct err *err)
{
	const char *name;
	json_t *stamp;
	int rc = 0;

	json_object_foreach(points, name, stamp)
	{
		const struct moment *truth = &s->truth.at[s->next];
		bool sent = ends_in(name, ".sent");

		if (!sent && !ends_in(name, ".answered"))
			continue;
		if (s->next == s->truth.n)
			return err_set(err, ERR_FORMAT,
				       "more exchanges were measured than the desk saw");
		if (!sent)
			rc = compare(s, &s->answered, stamp, truth->answered_ns, err);
		else if (!truth->held)
			rc = compare(s, &s->sent, stamp, truth->sent_ns, err);
		s->left_out += sent && truth->held;
		s->next += !sent;
		if (rc)
			return rc;
	}
	return 0;
}

static int take_journal(struct stamps *s, const json_t *line, struct err *err)
{
	if (strcmp(text(line, "type"), "run") == 0)
		s->origin_ns = number(line, "origin_ns");
	if (strcmp(text(line, "type"), "attempt") != 0)
		return 0;
	return take_points(s, json_object_get(line, "points"), err);
}

static int each_line(struct stamps *s, const char *folder, const char *name,
		     int (*take)(struct stamps *s, const json_t *line, struct err *err),
		     struct err *err)
{
	char pattern[160], *line = NULL;
	size_t size = 0;
	glob_t found;
	FILE *f;
	int rc = 0;

	snprintf(pattern, sizeof(pattern), "%s/stamps/*/%s", folder, name);
	if (glob(pattern, 0, NULL, &found))
		return err_set(err, ERR_IO, "the run left no %s", name);
	f = fopen(found.gl_pathv[0], "r");
	globfree(&found);
	if (!f)
		return err_set(err, ERR_IO, "%s: %s", name, strerror(errno));
	while (!rc && getline(&line, &size, f) > 0) {
		json_t *o = json_loads(line, 0, NULL);

		rc = o ? take(s, o, err)
		       : err_set(err, ERR_FORMAT, "%s: a line is no JSON", name);
		json_decref(o);
	}
	free(line);
	fclose(f);
	return rc;
}

/* Until the run is over: how late does a sleeper wake up? */
static int watch(struct stamps *s, pid_t pid, struct err *err)
{
	struct timespec until;
	int status, rc = 0;
	pid_t ended;

	prctl(PR_SET_TIMERSLACK, 1UL);
	clock_gettime(CLOCK_MONOTONIC, &until);
	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && !rc) {
		struct timespec now;
		int64_t late;

		until.tv_nsec += WAKE_EVERY_NS;
		until.tv_sec += until.tv_nsec / NS_PER_S;
		until.tv_nsec %= NS_PER_S;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		late = (now.tv_sec - until.tv_sec) * NS_PER_S + now.tv_nsec -
		       until.tv_nsec;
		rc = series_add(&s->wake, late, err);
		until = now;
	}
	if (ended == 0) {
		kill(pid, SIGTERM);
		waitpid(pid, &status, 0);
	}
	if (!rc && (!WIFEXITED(status) || WEXITSTATUS(status)))
		rc = err_set(err, ERR_IO, "the run ended with status %d",
			     WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return rc;
}

static int run(struct perf *p, struct stamps *s, struct err *err)
{
	static const char suite[] =
		"suite: perf-stamps\nneeds: [reader, positioner]\ncases:\n"
		"  - id: taps\n    trials: {count: 100}\n    steps: "
		"[approach, select, transact: {kind: fast}]\n";
	int trials = (int)(TRIALS * p->share);
	char path[128], runs[120], count[16];
	const char *argv[] = { "keybench", "run",     path,     "--rig", "emulated-a",
			       "--target", "example", "--seed", "1",     "--trials",
			       count,      "--runs",  runs,     NULL };
	pid_t pid;
	int rc = perf_file(p, "stamps.yaml", suite, path, err);

	snprintf(runs, sizeof(runs), "%s/stamps", p->folder);
	snprintf(count, sizeof(count), "%d",
		 trials < TRIALS_LEAST ? TRIALS_LEAST : trials);
	if (!rc)
		rc = perf_start(&pid, NULL, argv, err);
	return rc ? rc : watch(s, pid, err);
}

static void tell_one(struct perf *p, const char *what, struct series *errors,
		     struct series *wake, double q, const char *quantile)
{
	double off = (double)series_quantile(errors, q);
	double late = (double)series_quantile(wake, q < 1 ? q : 0.99);
	struct row *r = table_row(p->table, "error of '%s', %s of %zu", what, quantile,
				  errors->n);
	char time[24];

	row_time(r->measured, sizeof(r->measured), off);
	row_time(time, sizeof(time), late);
	snprintf(r->reference, sizeof(r->reference), "%s wake-up %s", time,
		 q < 1 ? quantile : "p99");
	if (q < 1)
		row_ratio(r, off / late, 0);
}

/* A maximum of few has no counterpart among very many wake-ups: no ratio. */
static void tell(struct perf *p, const char *what, struct series *errors,
		 struct series *wake)
{
	tell_one(p, what, errors, wake, 0.5, "median");
	if (errors->n >= P99_LEAST)
		tell_one(p, what, errors, wake, 0.99, "p99");
	else
		tell_one(p, what, errors, wake, 1, "maximum");
}

/*
 * The slack states what 99 in 100 stamps keep on a machine that is not held up; it cannot
 * know how long a process waits for a processor. So there is an aim when the machine
 * itself kept it: when 99 in 100 sleepers woke up within the slack.
 */
static void tell_beyond(struct perf *p, const struct stamps *s)
{
	struct row *r = table_row(p->table, "stamps further off than their slack");
	double share = s->compared ? (double)s->beyond / (double)s->compared : 0;
	size_t late = 0;
	double wake;

	for (size_t i = 0; i < s->wake.n; i++)
		late += s->wake.ns[i] > s->slack_ns;
	wake = s->wake.n ? (double)late / (double)s->wake.n : 0;
	snprintf(r->measured, sizeof(r->measured), "%.1f %%", 100 * share);
	snprintf(r->reference, sizeof(r->reference), "%.1f %% wake-ups as late (%.0f us)",
		 100 * wake, (double)s->slack_ns / 1e3);
	if (late)
		row_ratio(r, share / wake, 0);
	if (wake > 0.01 || s->compared < P99_LEAST)
		return;
	snprintf(r->aim, sizeof(r->aim), "<= 1 %%");
	r->missed = share > 0.01;
}

int perf_stamps(struct perf *p, struct err *err)
{
	struct stamps s = { 0 };
	int rc = run(p, &s, err);
	struct row *r;

	if (!rc)
		rc = each_line(&s, p->folder, "truth.jsonl", take_truth, err);
	if (!rc)
		rc = each_line(&s, p->folder, "journal.jsonl", take_journal, err);
	if (!rc) {
		tell(p, "sent", &s.sent, &s.wake);
		tell(p, "answered", &s.answered, &s.wake);
		tell_beyond(p, &s);
		r = table_row(p->table, "left out: 'sent' while the desk was held up");
		snprintf(r->measured, sizeof(r->measured), "%zu", s.left_out);
		snprintf(r->reference, sizeof(r->reference), "%zu commands sent",
			 s.sent.n + s.left_out);
	}
	free(s.truth.at);
	series_free(&s.sent);
	series_free(&s.answered);
	series_free(&s.wake);
	return rc;
}
