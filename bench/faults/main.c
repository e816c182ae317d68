/*
 * The fault campaign as a program. Without arguments a test: a sample of the scenarios in process, TAP out. As
 * `make faults` calls it: all of them, those on the emulated desk too, and the table of what came of them.
 */
#include "bench/faults/campaign.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_SCENARIOS 4000
#define SAMPLE_EVERY 9
#define PROCESS_LIMIT_S 60 /* watchdogs: far beyond what a slow machine needs */
#define DESK_LIMIT_S 180
#define MAX_JOBS 16

static struct {
	uint64_t seed;
	int jobs, only, desks; /* desks: so many scenarios there; 0: all */
	bool all, verbose, no_desk, no_process;
} args = { .seed = 1, .jobs = 1 };

static struct scenario scenarios[MAX_SCENARIOS];
static struct finding findings[MAX_SCENARIOS];
static int scenario_count;
static char folder[] = "/tmp/keybench-faults.XXXXXX";

/* A scenario under way, in a process of its own. */
struct job {
	pid_t pid; /* 0: free */
	int fd;    /* the finding comes here */
	int no;
	char dir[80];
};

static void run_here(const struct scenario *s, const char *dir, int fd)
{
	struct finding f = { 0 };

	alarm(s->place == PLACE_PROCESS ? PROCESS_LIMIT_S : DESK_LIMIT_S);
	if (s->place == PLACE_PROCESS)
		process_run(s, dir, &f);
	else
		desk_run(s, dir, &f);
	if (write(fd, &f, sizeof(f)) != (ssize_t)sizeof(f))
		_exit(1);
	exit(0); /* and not _exit: a leak is a finding of its own */
}

static void start(struct job *j, int no)
{
	char said[120];
	int fds[2];

	snprintf(j->dir, sizeof(j->dir), "%s/%d", folder, no);
	snprintf(said, sizeof(said), "mkdir -p '%s'", j->dir);
	if (system(said) || pipe(fds)) {
		perror("keybench-faults");
		exit(1);
	}
	fflush(NULL);
	j->no = no;
	j->pid = fork();
	if (j->pid == 0) {
		close(fds[0]);
		snprintf(said, sizeof(said), "%s/said", j->dir);
		if (!args.verbose && !freopen(said, "w", stderr))
			_exit(1);
		run_here(&scenarios[no], j->dir, fds[1]);
	}
	close(fds[1]);
	j->fd = fds[0];
}

static void say_wrong(const struct job *j)
{
	char text[200];

	printf("# WRONG %s: %s\n#       %s\n", scenario_text(&scenarios[j->no], text),
	       findings[j->no].text, j->dir);
}

