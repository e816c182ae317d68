/*
 * Unmodified libnfc on two chips in one field: one is the reader, the other the card,
 * each in a process of its own, the desk in a third. Exchanges of many sizes must come
 * through byte for byte.
 */
#include "tools/emu/desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#if WITH_LIBNFC

#include <nfc/nfc.h>

#define TIMEOUT_MS 10000
#define MAX_APDU 264

static const char two_chips[] = "rig: two\nprotocol: dk-ccc-1.0\npairing: bench\n"
				"emulate:\n  reader0: {chip: pn532, baud: 460800}\n"
				"  card0: {chip: pn532, baud: 460800}\n";

struct processes {
	pid_t desk, card;
	char paths[2][64];
};

static _Noreturn void run_desk(int tell)
{
	struct emu_rig *rig;
	struct world *world;
	struct desk *desk;
	struct err err = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (emu_rig_parse(&rig, "two",
			  BYTES((const uint8_t *)two_chips, sizeof(two_chips) - 1),
			  &err) ||
	    world_new(&world, clock_real(), 1, NULL, &err) ||
	    desk_new(&desk, world, rig, true, &err)) {
		dprintf(STDERR_FILENO, "# the desk: %s\n", err.text);
		_exit(1);
	}
	for (int i = 0; i < 2; i++) {
		char path[64] = { 0 };

		snprintf(path, sizeof(path), "%s", desk_device_path(desk, i));
		if (write(tell, path, sizeof(path)) != sizeof(path))
			_exit(1);
	}
	world_run(world, NULL);
	_exit(0);
}

static nfc_device *open_chip(nfc_context **context, const char *path)
{
	nfc_connstring name;
	nfc_device *device;

	setenv("LIBNFC_AUTO_SCAN", "false", 1);
	nfc_init(context);
	snprintf(name, sizeof(name), "pn532_uart:%s:460800", path);
	device = nfc_open(*context, name);
	return device;
}

/* The answer to a command whose first two bytes say how long it shall be. */
static size_t make_answer(const uint8_t *command, size_t len, uint8_t *answer)
{
	size_t wanted = len < 2 ? 0 : (size_t)(command[0] << 8 | command[1]);

	for (size_t i = 0; i < wanted && i < MAX_APDU; i++)
		answer[i] = (uint8_t)(command[i % len] + i);
	return wanted;
}

/* A card for as long as the reader wants one; status: how many sessions it had. */
static _Noreturn void run_card(const char *path)
{
	nfc_target target = { .nm = { NMT_ISO14443A, NBR_UNDEFINED },
			      .nti.nai = { .abtAtqa = { 0x00, 0x04 },
					   .abtUid = { 0x08, 0x00, 0xb0, 0x0b },
					   .szUidLen = 4,
					   .btSak = 0x20 } };
	uint8_t command[MAX_APDU], answer[MAX_APDU];
	nfc_context *context;
	nfc_device *device;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	device = open_chip(&context, path);
	if (!device)
		_exit(1);
	for (;;) {
		nfc_target t = target;
		int n = nfc_target_init(device, &t, command, sizeof(command), 0);

		while (n >= 0) {
			n = nfc_target_receive_bytes(device, command, sizeof(command),
						     TIMEOUT_MS);
			if (n >= 0)
				n = nfc_target_send_bytes(
					device, answer,
					make_answer(command, (size_t)n, answer),
					TIMEOUT_MS);
		}
		if (n != NFC_ETGRELEASED)
			_exit(2);
	}
}

static int start(void **state)
{
	static struct processes p;
	int tell[2];

	if (pipe(tell))
		return -1;
	p.desk = fork();
	if (p.desk == 0)
		run_desk(tell[1]);
	close(tell[1]);
	for (int i = 0; i < 2; i++)
		if (read(tell[0], p.paths[i], 64) != 64)
			return -1;
	close(tell[0]);
	p.card = fork();
	if (p.card == 0)
		run_card(p.paths[1]);
	*state = &p;
	return 0;
}

static int stop(void **state)
{
	struct processes *p = *state;

	kill(p->card, SIGKILL);
	kill(p->desk, SIGKILL);
	waitpid(p->card, NULL, 0);
	waitpid(p->desk, NULL, 0);
	return 0;
}

static void select_card(nfc_device *device)
{
	static const nfc_modulation type_a = { NMT_ISO14443A, NBR_106 };
	nfc_target target;
	int n = 0;

	for (int tries = 0; tries < 200 && n <= 0; tries++)
		n = nfc_initiator_select_passive_target(device, type_a, NULL, 0, &target);
	assert_int_equal(n, 1);
	assert_int_equal(target.nti.nai.btSak, 0x20);
	assert_memory_equal(target.nti.nai.abtUid, "\x08\x00\xb0\x0b", 4);
}

static void exchange(nfc_device *device, size_t c, size_t r)
{
	uint8_t command[MAX_APDU], answer[MAX_APDU], wanted[MAX_APDU];
	int n;

	for (size_t i = 0; i < c; i++)
		command[i] = (uint8_t)(i * 3 + c);
	command[0] = (uint8_t)(r >> 8);
	command[1] = (uint8_t)r;
	assert_int_equal(make_answer(command, c, wanted), r);
	n = nfc_initiator_transceive_bytes(device, command, c, answer, sizeof(answer),
					   TIMEOUT_MS);
	if (n != (int)r)
		fail_msg("%zu/%zu bytes gave %d (%s)", c, r, n, nfc_strerror(device));
	assert_memory_equal(answer, wanted, r);
}

static void apdus_of_many_sizes_come_through_reader_and_card(void **state)
{
	static const size_t sizes[][2] = { { 20, 262 }, { 90, 250 }, { 105, 69 },
					   { 254, 90 }, { 262, 20 }, { 2, 1 },
					   { 61, 61 },  { 62, 62 },  { 253, 254 } };
	struct processes *p = *state;
	nfc_context *context;
	nfc_device *device = open_chip(&context, p->paths[0]);

	assert_non_null(device);
	assert_int_equal(nfc_initiator_init(device), 0);
	assert_int_equal(nfc_device_set_property_bool(device, NP_INFINITE_SELECT, false),
			 0);
	for (int session = 0; session < 3; session++) {
		select_card(device);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			exchange(device, sizes[i][0], sizes[i][1]);
		assert_true(nfc_initiator_deselect_target(device) >= 0);
	}
	assert_int_equal(waitpid(p->card, NULL, WNOHANG), 0); /* it was only released */
	nfc_close(device);
	nfc_exit(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			apdus_of_many_sizes_come_through_reader_and_card, start, stop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	puts("1..0 # SKIP built without libnfc");
	return 0;
}

#endif
