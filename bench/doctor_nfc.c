/* libnfc, and what of the system gets between it and a reader. */
#include "bench/core/verdict.h"
#include "bench/doctor.h"
#include "drivers/nfc/about.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void library(struct doctor *d)
{
	char drivers[200];
	const char *version = nfc_about(drivers, sizeof(drivers));

	if (!version)
		doctor_warn(d, "libnfc",
			    "sudo apt install libnfc-dev    # and build keybench again",
			    "this build is without libnfc: no NFC reader but by 'exec'");
	else
		doctor_good(d, "libnfc", "libnfc %s with the drivers %s", version,
			    drivers[0] ? drivers : "that it does not tell");
}

struct setting {
	const char *key, *value;
};

/* "allow_autoscan = true", any blanks. */
static bool is_set(const char *line, const void *ctx)
{
	const struct setting *s = ctx;
	size_t len = strlen(s->key);

	if (strncmp(line, s->key, len))
		return false;
	line += len + strspn(line + len, " \t");
	if (*line != '=')
		return false;
	line += 1 + strspn(line + 1, " \t\"");
	return strncmp(line, s->value, strlen(s->value)) == 0;
}

static void configuration(struct doctor *d)
{
	static const char *const folder[] = { "/etc/nfc", NULL };
	static const struct setting intrusive = { "allow_intrusive_scan", "true" },
				    autoscan_off = { "allow_autoscan", "false" };
	static const char *const variables[] = { "LIBNFC_DEVICE", "LIBNFC_DEFAULT_DEVICE",
						 "LIBNFC_AUTO_SCAN",
						 "LIBNFC_INTRUSIVE_SCAN" };

	if (doctor_any_file(d, folder, ".conf", is_set, &intrusive))
		doctor_warn(d, "/etc/nfc",
			    "sudo sed -i 's/^ *allow_intrusive_scan/#&/' "
			    "/etc/nfc/libnfc.conf",
			    "allow_intrusive_scan: every program with libnfc pokes every "
			    "serial line, relay boards too (keybench does not)");
	else if (!doctor_any_file(d, folder, ".conf", is_set, &autoscan_off) &&
		 doctor_exists(d, "/etc/nfc/libnfc.conf"))
		doctor_note(d, "/etc/nfc",
			    "echo 'allow_autoscan = false' | sudo tee -a "
			    "/etc/nfc/libnfc.conf",
			    "libnfc's own tools look for readers by themselves, and may "
			    "take one from a run");
	for (size_t i = 0; !d->root[0] && i < sizeof(variables) / sizeof(variables[0]);
	     i++)
		if (getenv(variables[i]))
			doctor_note(d, variables[i], NULL,
				    "is set, and means nothing to keybench: the rig "
				    "names the reader");
}

static int is_reader(void *ctx, const struct usb_device *u)
{
	const char *driver = usb_nfc_driver(u);

	return driver && strcmp(driver, ctx) == 0;
}

static bool is_loaded(const struct doctor *d, const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return doctor_exists(d, path);
}

static bool blacklists(const char *line, const void *ctx)
{
	char word[80] = "", module[80] = "";

	return sscanf(line, "%79s %79s", word, module) == 2 &&
	       strcmp(word, "blacklist") == 0 && strcmp(module, ctx) == 0;
}

/* The kernel's own NFC stack takes a PN533 before anybody else can. */
static void modules(struct doctor *d)
{
	static const char *const folders[] = {
		"/etc/modprobe.d",     "/run/modprobe.d", "/usr/local/lib/modprobe.d",
		"/usr/lib/modprobe.d", "/lib/modprobe.d", NULL
	};
	static const char *const names[] = { "pn533_usb", "pn533", "port100", "nfc" };
	char loaded[80] = "", missing[80] = "", mend[200];
	bool plugged = usb_scan(d->root, is_reader, (void *)(size_t) "pn53x_usb") == 1;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_loaded(d, names[i]))
			snprintf(loaded + strlen(loaded), sizeof(loaded) - strlen(loaded),
				 " %s", names[i]);
		if (!doctor_any_file(d, folders, ".conf", blacklists, names[i]))
			snprintf(missing + strlen(missing),
				 sizeof(missing) - strlen(missing), " %s", names[i]);
	}
	snprintf(mend, sizeof(mend), "sudo modprobe -r%s", loaded);
	if (loaded[0] && plugged)
		doctor_wrong(d, EXIT_BENCH_ERROR, "kernel modules", mend,
			     "loaded, and they take a reader away from libnfc:%s",
			     loaded);
	else if (loaded[0])
		doctor_warn(d, "kernel modules", mend,
			    "loaded, and they would take a reader away from libnfc:%s",
			    loaded);
	if (missing[0])
		doctor_warn(d, "kernel modules",
			    "sudo cp " DATADIR "/host/keybench-nfc.conf /etc/modprobe.d/",
			    "not kept away from NFC readers by a blacklist:%s", missing);
	else if (!loaded[0])
		doctor_good(d, "kernel modules",
			    "the kernel's own NFC drivers stay away");
}

/* The rig's reader is one of pcscd's: what libpcsclite goes to must be there. Behind a socket of systemd's it starts by itself. */
static void wanted_daemon(struct doctor *d)
{
	const char *socket = d->root[0] ? NULL : getenv("PCSCLITE_CSOCK_NAME");
	pid_t pid = doctor_process(d, "pcscd");

	if (!socket)
		socket = "/run/pcscd/pcscd.comm";
	if (!doctor_exists(d, socket))
		doctor_wrong(d, EXIT_BENCH_ERROR, "pcscd",
			     "sudo apt install pcscd; sudo systemctl start pcscd.socket",
			     "is not running, and the rig's reader is one of its: no %s",
			     socket);
	else if (pid)
		doctor_good(d, "pcscd", "runs (process %d)", (int)pid);
	else
		doctor_good(d, "pcscd", "starts when somebody asks for it");
}

/* pcscd opens every CCID reader it sees, an ACR122U among them. */
static void card_daemon(struct doctor *d)
{
	static const char stop[] = "sudo systemctl mask --now pcscd.socket pcscd.service";
	bool plugged = usb_scan(d->root, is_reader, (void *)(size_t) "acr122_usb") == 1;
	pid_t pid = doctor_process(d, "pcscd");

	if (pid && plugged)
		doctor_wrong(d, EXIT_BENCH_ERROR, "pcscd", stop,
			     "runs (process %d) and holds the ACR122U", (int)pid);
	else if (plugged && doctor_exists(d, "/run/pcscd/pcscd.comm"))
		doctor_warn(d, "pcscd", stop,
			    "starts when somebody asks for it, and would then hold the "
			    "ACR122U");
	else if (pid)
		doctor_note(d, "pcscd", stop,
			    "runs (process %d); it would hold an ACR122U that is plugged "
			    "in",
			    (int)pid);
}

void doctor_nfc(struct doctor *d)
{
	library(d);
	configuration(d);
	modules(d);
	if (doctor_wants_pcscd(d))
		wanted_daemon(d);
	else
		card_daemon(d);
}