static void finish(struct job *j)
{
	struct finding *f = &findings[j->no];
	char command[160];
	int status;

	if (read(j->fd, f, sizeof(*f)) != (ssize_t)sizeof(*f)) {
		memset(f, 0, sizeof(*f));
		f->verdict = VERDICT_BENCH_ERROR;
	}
	f->made = true;
	close(j->fd);
	while (waitpid(j->pid, &status, 0) < 0 && errno == EINTR)
		;
	j->pid = 0;
	if (WIFSIGNALED(status))
		finding_wrong(f,
			      WTERMSIG(status) == SIGALRM ? "it hangs"
							  : "it died of signal %d",
			      WTERMSIG(status));
	else if (status)
		finding_wrong(f, "it ended with status %d", WEXITSTATUS(status));
	if (f->wrong) {
		say_wrong(j);
		return; /* its folder stays, to be looked at */
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", j->dir);
	if (system(command))
		perror(j->dir);
}

/* All at once, but for @most; each is finished in the order in which it ends. */
static void run_all(const int *which, int count, int most)
{
	struct job jobs[MAX_JOBS] = { 0 };
	int next = 0, running = 0;

	while (next < count || running) {
		struct pollfd fds[MAX_JOBS];

		for (int i = 0; i < most; i++)
			if (!jobs[i].pid && next < count) {
				start(&jobs[i], which[next++]);
				running++;
			}
		for (int i = 0; i < most; i++)
			fds[i] = (struct pollfd){ jobs[i].pid ? jobs[i].fd : -1, POLLIN,
						  0 };
		if (poll(fds, (nfds_t)most, -1) < 0 && errno != EINTR)
			return;
		for (int i = 0; i < most; i++)
			if (jobs[i].pid && fds[i].revents) {
				finish(&jobs[i]);
				running--;
			}
	}
}

/* A row of the table: what came of a kind of fault in a role at a place. */
struct row {
	int scenarios, struck, drained, recoveries, late, wrong;
	int outcomes[OUTCOME_COUNT], verdicts[VERDICT_COUNT];
};

static void add(struct row *row, const struct finding *f)
{
	row->scenarios++;
	row->struck += f->strikes > 0;
	row->drained += f->drained;
	row->recoveries += f->recoveries;
	row->late += f->late;
	row->wrong += f->wrong;
	for (int i = 0; i < OUTCOME_COUNT; i++)
		row->outcomes[i] += f->outcomes[i];
	row->verdicts[f->verdict]++;
}

static void print_row(const char *name, const struct row *r)
{
	printf("%-32s %5d %6d |%6d%6d%6d%6d%6d |%6d%6d |%5d%5d%5d%5d |%5d |%6d\n", name,
	       r->scenarios, r->struck, r->outcomes[OUTCOME_DONE],
	       r->outcomes[OUTCOME_REFUSED], r->outcomes[OUTCOME_RF_ERROR],
	       r->outcomes[OUTCOME_NO_TAP], r->outcomes[OUTCOME_BENCH_ERROR],
	       r->recoveries, r->drained, r->verdicts[VERDICT_PASS],
	       r->verdicts[VERDICT_FAIL], r->verdicts[VERDICT_INCONCLUSIVE],
	       r->verdicts[VERDICT_BENCH_ERROR], r->late, r->wrong);
}

static void print_head(void)
{
	printf("%-32s %5s %6s |%6s%6s%6s%6s%6s |%6s%6s |%5s%5s%5s%5s |%5s |%6s\n", "", "",
	       "", "", "", "at-", "tempts", "", "recov-", "drai-", "", "ver-", "dicts",
	       "", "", "");
	printf("%-32s %5s %6s |%6s%6s%6s%6s%6s |%6s%6s |%5s%5s%5s%5s |%5s |%6s\n",
	       "place   role        fault", "scen.", "struck", "DONE", "REFU", "RF_E",
	       "NO_T", "BENCH", "ered", "ned", "PASS", "FAIL", "INC", "BERR", "late",
	       "WRONG");
}

static struct row print_table(void)
{
	static const char *const places[] = { "process", "desk" };
	struct row total = { 0 };

	print_head();
	for (int place = 0; place < 2; place++)
		for (int role = 0; role < CAMPAIGN_ROLES; role++)
			for (int kind = 0; kind < CAMPAIGN_KINDS; kind++) {
				struct row row = { 0 };
				char name[64];

				for (int i = 0; i < scenario_count; i++)
					if (findings[i].made &&
					    (int)scenarios[i].place == place &&
					    scenarios[i].role == role &&
					    scenarios[i].kind == kind) {
						add(&row, &findings[i]);
						add(&total, &findings[i]);
					}
				snprintf(name, sizeof(name), "%-7s %-11s %s",
					 places[place], campaign_role_names[role],
					 campaign_kind_names[kind]);
				if (row.scenarios)
					print_row(name, &row);
			}
	print_row("total", &total);
	return total;
}

static int pick(int *which, enum campaign_place place, int every)
{
	int n = 0;

	for (int i = 0; i < scenario_count; i++)
		if (scenarios[i].place == place &&
		    (args.only ? scenarios[i].id == args.only : i % every == 0))
			which[n++] = i;
	return n;
}

/* TAP: a sample that any change of the bench has to stand. */
static int sample(void)
{
	static int which[MAX_SCENARIOS];
	int n = pick(which, PLACE_PROCESS, SAMPLE_EVERY), struck = 0, wrong = 0;

	run_all(which, n, args.jobs);
	for (int i = 0; i < n; i++) {
		char text[200];

		printf("%sok %d - %s\n", findings[which[i]].wrong ? "not " : "", i + 1,
		       scenario_text(&scenarios[which[i]], text));
		struck += findings[which[i]].strikes > 0;
		wrong += findings[which[i]].wrong;
	}
	/* a campaign in which nothing happens proves nothing */
	printf("%sok %d - the faults do strike: in %d of %d runs\n",
	       struck * 2 < n ? "not " : "", n + 1, struck, n);
	printf("1..%d\n", n + 1);
	return wrong || struck * 2 < n;
}

/* So many of the first @n, evenly from all of them. */
static int thin_out(int *which, int n, int most)
{
	for (int i = 0; most && i < most && n > most; i++)
		which[i] = which[(int)((int64_t)i * n / most)];
	return most && n > most ? most : n;
}

static int campaign(void)
{
	static int which[MAX_SCENARIOS];
	struct row total;
	int n = args.no_process ? 0 : pick(which, PLACE_PROCESS, 1), desk;

	printf("Fault campaign, seed %llu\n", (unsigned long long)args.seed);
	run_all(which, n, args.jobs);
	desk = args.no_desk ? 0 : thin_out(which, pick(which, PLACE_DESK, 1), args.desks);
	run_all(which, desk, args.jobs > 1 ? 2 * args.jobs : args.jobs);
	total = print_table();
	printf("%d scenarios: %d in process, %d on the emulated desk (%d desks at once); "
	       "%d struck, %d recoveries, %d drained, %d attempts late by the machine; "
	       "%d wrong\n",
	       total.scenarios, n, desk, args.jobs > 1 ? 2 * args.jobs : args.jobs,
	       total.struck, total.recoveries, total.drained, total.late, total.wrong);
	return total.wrong > 0;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: campaign [--all] [--seed N] [--jobs N] [--only ID] [--desks N] "
		"[--no-desk | --no-process] [--verbose]\n");
	return EXIT_WRONG_USE;
}

