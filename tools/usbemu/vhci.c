#include "tools/usbemu/vhci.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTROLLER "/sys/devices/platform/vhci_hcd.0"
#define FREE 4 /* VDEV_ST_NULL */

static int no_controller(struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED,
		       "this kernel has no USB/IP host controller; 'modprobe vhci-hcd' "
		       "may load one");
}

int vhci_parse_port(const char *line, struct vhci_port *out)
{
	char hub[3];
	int state;

	/* hub port sta spd dev sockfd local_busid */
	if (sscanf(line, "%2s %d %d", hub, &out->number, &state) != 3 ||
	    out->number < 0 || (strcmp(hub, "hs") != 0 && strcmp(hub, "ss") != 0))
		return ERR_FORMAT;
	out->super_speed = hub[0] == 's';
	out->free = state == FREE;
	return 0;
}

/* The first port for us, from @from on, that is free; -1 for none, -2 without a controller. */
static int first_free(const char *root, int from)
{
	char path[PATH_MAX], line[128];
	int found = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s/status", root, CONTROLLER);
	f = fopen(path, "re");
	if (!f)
		return -2;
	while (found < 0 && fgets(line, sizeof(line), f)) {
		struct vhci_port p;

		if (!vhci_parse_port(line, &p) && p.free && !p.super_speed &&
		    p.number >= from)
			found = p.number;
	}
	fclose(f);
	return found;
}

int vhci_find_port(const char *root, int from, struct err *err)
{
	int port = first_free(root, from);

	if (port == -2)
		return no_controller(err);
	return port >= 0 ? port
			 : err_set(err, ERR_GONE,
				   "no port of the USB/IP host controller is free");
}

bool vhci_port_free(const char *root, int port)
{
	return first_free(root, port) == port;
}

/* Its root hub for all but super speed runs at 480 Mbit/s. */
static bool is_high_speed(const char *root, const char *hub)
{
	char path[PATH_MAX];
	int speed = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%.1000s%s/%.200s/speed", root, CONTROLLER, hub);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fscanf(f, "%d", &speed) != 1)
		speed = 0;
	fclose(f);
	return speed == 480;
}

int vhci_path(char out[32], const char *root, int port, struct err *err)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int bus = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s%s", root, CONTROLLER);
	dir = opendir(path);
	if (!dir)
		return no_controller(err);
	while (!bus && (entry = readdir(dir)))
		if (strncmp(entry->d_name, "usb", 3) == 0 &&
		    is_high_speed(root, entry->d_name))
			bus = atoi(entry->d_name + 3);
	closedir(dir);
	if (!bus)
		return err_set(err, ERR_IO, "%s has no root hub", CONTROLLER);
	snprintf(out, 32, "%d-%d", bus, port + 1);
	return 0;
}

int vhci_attach(const char *root, int port, int socket, uint32_t devid,
		enum usb_speed speed, struct err *err)
{
	char path[PATH_MAX], text[64];
	int fd, len, rc = 0;

	snprintf(path, sizeof(path), "%s%s/attach", root, CONTROLLER);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return no_controller(err);
	if (fd < 0)
		return err_set(err, errno == EACCES ? ERR_AUTH : ERR_IO,
			       "plugging into this machine's kernel: %s",
			       strerror(errno));
	len = snprintf(text, sizeof(text), "%d %d %u %d", port, socket, (unsigned)devid,
		       (int)speed);
	if (write(fd, text, (size_t)len) != len)
		rc = err_set(err, errno == EBUSY ? ERR_GONE : ERR_IO,
			     "port %d of the USB/IP host controller: %s", port,
			     strerror(errno));
	close(fd);
	return rc;
}
