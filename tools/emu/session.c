#include "tools/emu/session.h"

#include "bench/core/fs.h"
#include "bench/core/log.h"
#include "bench/core/verdict.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAST_WAIT_NS (3 * NS_PER_S) /* for the relay workers to drop their boards */
#define LAST_LOOK_NS (5 * NS_PER_MS)

enum {
	OPT_RIG = 'r',
	OPT_SEED = 's',
	OPT_TRUTH = 't',
	OPT_PRESENT = 'p',
	OPT_LINKS = 'l',
	OPT_CONTROL = 0x100,
	OPT_FOR,
	OPT_CHECK
};

static const struct argp_option options[] = {
	{ "rig", OPT_RIG, "FILE", 0, "the rig whose emulate: section stands on the desk",
	  0 },
	{ "seed", OPT_SEED, "N", 0, "of all delays and faults (default 1)", 0 },
	{ "truth", OPT_TRUTH, "FILE", 0,
	  "write what really happens, a JSON object a line", 0 },
	{ "present", OPT_PRESENT, NULL, 0, "the phone lies at the reader from the start",
	  0 },
	{ "links", OPT_LINKS, "DIR", 0, "put a symbolic link to each device there", 0 },
	{ "for", OPT_FOR, "TIME", 0, "end after this time, such as '10 s'", 0 },
	{ "check", OPT_CHECK, NULL, 0, "only check the rig file", 0 },
	{ "control", OPT_CONTROL, "FD", 0,
	  "a controller's life line: say there when ready, end when it is closed", 0 },
	{ 0 },
};

struct arguments {
	const struct session_program *program;
	char **argv;
	const char *rig, *truth, *links, *time;
	uint64_t seed;
	bool present, check;
	int control;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	char *end = NULL;
	long fd;

	switch (key) {
	case ARGP_KEY_INIT:
		if (a->program->more)
			state->child_inputs[0] = a->program->ctx;
		break;
	case OPT_RIG:
		a->rig = arg;
		break;
	case OPT_SEED:
		errno = 0;
		a->seed = strtoull(arg, &end, 0);
		if (!isdigit((unsigned char)*arg) || errno || *end)
			argp_error(state, "--seed: '%s' is not a whole number", arg);
		break;
	case OPT_TRUTH:
		a->truth = arg;
		break;
	case OPT_PRESENT:
		a->present = true;
		break;
	case OPT_LINKS:
		a->links = arg;
		break;
	case OPT_FOR:
		a->time = arg;
		break;
	case OPT_CHECK:
		a->check = true;
		break;
	case OPT_CONTROL:
		fd = strtol(arg, &end, 10);
		if (end == arg || *end || fd < 0 || fd > INT_MAX)
			argp_error(state, "--control: '%s' is not a descriptor", arg);
		a->control = (int)fd;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': no arguments are taken, only options", arg);
		break;
	case ARGP_KEY_END:
		if (!a->rig)
			argp_error(state, "--rig FILE is needed");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Everything that main's callbacks need. */
struct session {
	const struct arguments *arguments;
	struct world *world;
	struct truth *truth;
	struct emu_rig *rig;
	struct desk *desk;
	int signals;
	int links;       /* made */
	const char *why; /* it ended */
	struct err failed;
	int64_t give_up_ns;
	struct timer last, end;
};

static int complain(const char *program, const struct err *err)
{
	if (err->excerpt[0])
		fprintf(stderr, "%s\n%s\n", err_text(err), err->excerpt);
	else
		fprintf(stderr, "%s: %s\n", program, err_text(err));
	return err->code == ERR_FORMAT || err->code == ERR_RANGE || err->excerpt[0]
		       ? EXIT_WRONG_CONFIG
		       : EXIT_BENCH_ERROR;
}

static void stop(struct session *s, const char *why)
{
	s->why = why;
	world_stop(s->world);
}

static void on_signal(void *ctx, int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) == sizeof(info))
		stop(ctx, "signal");
}

static void on_time(void *ctx)
{
	stop(ctx, "time");
}

/* The controller is gone; the relay workers may still be dropping their boards. */
static void on_last(void *ctx)
{
	struct session *s = ctx;

	if (desk_is_safe(s->desk) || world_now(s->world) >= s->give_up_ns)
		stop(s, "controller gone");
	else
		timer_set(s->world, &s->last, world_now(s->world) + LAST_LOOK_NS);
}