static int parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "seed", required_argument, NULL, 's' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "only", required_argument, NULL, 'o' },
		{ "desks", required_argument, NULL, 'd' },
		{ "no-desk", no_argument, NULL, 'n' },
		{ "no-process", no_argument, NULL, 'p' },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'a':
			args.all = true;
			break;
		case 's':
			args.seed = strtoull(optarg, NULL, 0);
			break;
		case 'j':
			args.jobs = atoi(optarg);
			break;
		case 'o':
			args.only = atoi(optarg);
			break;
		case 'd':
			args.desks = atoi(optarg);
			break;
		case 'n':
			args.no_desk = true;
			break;
		case 'p':
			args.no_process = true;
			break;
		case 'v':
			args.verbose = true;
			break;
		default:
			return usage();
		}
	return args.jobs < 1 || args.jobs > MAX_JOBS / 2 || optind < argc ? usage() : 0;
}

int main(int argc, char **argv)
{
	int rc = parse(argc, argv);

	if (rc)
		return rc;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(folder))
		return 1;
	scenario_count =
		campaign_plan(scenarios, MAX_SCENARIOS, PLACE_PROCESS, args.seed);
	if (args.all)
		scenario_count += campaign_plan(scenarios + scenario_count,
						MAX_SCENARIOS - scenario_count,
						PLACE_DESK, args.seed);
	rc = args.all ? campaign() : sample();
	rmdir(folder); /* when nothing was wrong */
	return rc;
}
