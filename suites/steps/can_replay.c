#include "bench/core/data.h"
#include "bench/core/fs.h"
#include "drivers/bus.h"
#include "drivers/can/cyclic.h"
#include "suites/steps/steps.h"

/*
 * Send again what a candump log recorded: every frame at its time behind the first, absolutely, while the steps
 * after this one go on.
 */
#define LOG_MAX_BYTES (32u << 20)

struct replay_params {
	struct node log;
	const char *interface;
};

#define FIELD(f) offsetof(struct replay_params, f)
static const struct conf_item replay_items[] = {
	{ "log", CONF_NODE, FIELD(log), NULL,
	  "a candump log: a path, or a name below fixtures/traces", 0, 0, NULL },
	{ "interface", CONF_TEXT, FIELD(interface), CONF_ABSENT,
	  "only what the log has of this interface", 0, 0, NULL },
	{ 0 },
};

static int find_log(char path[DATA_PATH_MAX], struct node log, struct err *err)
{
	struct err own = { 0 };

	if (!node_text(log))
		return node_error(log, err, "log: the name of a candump log is needed");
	if (data_find(path, node_text(log), "fixtures/traces", conf_name(log.conf), &own))
		return node_error(log, err, "log: %s", own.text);
	return 0;
}

static int read_log(struct replay *r, const struct replay_params *p, struct err *err)
{
	char path[DATA_PATH_MAX];
	struct err own = { 0 };
	struct buf text;
	long line;
	int rc = find_log(path, p->log, err);

	if (rc)
		return rc;
	buf_init(&text, LOG_MAX_BYTES + 1);
	rc = fs_read(path, LOG_MAX_BYTES, &text, &own);
	if (rc) {
		rc = node_error(p->log, err, "log: %s", own.text);
	} else {
		rc = replay_read(r, buf_bytes(&text), p->interface, &line);
		if (rc == ERR_FORMAT && !line)
			rc = node_error(p->log, err, "%.200s: no frame to replay", path);
		else if (rc == ERR_FORMAT)
			rc = node_error(p->log, err, "%.200s:%ld: this is no frame", path,
					line);
		else if (rc == ERR_UNSUPPORTED)
			rc = node_error(p->log, err,
					"%.200s:%ld: its time lies before that of the "
					"frame in front of it; 'interface' takes one "
					"interface of several",
					path, line);
		else if (rc == ERR_RANGE)
			rc = node_error(p->log, err, "%.200s: more than %d frames", path,
					REPLAY_MAX_FRAMES);
		else if (rc)
			rc = err_set(err, rc, "no memory for the log");
	}
	buf_release(&text);
	return rc;
}

static int check_replay(const void *params, const struct step_rig *rig, struct node at,
			struct err *err)
{
	struct replay r = { 0 };
	int rc = read_log(&r, params, err);

	(void)rig;
	(void)at;
	if (!rc)
		replay_release(&r);
	return rc;
}

static bool replay_needs_fd(const void *params, const struct dbc *dbc)
{
	struct replay r = { 0 };
	bool fd;

	(void)dbc;
	if (read_log(&r, params, NULL))
		return false;
	fd = replay_is_fd(&r);
	replay_release(&r);
	return fd;
}

static int run_replay(const void *params, struct step_env *env, struct err *err)
{
	struct replay r = { 0 };
	int rc = read_log(&r, params, err);

	if (rc)
		return rc;
	if (!env->cyclic) {
		replay_release(&r);
		return err_set(err, ERR_UNSUPPORTED, "this bus cannot send by itself");
	}
	env->sending = true;
	rc = cyclic_replay(env->cyclic, &r, clock_now(env->clock), err);
	replay_release(&r);
	if (rc)
		env->failed |= NEED_BUS;
	return rc ? err_wrap(err, rc, "replaying on the bus") : 0;
}

/* The run folder explains itself. */
static int file_of_replay(const void *params, char path[DATA_PATH_MAX], struct err *err)
{
	return find_log(path, ((const struct replay_params *)params)->log, err);
}

const struct step_kind step_can_replay = {
	.name = "can_replay",
	.help = "send a candump log again, each frame at its time, until it or the "
		"attempt "
		"ends",
	.needs = NEED_BUS,
	.params = replay_items,
	.params_size = sizeof(struct replay_params),
	.run = run_replay,
	.check = check_replay,
	.is_fd = replay_needs_fd,
	.file = file_of_replay,
};
