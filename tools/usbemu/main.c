#include "tools/emu/session.h"
#include "tools/usbemu/console.h"
#include "tools/usbemu/plugs.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

const char *argp_program_version = "keybench-usbemu " VERSION;

enum {
	OPT_LISTEN = 0x200,
	OPT_CONSOLE
};

static const struct argp_option options[] = {
	{ "listen", OPT_LISTEN, "PORT", OPTION_ARG_OPTIONAL,
	  "wait for USB/IP hosts at this TCP port of 127.0.0.1 (3240; 0: any), instead "
	  "of plugging the devices into this machine's kernel",
	  0 },
	{ "console", OPT_CONSOLE, "FIFO", 0,
	  "take commands from there: unplug, plug, bounce", 0 },
	{ 0 },
};

/* What is added to a desk's program. */
struct usbemu {
	bool listen;
	int port;
	const char *console_path;
	struct session *session;
	struct plugs *plugs;
	struct console *console;
	int signals;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct usbemu *u = state->input;
	char *end = arg;
	long port = USBIP_PORT;

	switch (key) {
	case OPT_LISTEN:
		if (arg)
			port = strtol(arg, &end, 10);
		if (arg && (end == arg || *end || port < 0 || port > 65535))
			argp_error(state, "--listen: '%s' is not a port", arg);
		u->listen = true;
		u->port = (int)port;
		break;
	case OPT_CONSOLE:
		u->console_path = arg;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void on_ready(void *ctx)
{
	struct usbemu *u = ctx;
	struct err err = { 0 };

	if (session_ready(u->session, &err))
		session_fail(u->session, &err);
}

static void on_failed(void *ctx, const struct err *err)
{
	struct usbemu *u = ctx;

	session_fail(u->session, err);
}

static void on_signal(void *ctx, int fd)
{
	struct usbemu *u = ctx;
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) == sizeof(info))
		plugs_bounce(u->plugs, NULL);
}

static int catch_signal(struct usbemu *u, struct world *w, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	u->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (u->signals < 0 || world_watch(w, u->signals, on_signal, u))
		return err_set(err, ERR_IO, "signals: %s", strerror(errno));
	return 0;
}

static int begin(void *ctx, struct session *s, struct err *err)
{
	struct usbemu *u = ctx;
	struct world *w = session_world(s);
	struct plug_options o = { .listen = u->listen,
				  .port = u->port,
				  .root = "",
				  .ready = on_ready,
				  .failed = on_failed,
				  .ctx = u };
	int rc;

	u->session = s;
	rc = plugs_new(&u->plugs, w, session_desk(s), &o, err);
	if (!rc)
		rc = catch_signal(u, w, err);
	if (!rc && u->console_path)
		rc = console_open(&u->console, w, u->plugs, u->console_path, err);
	return rc;
}

static const char *path(void *ctx, int i)
{
	const struct usbemu *u = ctx;

	return plugs_path(u->plugs, i);
}

static void end(void *ctx)
{
	struct usbemu *u = ctx;

	console_close(u->console);
	plugs_free(u->plugs);
	if (u->signals >= 0)
		close(u->signals);
}

int main(int argc, char **argv)
{
	static const struct argp parser = { .options = options, .parser = parse_option };
	static const struct argp_child children[] = { { &parser, 0, NULL, 0 }, { 0 } };
	struct usbemu u = { .signals = -1 };
	const struct session_program program = {
		.name = "keybench-usbemu",
		.doc = "Emulates a bench as keybench-emu does, with NFC readers and "
		       "relay "
		       "boards on USB too: plugged into this machine's kernel, or "
		       "waiting "
		       "for USB/IP hosts.",
		.more = children,
		.ctx = &u,
		.begin = begin,
		.path = path,
		.end = end,
	};

	return session_main(&program, argc, argv);
}
