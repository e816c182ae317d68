#include "drivers/sensor/modem.h"

#include "drivers/tty.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const names[] = { "cts", "dsr", "dcd", "ri", NULL };

struct modem {
	struct sensor base;
	int fd, bit;
	bool inverted, simulated;
	modem_read_fn *read_lines;
	char model[64];
};

static const struct sensor_ops modem_ops;

static struct modem *modem_of(struct sensor *s)
{
	assert(s->ops == &modem_ops);
	return (struct modem *)s;
}

static int modem_look(struct sensor *s, struct sensor_sample *sample, struct err *err)
{
	struct modem *m = modem_of(s);
	int lines = 0;

	if (m->read_lines(m->fd, &lines))
		return err_set(err, errno == EIO || errno == ENODEV ? ERR_GONE : ERR_IO,
			       "the port's modem lines: %s", strerror(errno));
	sample->on = ((lines & m->bit) != 0) != m->inverted;
	return 0;
}

static int modem_identity(struct sensor *s, struct sensor_identity *id, struct err *err)
{
	struct modem *m = modem_of(s);

	(void)err;
	memset(id, 0, sizeof(*id));
	memcpy(id->model, m->model, sizeof(id->model));
	id->simulated = m->simulated;
	return 0;
}

static void modem_close(struct sensor *s)
{
	close(modem_of(s)->fd);
	free(modem_of(s));
}

static const struct sensor_ops modem_ops = {
	.look = modem_look,
	.identity = modem_identity,
	.close = modem_close,
};

int modem_open_fd(struct sensor **out, int fd, modem_read_fn *read_lines,
		  const struct modem_options *o, struct clock *clock, struct err *err)
{
	static const int bits[] = { TIOCM_CTS, TIOCM_DSR, TIOCM_CD, TIOCM_RI };
	struct modem *m = calloc(1, sizeof(*m));
	struct sensor_sample first;
	int rc;

	if (!m) {
		close(fd);
		return err_set(err, ERR_NOMEM, "sensor");
	}
	*m = (struct modem){ .base = { &modem_ops, clock },
			     .fd = fd,
			     .bit = bits[o->line],
			     .inverted = o->inverted,
			     .simulated = tty_is_simulated(fd),
			     .read_lines = read_lines };
	snprintf(m->model, sizeof(m->model), "%s of %.50s", names[o->line], o->device);
	rc = sensor_look(&m->base, &first, err); /* proof that the port has the lines */
	if (rc) {
		modem_close(&m->base);
		return rc;
	}
	*out = &m->base;
	return 0;
}

static int ask_kernel(int fd, int *lines)
{
	return ioctl(fd, TIOCMGET, lines);
}

static int modem_open(struct sensor **out, const void *options,
		      const struct sensor_parts *parts, struct clock *clock,
		      struct err *err)
{
	const struct modem_options *o = options;
	int fd = -1, rc = tty_open(&fd, o->device, err);

	(void)parts;
	return rc ? rc : modem_open_fd(out, fd, ask_kernel, o, clock, err);
}

static const struct conf_item items[] = {
	{ "device", CONF_DEVICE, offsetof(struct modem_options, device), NULL,
	  "a serial port of its own", 0, 0, NULL },
	{ "line", CONF_CHOICE, offsetof(struct modem_options, line), "cts",
	  "which of its modem lines", 0, 0, names },
	{ "inverted", CONF_BOOL, offsetof(struct modem_options, inverted), "no",
	  "it is active while the phone is not there", 0, 0, NULL },
	{ 0 },
};

extern const struct sensor_driver modem_sensor_driver;
const struct sensor_driver modem_sensor_driver = {
	.name = "modem",
	.summary = "a modem line of a serial port",
	.items = items,
	.options_size = sizeof(struct modem_options),
	.open = modem_open,
};