static void on_control(void *ctx, int fd)
{
	struct session *s = ctx;
	char byte[64];
	ssize_t n = read(fd, byte, sizeof(byte));

	if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
		return;
	world_unwatch(s->world, fd);
	truth_say(s->truth, world_now(s->world), "controller_gone", "");
	s->give_up_ns = world_now(s->world) + LAST_WAIT_NS;
	timer_set(s->world, &s->last, world_now(s->world));
}

/* The controller says in its record when the desk itself was late. */
static void tell_late(void *ctx, int64_t late_ns)
{
	const struct session *s = ctx;
	char line[64];
	int n = snprintf(line, sizeof(line), "{\"t\":%lld,\"late_ns\":%lld}\n",
			 (long long)world_clock(s->world), (long long)late_ns);

	if (send(s->arguments->control, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return; /* not a socket, or full: the truth log has it */
}

static const char *path_of(const struct session *s, int i)
{
	const struct session_program *p = s->arguments->program;
	const char *path = p->path ? p->path(p->ctx, i) : NULL;

	return path ? path : desk_device_path(s->desk, i);
}

static void link_path(const struct session *s, int i, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%.3900s/%s", s->arguments->links,
		 desk_device_name(s->desk, i));
}

/* A device was unplugged, or is back at another path. */
static void tell_moved(void *ctx, int i)
{
	struct session *s = ctx;
	char line[PATH_MAX + 100], path[PATH_MAX];
	int n;

	if (s->arguments->links) {
		link_path(s, i, path);
		unlink(path);
		if (*path_of(s, i) && symlink(path_of(s, i), path))
			log_warning("%s: %s", path, strerror(errno));
	}
	if (s->arguments->control < 0) {
		printf("emu:%s %s\n", desk_device_name(s->desk, i), path_of(s, i));
		fflush(stdout);
		return;
	}
	n = snprintf(line, sizeof(line), "{\"device\":\"emu:%s\",\"path\":\"%s\"}\n",
		     desk_device_name(s->desk, i), path_of(s, i));
	send(s->arguments->control, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int catch_signals(struct session *s, struct err *err)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		/* with a controller its life line is the only end: relays drop first */
		if (s->arguments->control >= 0)
			signal(ends[i], SIG_IGN);
		else
			sigaddset(&set, ends[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ,
	       SIG_IGN); /* a truth log that may not grow loses lines, never the desk */
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (s->signals < 0 || world_watch(s->world, s->signals, on_signal, s))
		return err_set(err, ERR_IO, "signals: %s", strerror(errno));
	return 0;
}

static int make_links(struct session *s, struct err *err)
{
	char path[PATH_MAX];
	struct stat st;

	for (int i = 0; s->arguments->links && i < desk_device_count(s->desk); i++) {
		link_path(s, i, path);
		if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
			unlink(path);
		if (symlink(path_of(s, i), path))
			return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		s->links++;
	}
	return 0;
}

/* Ours alone: what stood in the way of the next one is somebody's. */
static void remove_links(struct session *s)
{
	char path[PATH_MAX];

	for (int i = 0; i < s->links; i++) {
		link_path(s, i, path);
		unlink(path);
	}
}

static int tell_controller(struct session *s, struct err *err)
{
	json_t *devices = json_object();
	char *text;
	size_t len;
	bool told;

	for (int i = 0; i < desk_device_count(s->desk); i++) {
		char name[RIG_NAME + 8];

		snprintf(name, sizeof(name), "emu:%s", desk_device_name(s->desk, i));
		json_object_set_new(devices, name, json_string(path_of(s, i)));
	}
	devices = json_pack("{s:b, s:o}", "ready", 1, "devices", devices);
	text = json_dumps(devices, JSON_COMPACT);
	json_decref(devices);
	if (!text)
		return err_set(err, ERR_NOMEM, "no memory");
	len = strlen(text);
	text[len++] = '\n'; /* where the zero stood */
	told = write(s->arguments->control, text, len) == (ssize_t)len;
	free(text);
	world_on_late(s->world, tell_late, s);
	if (!told || world_watch(s->world, s->arguments->control, on_control, s))
		return err_set(err, ERR_IO, "--control %d: %s", s->arguments->control,
			       strerror(errno));
	return 0;
}

static int announce(struct session *s, struct err *err)
{
	if (s->arguments->control >= 0)
		return tell_controller(s, err);
	for (int i = 0; i < desk_device_count(s->desk); i++)
		printf("emu:%s %s\n", desk_device_name(s->desk, i), path_of(s, i));
	if (fflush(stdout) || ferror(stdout))
		return err_set(err, ERR_IO, "writing to standard output: %s",
			       strerror(errno));
	return 0;
}

static int limit_time(struct session *s, struct err *err)
{
	static const struct conf_item item = { .type = CONF_TIME,
					       .min = 1,
					       .max = INT64_C(100000) * NS_PER_S };
	struct conf *conf;
	int64_t ns = 0;
	int rc;

	if (!s->arguments->time)
		return 0;
	rc = conf_parse(
		&conf, "--for",
		BYTES((const uint8_t *)s->arguments->time, strlen(s->arguments->time)),
		err);
	if (rc)
		return rc;
	rc = conf_value(conf_root(conf), &item, &ns, err);
	conf_free(conf);
	if (rc)
		return rc;
	s->end.fn = on_time;
	s->end.ctx = s;
	timer_set(s->world, &s->end, world_now(s->world) + ns);
	return 0;
}

struct world *session_world(struct session *s)
{
	return s->world;
}

struct desk *session_desk(struct session *s)
{
	return s->desk;
}

int session_ready(struct session *s, struct err *err)
{
	int rc = make_links(s, err);

	return rc ? rc : announce(s, err);
}

void session_fail(struct session *s, const struct err *err)
{
	s->failed = *err;
	stop(s, "failed");
}

/* What needs a host controller goes, with all that was asked, to the program that has one. */
static int hand_over_usb(const struct arguments *a, const struct emu_rig *rig,
			 struct err *err)
{
	char path[PATH_MAX];
	const char *name = NULL;

	for (int i = 0; i < rig->chip_count; i++)
		if (rig->chips[i].plug.usb)
			name = rig->chips[i].name;
	for (int i = 0; i < rig->board_count; i++)
		if (rig->boards[i].plug.usb)
			name = rig->boards[i].name;
	if (!name || a->program->begin)
		return 0;
	snprintf(path, sizeof(path), "%.4000s/keybench-usbemu", fs_program_dir());
	execv(path, a->argv);
	return err_set(err, ERR_IO, "%s is on USB, which needs keybench-usbemu; %s: %s",
		       name, path, strerror(errno));
}

static int start(struct session *s, struct err *err)
{
	const struct arguments *a = s->arguments;
	int rc = truth_open(&s->truth, a->truth, err);

	if (!rc)
		rc = world_new(&s->world, clock_real(), a->seed, s->truth, err);
	if (rc)
		return rc;
	truth_say(s->truth, world_now(s->world), "start", "s:rig s:file i:seed s:version",
		  s->rig->name, a->rig, (int64_t)a->seed, VERSION);
	s->last.fn = on_last;
	s->last.ctx = s;
	rc = desk_new(&s->desk, s->world, s->rig, a->present, err);
	if (!rc)
		desk_on_moved(s->desk, tell_moved, s);
	if (!rc)
		rc = catch_signals(s, err);
	if (!rc)
		rc = limit_time(s, err);
	if (rc)
		return rc;
	return a->program->begin ? a->program->begin(a->program->ctx, s, err)
				 : session_ready(s, err);
}

static void finish(struct session *s)
{
	const struct session_program *p = s->arguments->program;

	if (p->end)
		p->end(p->ctx);
	if (s->desk) {
		desk_log_end(s->desk, s->why);
		remove_links(s);
	}
	desk_free(s->desk);
	world_free(s->world);
	truth_close(s->truth);
	if (s->signals >= 0)
		close(s->signals);
}

static int run(const struct arguments *a)
{
	struct session s = { .arguments = a, .signals = -1, .why = "failed" };
	struct err err = { 0 };
	int rc = emu_rig_load(&s.rig, a->rig, &err);

	if (!rc)
		rc = hand_over_usb(a, s.rig, &err);
	if (!rc && a->check)
		rc = desk_check(s.rig, &err);
	if (!rc && !a->check) {
		rc = start(&s, &err);
		if (!rc)
			rc = world_run(s.world, &err);
		if (!rc && s.failed.code) {
			err = s.failed;
			rc = err.code;
		}
		finish(&s);
	}
	emu_rig_free(s.rig);
	if (err.code == 0)
		err.code = rc;
	return rc ? complain(a->program->name, &err) : EXIT_SUCCESS;
}

int session_main(const struct session_program *program, int argc, char **argv)
{
	struct arguments arguments = {
		.program = program, .argv = argv, .seed = 1, .control = -1
	};
	const struct argp parser = { .options = options,
				     .parser = parse_option,
				     .doc = program->doc,
				     .children = program->more };

	argp_err_exit_status = EXIT_WRONG_USE;
	log_setup(program->name, LOG_INFO);
	argp_parse(&parser, argc, argv, 0, NULL, &arguments);
	prctl(PR_SET_TIMERSLACK, 1UL);
	return run(&arguments);
}
