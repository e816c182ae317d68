#include "bench/cmd.h"
#include "drivers/bus.h"
#include "drivers/sensor.h"

#include <stdio.h>

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key == ARGP_KEY_ARG)
		argp_error(state, "no arguments are taken");
	return ARGP_ERR_UNKNOWN;
}

static const struct argp drivers_argp = {
	.parser = parse,
	.doc = "Show the drivers in this build and the keys each takes in a rig file.",
};

static void show(const char *role, const char *name, const char *summary,
		 const struct conf_item *items)
{
	printf("%-11s %-9s %s\n", role, name, summary);
	for (; items && items->key; items++)
		printf("    %-14s %s%s%s%s\n", items->key, items->help,
		       items->fallback ? " (" : " (required",
		       !items->fallback                 ? ""
		       : items->fallback == CONF_ABSENT ? "optional"
							: items->fallback,
		       ")");
}

static int cmd_drivers(int argc, char **argv)
{
	argp_parse(&drivers_argp, argc, argv, 0, NULL, NULL);
	for (int i = 0; reader_drivers[i]; i++)
		show("reader", reader_drivers[i]->name, reader_drivers[i]->summary,
		     reader_drivers[i]->items);
	if (!reader_driver_find("libnfc"))
		puts("reader      libnfc   left out: this build found no libnfc");
	if (!reader_driver_find("pcsc"))
		puts("reader      pcsc     left out: this build found no libpcsclite");
	for (int i = 0; card_drivers[i]; i++)
		show("card", card_drivers[i]->name, card_drivers[i]->summary,
		     card_drivers[i]->items);
	for (int i = 0; relay_drivers[i]; i++)
		show("relay", relay_drivers[i]->name, relay_drivers[i]->summary,
		     relay_drivers[i]->items);
	if (!relay_driver_find("usb_hid"))
		puts("relay       usb_hid  left out: this build found no libusb-1.0");
	for (int i = 0; positioner_drivers[i]; i++)
		show("positioner", positioner_drivers[i]->name,
		     positioner_drivers[i]->summary, positioner_drivers[i]->items);
	for (int i = 0; bus_drivers[i]; i++)
		show("bus", bus_drivers[i]->name, bus_drivers[i]->summary,
		     bus_drivers[i]->items);
	if (!WITH_LIBSOCKETCAN)
		puts("bus         libsocketcan left out: bit rates can neither be set "
		     "nor "
		     "read");
	for (int i = 0; sensor_drivers[i]; i++)
		show("sensor", sensor_drivers[i]->name, sensor_drivers[i]->summary,
		     sensor_drivers[i]->items);
	return EXIT_PASSED;
}

const struct command command_drivers = { "drivers",
					 "show the drivers in this build and their keys",
					 cmd_drivers };
