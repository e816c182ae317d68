#include "tools/usbemu/console.h"

#include "bench/core/conf.h"
#include "bench/core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE 100

struct console {
	struct world *world;
	struct plugs *plugs;
	const char *path;
	int fd;
	bool made;
	char line[LINE];
	size_t len;
};

/* "200 ms"; 0 when nothing is there. */
static int read_time(const char *text, int64_t *ns)
{
	static const struct conf_item item = { .type = CONF_TIME,
					       .min = 1,
					       .max = INT64_C(3600) * NS_PER_S };
	struct conf *conf;
	int rc;

	*ns = 0;
	if (!*text)
		return 0;
	rc = conf_parse(&conf, "console", BYTES((const uint8_t *)text, strlen(text)),
			NULL);
	if (rc)
		return rc;
	rc = conf_value(conf_root(conf), &item, ns, NULL);
	conf_free(conf);
	return rc;
}

int console_obey(struct plugs *plugs, const char *line)
{
	char verb[16], name[RIG_NAME], rest[32] = "";
	const char *who = name;
	int64_t away_ns;

	if (sscanf(line, "%15s %31s %31[^\n]", verb, name, rest) < 2)
		return ERR_USAGE;
	if (strcmp(name, "all") == 0)
		who = NULL;
	if (strcmp(verb, "unplug") == 0)
		return read_time(rest, &away_ns) ? ERR_USAGE
						 : plugs_unplug(plugs, who, away_ns);
	if (*rest)
		return ERR_USAGE;
	if (strcmp(verb, "plug") == 0)
		return plugs_plug(plugs, who);
	if (strcmp(verb, "bounce") == 0)
		return plugs_bounce(plugs, who);
	return ERR_USAGE;
}

static void take_line(struct console *c)
{
	int rc;

	c->line[c->len] = '\0';
	c->len = 0;
	if (!c->line[0])
		return;
	rc = console_obey(c->plugs, c->line);
	truth_say(world_truth(c->world), world_now(c->world), "console", "s:line b:done",
		  c->line, rc == 0);
	if (rc)
		log_warning("console: '%s' is no command here; unplug NAME [TIME], plug "
			    "NAME, bounce NAME",
			    c->line);
}

static void on_readable(void *ctx, int fd)
{
	struct console *c = ctx;
	char part[256];
	ssize_t n = read(fd, part, sizeof(part));

	for (ssize_t i = 0; i < n; i++) {
		if (part[i] == '\n')
			take_line(c);
		else if (c->len < LINE - 1)
			c->line[c->len++] =
				part[i] >= ' ' && part[i] <= '~' ? part[i] : '?';
	}
}

int console_open(struct console **out, struct world *w, struct plugs *plugs,
		 const char *path, struct err *err)
{
	struct console *c = calloc(1, sizeof(*c));
	struct stat st;
	int rc;

	if (!c)
		return err_set(err, ERR_NOMEM, "no memory");
	c->world = w;
	c->plugs = plugs;
	c->path = path;
	c->made = mkfifo(path, 0600) == 0;
	/* open for writing too: else it ends with the first who writes into it */
	c->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (c->fd < 0 || fstat(c->fd, &st)) {
		rc = err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	} else if (!S_ISFIFO(st.st_mode)) {
		rc = err_set(err, ERR_USAGE, "%s: is not a named pipe", path);
	} else {
		rc = world_watch(w, c->fd, on_readable, c);
		if (!rc) {
			*out = c;
			return 0;
		}
		err_set(err, rc, "%s: too many devices", path);
	}
	console_close(c);
	return rc;
}

void console_close(struct console *c)
{
	if (!c)
		return;
	if (c->fd >= 0) {
		world_unwatch(c->world, c->fd);
		close(c->fd);
	}
	if (c->made)
		unlink(c->path);
	free(c);
}
