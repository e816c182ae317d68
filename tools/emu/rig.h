#ifndef TOOLS_EMU_RIG_H
#define TOOLS_EMU_RIG_H

#include "tools/emu/faults.h"
#include "tools/emu/knobs.h"

#include "bench/core/conf.h"

/*
 * The emulated desk's view of a rig file: the section "emulate:", and who lies on the
 * desk. The controller's own keys are taken as they stand. The schema is told in
 * keybench-emu(1).
 */
#define RIG_MAX_BOARDS 4
#define RIG_MAX_CHIPS 3
#define RIG_MAX_MODULES 1
#define RIG_MAX_BUSES 2
#define RIG_MAX_AXES 1
#define RIG_NAME 32
#define RIG_FAULT_BOARD RIG_MAX_CHIPS /* .device of a fault of board 0 */
#define RIG_FAULT_AXIS (RIG_FAULT_BOARD + RIG_MAX_BOARDS) /* and of axis 0 */

/** What a device is on USB, and when it is unplugged. */
enum rig_usb {
	RIG_NOT_USB,
	RIG_SCL3711,
	RIG_SCL3712,
	RIG_ACR122U,
	RIG_DCTTECH
};

struct rig_plug {
	enum rig_usb usb;
	int64_t every_ns; /* unplugged so often, on average, by the seed; 0: never */
	int64_t away_ns;  /* and back after that */
};

#define RIG_BOARD_DCTTECH 3 /* behind the kinds of drivers/relay/board_model.h */

struct rig_board {
	const char *name; /* "relay0" */
	int kind;         /* enum board_kind, or RIG_BOARD_DCTTECH */
	int64_t channels;
	struct rig_plug plug;
	char serial[6]; /* DCTTech: the five characters it says */
};

/** A virtual CAN bus. */
struct rig_bus {
	const char *name;      /* "bus0" */
	const char *interface; /* of the kernel, that it is joined to; NULL: none */
	const char *uds; /* "7E0:7E8": there the module answers UDS; NULL: it does not */
	int64_t bitrate, data_bitrate; /* the latter 0: classic frames only */
};

/** An axis that carries the phone, and the field it carries it through. */
struct rig_axis {
	const char *name; /* "axis0" */
	int64_t face_um[3], sensor_um, radius_um, homing_ns;
	double tilt_deg;
};

/** A slide that a relay moves. */
struct rig_moved {
	int board; /* index; -1: nothing moves it */
	int64_t channel, travel_ns, jitter_ns, bounce_ns;
};

/** An actuator that two relays of a board drive; end stops are its inputs, 0: none. By leg: to the reader, away. */
struct rig_actuator {
	int board; /* index; -1: there is no actuator */
	int64_t channel[2], stop[2], travel_ns;
	double at; /* at first: 0 away … 1 at the reader */
};

struct rig_chip {
	const char *name; /* "reader0" */
	bool pn533;
	struct rig_plug plug;
	int64_t baud, gap_ns;
	bool instant; /* neither line nor air takes time */
	struct chip_knobs knobs;
	bool is_moved;          /* its antenna; else it always lies in the field */
	struct rig_moved moved; /* when it is */
};

enum rig_module_ask {
	MODULE_FAST,
	MODULE_STANDARD
};

enum rig_announce {     /* that the door is open */
	ANNOUNCE_AFTER, /* a good transaction */
	ANNOUNCE_NEVER,
	ANNOUNCE_BEFORE /* as soon as somebody is activated */
};

/** A vehicle module. */
struct rig_module {
	const char *name; /* "module0" */
	int ask;          /* enum rig_module_ask */
	int64_t poll_ns, think_ns, gap_ns;
	int board; /* index: whose channel is its input line; -1: none */
	int64_t channel;
	int bus;         /* index: where it speaks; -1: it has none */
	const char *dbc; /* on a bus: its messages */
	bool sleeps;     /* until it is woken over the bus, and again stay_ns later */
	int64_t stay_ns;
	enum rig_announce announce;
	int64_t announce_ns, announce_jitter_ns;
};

struct emu_rig {
	struct conf *conf; /* owns every string below */
	const char *path;
	const char *name, *protocol, *phone, *pairing;
	struct rig_chip chips[RIG_MAX_CHIPS];
	int chip_count;
	struct rig_module modules[RIG_MAX_MODULES];
	int module_count;
	struct rig_board boards[RIG_MAX_BOARDS];
	int board_count;
	struct rig_bus buses[RIG_MAX_BUSES];
	int bus_count;
	struct rig_axis axes[RIG_MAX_AXES];
	int axis_count;
	bool has_phone;
	struct rig_moved moved;       /* the phone, without an axis */
	int phone_axis;               /* index: what carries it; -1: none */
	struct rig_actuator actuator; /* or what pushes it there and pulls it back */
	int sensor_board;             /* index: whose input sees the phone; -1: none */
	int64_t sensor_input;
	bool echo; /* it answers with what it was asked */
	struct fault faults[FAULTS_MAX];
	int fault_count;
};

/** ERR_IO, or ERR_FORMAT/ERR_RANGE with the place. Free with emu_rig_free. */
int emu_rig_load(struct emu_rig **out, const char *path, struct err *err);
int emu_rig_parse(struct emu_rig **out, const char *name, struct bytes text,
		  struct err *err);
void emu_rig_free(struct emu_rig *r); /* takes NULL */

#endif
