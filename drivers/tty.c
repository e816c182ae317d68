#include "drivers/tty.h"

#include "drivers/usb.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

int tty_path(char out[TTY_PATH_MAX], const char *device, struct err *err)
{
	struct usb_device u;
	int rc;

	if (!usb_is_name(device)) {
		snprintf(out, TTY_PATH_MAX, "%s", device);
		return 0;
	}
	rc = usb_find(&u, "", device, err);
	if (rc)
		return rc;
	if (!u.tty[0])
		return err_set(err, ERR_GONE,
			       "%.80s: the device there has no serial line", device);
	snprintf(out, TTY_PATH_MAX, "/dev/%s", u.tty);
	return 0;
}

int tty_open(int *out, const char *device, struct err *err)
{
	char path[TTY_PATH_MAX];
	int fd, rc = tty_path(path, device, err);

	if (rc)
		return rc;
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_set(err,
			       errno == EIO || errno == ENXIO || errno == ENODEV
				       ? ERR_GONE
				       : ERR_IO,
			       "%s: %s", path, strerror(errno));
	if (!isatty(fd)) {
		close(fd);
		return err_set(err, ERR_IO, "%s is not a serial line", path);
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int why = errno;

		close(fd);
		if (why == EWOULDBLOCK)
			return err_set(err, ERR_IO, "%s is in use by another process",
				       path);
		return err_set(err, ERR_IO, "locking %s: %s", path, strerror(why));
	}
	*out = fd;
	return 0;
}

void tty_exclusive(int fd, bool on)
{
	if (!tty_is_pseudo(fd))
		ioctl(fd, on ? TIOCEXCL : TIOCNXCL);
}

static speed_t speed_of(int baud)
{
	static const struct {
		int baud;
		speed_t speed;
	} speeds[] = {
		{ 9600, B9600 },     { 19200, B19200 },   { 38400, B38400 },
		{ 57600, B57600 },   { 115200, B115200 }, { 230400, B230400 },
		{ 460800, B460800 },
	};

	for (size_t i = 0; i < sizeof(speeds) / sizeof(*speeds); i++)
		if (speeds[i].baud == baud)
			return speeds[i].speed;
	return B0;
}

int tty_raw(int fd, int baud, struct err *err)
{
	speed_t speed = speed_of(baud);
	struct termios t;

	if (speed == B0)
		return err_set(err, ERR_RANGE, "no such line speed: %d", baud);
	if (tcgetattr(fd, &t))
		return err_set(err, ERR_IO, "line settings: %s", strerror(errno));
	cfmakeraw(&t);
	t.c_cflag &= ~(tcflag_t)(HUPCL | CSTOPB | CRTSCTS);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cc[VMIN] = 0;
	t.c_cc[VTIME] = 0;
	cfsetispeed(&t, speed);
	cfsetospeed(&t, speed);
	if (tcsetattr(fd, TCSANOW, &t))
		return err_set(err, ERR_IO, "line settings: %s", strerror(errno));
	return 0;
}

bool tty_is_pseudo(int fd)
{
	struct stat st;

	/* 136-143: UNIX98 slaves, 3: BSD slaves (Linux, Documentation/admin-guide/devices.txt) */
	if (fstat(fd, &st) || !S_ISCHR(st.st_mode))
		return false;
	return (major(st.st_rdev) >= 136 && major(st.st_rdev) <= 143) ||
	       major(st.st_rdev) == 3;
}

static bool on_emulated_host(const char *link)
{
	char path[PATH_MAX];

	if (!realpath(link, path))
		return false;
	return strstr(path, "/vhci_hcd") || strstr(path, "/dummy_hcd");
}

bool tty_is_simulated(int fd)
{
	struct stat st;
	char link[64];

	if (tty_is_pseudo(fd))
		return true;
	if (fstat(fd, &st))
		return false;
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u", major(st.st_rdev),
		 minor(st.st_rdev));
	return on_emulated_host(link);
}

bool usb_bus_is_simulated(int bus)
{
	char link[64];

	snprintf(link, sizeof(link), "/sys/bus/usb/devices/usb%d", bus);
	return on_emulated_host(link);
}

bool tty_hung_up(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

long long tty_latency_ns(int fd)
{
	struct stat st;
	char path[96];
	FILE *f;
	int ms = 0;

	if (fstat(fd, &st))
		return 0;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device/latency_timer",
		 major(st.st_rdev), minor(st.st_rdev));
	f = fopen(path, "re");
	if (!f)
		return 0; /* no FTDI: nothing is held back */
	if (fscanf(f, "%d", &ms) != 1 || ms < 0)
		ms = 0;
	fclose(f);
	return ms * 1000000LL;
}
