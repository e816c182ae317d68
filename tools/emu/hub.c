#include "tools/emu/hub.h"

#include "drivers/can/vbus_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_ROOM 108 /* of a socket, with its zero */

struct hub {
	struct world *world;
	const char *name;
	struct vbus_server *server;
	struct timer run;
	char folder[PATH_ROOM], path[PATH_ROOM];
};

static void log_frame(void *ctx, const struct canbus_heard *heard)
{
	struct hub *h = ctx;
	char text[CANFRAME_TEXT_MAX];

	canframe_text(&heard->frame, text);
	truth_say(world_truth(h->world), heard->end_ns, "can", "s:device s:frame i:ready",
		  h->name, text, heard->ready_ns);
}

static void run_again(struct hub *h)
{
	int64_t next = vbus_server_next_ns(h->server);

	if (next == CANBUS_NEVER)
		timer_stop(h->world, &h->run);
	else
		timer_set(h->world, &h->run, next);
}

static void on_time(void *ctx)
{
	struct hub *h = ctx;

	vbus_server_run(h->server);
	run_again(h);
}

static void on_readable(void *ctx, int fd)
{
	(void)fd;
	on_time(ctx);
}

void hub_send(struct hub *h, int node, const struct canframe *f)
{
	char text[CANFRAME_TEXT_MAX];

	if (canbus_send(hub_model(h), node, f, world_now(h->world))) {
		canframe_text(f, text);
		truth_say(world_truth(h->world), world_now(h->world), "can_refused",
			  "s:device s:frame", h->name, text);
	}
	run_again(h);
}

/* A folder that only this user can enter, so that nobody can lay a socket there first. */
static int make_folder(struct hub *h, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	int n;

	if (!tmp || strlen(tmp) + strlen(h->name) > PATH_ROOM - 32)
		tmp = "/tmp";
	snprintf(h->folder, sizeof(h->folder), "%.90s/keybench-XXXXXX", tmp);
	if (!mkdtemp(h->folder)) {
		int rc = err_set(err, ERR_IO, "%s: %s", h->folder, strerror(errno));

		h->folder[0] = '\0';
		return rc;
	}
	n = snprintf(h->path, sizeof(h->path), "%s/%s", h->folder, h->name);
	if (n >= (int)sizeof(h->path))
		return err_set(err, ERR_RANGE, "%s: no room for a socket in there",
			       h->folder);
	return 0;
}

int hub_open(struct hub **out, struct world *w, const char *name, int64_t bitrate,
	     struct err *err)
{
	struct hub *h = calloc(1, sizeof(*h));
	int rc;

	if (!h)
		return err_set(err, ERR_NOMEM, "no memory");
	h->world = w;
	h->name = name;
	h->run.fn = on_time;
	h->run.ctx = h;
	rc = make_folder(h, err);
	if (!rc)
		rc = vbus_server_open(&h->server, h->path, bitrate, world_time(w), err);
	if (!rc && canbus_attach(hub_model(h), log_frame, h) < 0)
		rc = err_set(err, ERR_RANGE, "%s: too many nodes", name);
	if (!rc && world_watch(w, vbus_server_fd(h->server), on_readable, h))
		rc = err_set(err, ERR_RANGE, "too many devices on this desk");
	if (rc)
		hub_close(h);
	else
		*out = h;
	return rc;
}

void hub_close(struct hub *h)
{
	if (!h)
		return;
	timer_stop(h->world, &h->run);
	if (h->server)
		world_unwatch(h->world, vbus_server_fd(h->server));
	vbus_server_close(h->server);
	if (h->folder[0])
		rmdir(h->folder);
	free(h);
}

const char *hub_name(const struct hub *h)
{
	return h->name;
}

const char *hub_path(const struct hub *h)
{
	return h->path;
}

struct canbus *hub_model(struct hub *h)
{
	return vbus_server_model(h->server);
}
