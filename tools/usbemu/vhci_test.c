#include "tools/usbemu/vhci.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CONTROLLER "/sys/devices/platform/vhci_hcd.0"

static const char status[] = "hub port sta spd dev      sockfd local_busid\n"
			     "hs  0000 006 002 00010001 000003 1-1\n"
			     "hs  0001 004 000 00000000 000000 0-0\n"
			     "hs  0002 004 000 00000000 000000 0-0\n"
			     "ss  0008 004 000 00000000 000000 0-0\n";

/* A sysfs with a controller in it. */
static char root[64];

static void put(const char *path, const char *text)
{
	char whole[300];
	FILE *f;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *p = whole + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(whole, 0777);
		*p = '/';
	}
	f = fopen(whole, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/keybench.vhci.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

static void a_port_is_read_from_its_line(void **state)
{
	struct vhci_port p;

	(void)state;
	assert_int_equal(vhci_parse_port("hs  0003 004 000 00000000 000000 0-0\n", &p),
			 0);
	assert_int_equal(p.number, 3);
	assert_true(p.free);
	assert_false(p.super_speed);
	assert_int_equal(vhci_parse_port("ss  0009 006 005 00010002 000004 2-1\n", &p),
			 0);
	assert_int_equal(p.number, 9);
	assert_false(p.free);
	assert_true(p.super_speed);
	assert_int_equal(vhci_parse_port("hub port sta spd dev", &p), ERR_FORMAT);
	assert_int_equal(vhci_parse_port("", &p), ERR_FORMAT);
	assert_int_equal(vhci_parse_port("hs -1 004", &p), ERR_FORMAT);
}

static void the_first_free_port_that_takes_our_devices(void **state)
{
	struct err err = { 0 };

	(void)state;
	put(CONTROLLER "/status", status);
	assert_int_equal(vhci_find_port(root, 0, &err), 1);
	assert_int_equal(vhci_find_port(root, 2, &err), 2);
	assert_int_equal(vhci_find_port(root, 3, &err), ERR_GONE);
	assert_true(vhci_port_free(root, 1));
	assert_false(vhci_port_free(root, 0));
	assert_false(vhci_port_free(root, 8));
}

static void a_port_has_the_name_that_the_kernel_gives_it(void **state)
{
	struct err err = { 0 };
	char path[32];

	(void)state;
	put(CONTROLLER "/usb4/speed", "5000\n");
	put(CONTROLLER "/usb3/speed", "480\n");
	assert_int_equal(vhci_path(path, root, 1, &err), 0);
	assert_string_equal(path, "3-2");
}

static void a_socket_is_given_as_the_kernel_wants_it(void **state)
{
	char path[300], text[64] = "";
	struct err err = { 0 };
	FILE *f;

	(void)state;
	put(CONTROLLER "/attach", "");
	assert_int_equal(vhci_attach(root, 2, 17, 0x10003, USB_SPEED_FULL, &err), 0);
	snprintf(path, sizeof(path), "%s%s/attach", root, CONTROLLER);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	/* port, socket, device id, speed: full is 2 */
	assert_string_equal(text, "2 17 65539 2");
}

static void without_a_controller_the_way_to_one_is_told(void **state)
{
	struct err err = { 0 };
	char path[32];

	(void)state;
	assert_int_equal(vhci_find_port(root, 0, &err), ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "modprobe vhci-hcd"));
	assert_int_equal(vhci_path(path, root, 0, NULL), ERR_UNSUPPORTED);
	assert_int_equal(vhci_attach(root, 0, 3, 1, USB_SPEED_LOW, NULL),
			 ERR_UNSUPPORTED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_read_from_its_line),
		TEST(the_first_free_port_that_takes_our_devices),
		TEST(a_port_has_the_name_that_the_kernel_gives_it),
		TEST(a_socket_is_given_as_the_kernel_wants_it),
		TEST(without_a_controller_the_way_to_one_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
