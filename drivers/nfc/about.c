#include "drivers/nfc/about.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#if WITH_LIBNFC
#include <dlfcn.h>
#include <fcntl.h>
#include <nfc/nfc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every driver that libnfc 1.8.0 can have. Source: libnfc/nfc.c, nfc_drivers_init. */
static const char *const names[] = { "pn53x_usb", "acr122_usb", "acr122_pcsc",
				     "acr122s",   "arygon",     "pn532_uart",
				     "pn532_spi", "pn532_i2c",  "pn71xx",
				     "pcsc" };

/* The end of a string: the linker lets "libnfc.driver.arygon" and "arygon" share their bytes. */
static bool has_string(const char *data, size_t len, const char *name)
{
	size_t n = strlen(name) + 1;

	for (const char *at = data + 1; at < data + len; at++) {
		at = memmem(at, (size_t)(data + len - at), name, n);
		if (!at)
			return false;
		if (at[-1] == '\0' || at[-1] == '.')
			return true;
	}
	return false;
}

static void look_into(const char *data, size_t len, char *out, size_t size)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t at = strlen(out);

		if (has_string(data, len, names[i]))
			snprintf(out + at, size - at, "%s%s", at ? " " : "", names[i]);
	}
}

const char *nfc_about(char *drivers, size_t size)
{
	Dl_info info;
	struct stat st;
	void *map;
	int fd = -1;

	drivers[0] = '\0';
	if (dladdr((void *)(size_t)&nfc_version, &info) && info.dli_fname)
		fd = open(info.dli_fname, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map != MAP_FAILED) {
			look_into(map, (size_t)st.st_size, drivers, size);
			munmap(map, (size_t)st.st_size);
		}
	}
	if (fd >= 0)
		close(fd);
	return nfc_version();
}
#else
const char *nfc_about(char *drivers, size_t size)
{
	if (size)
		drivers[0] = '\0';
	return NULL;
}
#endif
